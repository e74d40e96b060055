"""What is sealed, signed and said to a push service, as far as no service is asked."""

import base64
import json
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.config import Settings
from app.kit.errors import InvalidInput
from app.push.channels.listed import prefixes_of
from app.push.channels.parcel import Parcel
from app.push.channels.webpush.answers import delivery_of
from app.push.channels.webpush.encryption import BODY_BYTES_MAX, PLAIN_BYTES_MAX, encrypt, sealed
from app.push.channels.webpush.payload import headers_of, payload_of, topic_of
from app.push.channels.webpush.subscription import read_subscription
from app.push.channels.webpush.vapid import HOUR_S, Signer, public_key_of
from app.push.model import AddressKind, Channel
from app.push.render import Text
from app.push.retry import Outcome
from tests.build import NOW
from tests.contract.push.builders import ABOUT, a_parcel
from tests.webpush import Browser, base64url, unpacked

HOSTS = Settings().webpush_hosts
GOOGLE = "https://fcm.googleapis.com/fcm/send/abc:def-_"
BROWSER = Browser()

RFC_BROWSER = Browser(
    derive_private_key(int.from_bytes(unpacked("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"), SECP256R1()),
    unpacked("BTBZMqHH6r4Tts7J_aSIgg"),
)
RFC_SENDER = derive_private_key(
    int.from_bytes(unpacked("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), SECP256R1()
)
RFC_PLAIN = b"When I grow up, I want to be a watermelon"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_y"
    "l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_rfc_8291_appendix_a_comes_out_byte_for_byte() -> None:
    body = sealed(RFC_PLAIN, RFC_BROWSER.point, RFC_BROWSER.auth, RFC_SENDER, unpacked("DGv6ra1nlYgDCS1FRnbzlw"))

    assert RFC_BODY == base64url(body)
    assert RFC_PLAIN == RFC_BROWSER.open(unpacked(RFC_BODY))


@given(st.binary(max_size=PLAIN_BYTES_MAX))
def test_a_browser_opens_what_was_sealed_for_it_and_nobody_else_does(plain: bytes) -> None:
    body = encrypt(plain, public_key=BROWSER.point, auth=BROWSER.auth)

    assert plain == BROWSER.open(body)
    assert len(body) <= BODY_BYTES_MAX
    assert body != encrypt(plain, public_key=BROWSER.point, auth=BROWSER.auth)
    with pytest.raises(InvalidTag):
        Browser(BROWSER.private, b"another secret..").open(body)


def test_the_longest_message_fills_a_body_to_the_last_byte() -> None:
    assert BODY_BYTES_MAX == len(encrypt(b"x" * PLAIN_BYTES_MAX, public_key=BROWSER.point, auth=BROWSER.auth))


def test_the_key_is_of_the_installation_and_stays_the_same() -> None:
    key = public_key_of(b"s" * 32)

    assert (65, 4) == (len(unpacked(key)), unpacked(key)[0])
    assert "BFMDkGFJAjq9_gcu70nYDsAUvHOIvApyY5r_dxy14GiOUFW01AxFXgKvNpy1me4hBqvD7VdSKqab0PwrHA1XkSg" == key
    assert key != public_key_of(b"t" * 32)


def test_a_signature_is_made_for_each_origin_and_once_an_hour() -> None:
    signer = Signer(b"s" * 32, "mailto:office@example.jp")
    hour = NOW.replace(minute=0)

    first = signer.authorization("https://one.example", hour)

    assert first == signer.authorization("https://one.example", hour + timedelta(seconds=HOUR_S - 1))
    assert first != signer.authorization("https://one.example", hour + timedelta(seconds=HOUR_S))
    assert first != signer.authorization("https://two.example", hour)
    claims = json.loads(unpacked(first.partition("t=")[2].split(".")[1]))
    assert {"aud": "https://one.example", "sub": "mailto:office@example.jp"} == {
        name: claims[name] for name in ("aud", "sub")
    }


@pytest.mark.parametrize(
    "endpoint",
    [
        GOOGLE,
        "https://FCM.googleapis.com:443/fcm/send/x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://other.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://wns2-by3p.notify.windows.com/w/?token=BQYAAA%2f%2b",
    ],
)
def test_the_services_of_the_browsers_are_sent_to(endpoint: str) -> None:
    assert endpoint == read_subscription(endpoint, BROWSER.keys, HOSTS).endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com/",
        "https://evil.example#fcm.googleapis.com/",
        "https://fcm.googleapis.com@evil.example/x",
        "https://me:secret@fcm.googleapis.com/x",
        "https://evil.example\\@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com./x",
        "https://notify.windows.com/x",
        "https://.notify.windows.com/x",
        "https://evilnotify.windows.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8000/x",
        "ftp://fcm.googleapis.com/x",
        "//fcm.googleapis.com/x",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\n",
        "https://fcm.googleapis.com/x#y",
        "https://fcm.googleapis.com/" + "x" * 2000,
        "",
    ],
)
def test_nobody_else_is(endpoint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_subscription(endpoint, BROWSER.keys, HOSTS)

    assert "value" == refused.value.where


def test_loopback_is_sent_to_only_where_the_setting_names_that_very_port() -> None:
    hosts = HOSTS + ", http://127.0.0.1:4000"

    assert "http://127.0.0.1:4000" == read_subscription("http://127.0.0.1:4000/x", BROWSER.keys, hosts).origin
    for endpoint in ("http://127.0.0.1:4001/x", "https://127.0.0.1:4000/x", "http://127.0.0.1/x"):
        with pytest.raises(InvalidInput):
            read_subscription(endpoint, BROWSER.keys, hosts)


def test_each_service_that_is_named_whole_is_asked_by_itself() -> None:
    hosts = "fcm.googleapis.com, *.notify.windows.com,push.example.jp:8443, http://127.0.0.1:4000, fcm.googleapis.com"

    assert prefixes_of(hosts) == [
        "https://fcm.googleapis.com/", "https://push.example.jp:8443/", "http://127.0.0.1:4000/"
    ]  # fmt: skip


OFF_THE_CURVE = base64url(b"\x04" + bytes(63) + b"\x01")


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("keys.p256dh", ""),
        ("keys.p256dh", base64url(BROWSER.point[:64])),
        ("keys.p256dh", base64url(BROWSER.point[1:33])),
        ("keys.p256dh", OFF_THE_CURVE),
        ("keys.p256dh", "あ" * 87),
        ("keys.auth", ""),
        ("keys.auth", base64url(bytes(15))),
        ("keys.auth", base64url(bytes(17))),
        ("keys.auth", "!" * 22),
    ],
    # The keys are made anew in each process, and tests are called the same in all of them.
    ids=["none", "short", "no point", "off the curve", "no base64", "no secret", "short", "long", "no base64"],
)
def test_keys_that_nothing_can_be_sealed_with_are_named(where: str, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_subscription(GOOGLE, {**BROWSER.keys, where.removeprefix("keys."): text}, HOSTS)

    assert where == refused.value.where


def test_keys_may_be_padded() -> None:
    padded = base64.urlsafe_b64encode(BROWSER.auth).decode()

    assert BROWSER.auth == read_subscription(GOOGLE, {**BROWSER.keys, "auth": padded}, HOSTS).auth


@given(st.text(max_size=2000), st.text(max_size=6000))
def test_words_of_any_length_fit_and_are_json(title: str, body: str) -> None:
    payload = payload_of(worded(title, body), NOW)

    content = json.loads(payload)
    assert len(payload) <= PLAIN_BYTES_MAX
    assert content["title"] == title or content["title"].endswith("…")
    assert content["body"] == body or content["body"] in ("", body) or content["body"].endswith("…")
    assert "urgent" == content["level"]


def test_words_are_cut_no_more_than_they_must() -> None:
    payload = payload_of(worded("題", "長" * 2000), NOW)

    assert PLAIN_BYTES_MAX - 2 <= len(payload) <= PLAIN_BYTES_MAX
    assert "題" == json.loads(payload)["title"]


@given(st.text(max_size=2000), st.text(max_size=6000))
def test_what_a_locked_screen_must_not_say_is_for_the_page(title: str, body: str) -> None:
    payload = payload_of(worded(title, body, shows_details=False), NOW)

    content = json.loads(payload)
    assert len(payload) <= PLAIN_BYTES_MAX
    assert ("【緊急】見守りのお知らせ", "アプリを開いて確認してください。") == (content["title"], content["body"])
    assert content["details"]["title"] == title or content["details"]["title"].endswith("…")
    assert content["details"]["body"] in ("", body) or content["details"]["body"].endswith("…")


def test_half_a_character_is_no_reason_to_say_nothing() -> None:
    assert "a?" == json.loads(payload_of(worded("a\ud800", ""), NOW))["title"]


def worded(title: str, body: str, *, shows_details: bool = True) -> Parcel:
    one = parcel()
    address = replace(one.message.address, shows_details=shows_details)
    return replace(one, message=replace(one.message, address=address), text=Text(title, body))


def parcel() -> Parcel:
    return a_parcel(GOOGLE, AddressKind.SUBSCRIPTION, channel=Channel.WEBPUSH, keys=BROWSER.keys)


def test_a_topic_is_as_long_as_a_service_takes_and_of_its_characters() -> None:
    assert 32 == len(topic_of(ABOUT))
    assert 24 == len(unpacked(topic_of("a" * 80)))
    assert topic_of(ABOUT) != topic_of(ABOUT + "0")


@pytest.mark.parametrize(("left", "ttl"), [(-5, "0"), (0.9, "0"), (90, "90"), (90 * 24 * 3600, str(28 * 24 * 3600))])
def test_a_service_keeps_a_message_until_its_end_and_not_longer_than_it_wants(left: float, ttl: str) -> None:
    message = replace(parcel().message, expires_at=NOW + timedelta(seconds=left))

    assert ttl == headers_of(message, NOW)["TTL"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (201, Outcome.SENT),
        (405, Outcome.REFUSED),
        (100, Outcome.UNAVAILABLE),
        (302, Outcome.UNAVAILABLE),
        (408, Outcome.UNAVAILABLE),
        (502, Outcome.UNAVAILABLE),
        (999, Outcome.UNAVAILABLE),
    ],
)
def test_answers_that_no_service_is_known_for_have_a_meaning_too(status: int, outcome: Outcome) -> None:
    assert outcome == delivery_of(status, {}, "", NOW).outcome
