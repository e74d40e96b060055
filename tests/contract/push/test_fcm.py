"""The real Firebase client library against the stand-in: what we send, and what we make of every answer."""

import asyncio
import json
import subprocess
import sys

from msgspec.structs import replace

from app.config import Settings
from app.kit.clock import ManualClock
from app.push.channels import open_channels
from app.push.channels.fcm.sender import FcmSender
from app.push.model import AddressKind, Channel, Level
from app.push.render import Text
from app.push.retry import Outcome
from app.simulator.fcm_standin import FcmStandIn
from tests.contract.push.builders import ABOUT, a_parcel


async def test_an_urgent_message_arrives_as_fcm_wants_it(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    (delivery,) = await fcm.send([a_parcel()])

    assert delivery.outcome == Outcome.SENT
    assert delivery.provider_id == "projects/mimamori-standin/messages/1"
    (push,) = stand_in.received
    assert push.message == {
        "token": "phone-1",
        "notification": {
            "title": "佐藤ハナさんが「自宅」の外に出ました",
            "body": "「自宅」の外にいるようです（12:00）。今いる場所はアプリで見られます。",
        },
        "data": {"about": ABOUT, "kind": "alert.geofence_exit", "level": "urgent"},
        "android": {
            "priority": "high",
            "ttl": "3600s",
            "notification": {
                "channel_id": "urgent",
                "tag": ABOUT,
                "notification_priority": "PRIORITY_MAX",
                "default_sound": True,
                "visibility": "PUBLIC",
            },
        },
        "apns": {
            "headers": {
                "apns-priority": "10",
                "apns-push-type": "alert",
                "apns-expiration": "1775016000",
                "apns-collapse-id": ABOUT,
            },
            "payload": {"aps": {"sound": "default", "interruption-level": "time-sensitive"}},
        },
    }


async def test_a_locked_phone_says_nothing_of_whom_and_where_unless_its_owner_wants_it(
    fcm: FcmSender, stand_in: FcmStandIn
) -> None:
    parcel = a_parcel(shows_details=False)
    await fcm.send([parcel])

    (push,) = stand_in.received
    assert {"title": "【緊急】見守りのお知らせ", "body": "アプリを開いて確認してください。"} == push.message[
        "notification"
    ]
    assert "PRIVATE" == push.message["android"]["notification"]["visibility"]
    data = push.message.pop("data")
    assert (parcel.text.title, parcel.text.body) == (data["title"], data["body"])
    assert "ハナ" not in str(push.message)
    assert "自宅" not in str(push.message)


async def test_the_app_is_given_what_it_says_by_that_the_message_was_shown(
    fcm: FcmSender, stand_in: FcmStandIn
) -> None:
    await fcm.send([replace(a_parcel(), receipt="shown-by-this", answer="not for every screen")])

    (push,) = stand_in.received
    assert push.message["data"]["receipt"] == "shown-by-this"
    assert "not for every screen" not in str(push.message)


async def test_an_iphone_that_is_silent_sounds_where_the_app_may_and_it_is_urgent(
    credentials: str, stand_in: FcmStandIn, clock: ManualClock
) -> None:
    fcm = FcmSender(credentials, clock, url=stand_in.url, timeout_s=5, critical=True)
    await fcm.send([a_parcel(), a_parcel(level=Level.NOTICE)])
    await fcm.close()

    aps = {push.message["data"]["level"]: push.message["apns"]["payload"]["aps"] for push in stand_in.received}
    assert aps == {
        "urgent": {"sound": {"name": "default", "critical": 1, "volume": 1.0}, "interruption-level": "critical"},
        "notice": {"sound": "default", "interruption-level": "active"},
    }


async def test_an_app_is_told_how_often_the_alert_had_been_told(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    one = a_parcel()
    told = replace(one.message, params={**one.message.params, "told_times": "3"})
    await fcm.send([replace(one, message=told)])

    assert "3" == stand_in.received[0].message["data"]["told_times"]


async def test_a_notice_does_not_wake_anybody(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    await fcm.send([a_parcel(level=Level.NOTICE)])

    message = stand_in.received[0].message
    assert message["android"]["priority"] == "normal"
    assert message["android"]["notification"]["channel_id"] == "notice"
    assert message["apns"]["headers"]["apns-priority"] == "5"
    assert message["apns"]["payload"]["aps"]["interruption-level"] == "active"


async def test_an_installation_id_goes_into_its_own_field(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    await fcm.send([a_parcel("installation-1", AddressKind.FID)])

    message = stand_in.received[0].message
    assert message["fid"] == "installation-1"
    assert "token" not in message


ANSWERS: dict[str, tuple[Outcome, float | None]] = {
    "unregistered": (Outcome.ADDRESS_DEAD, None),
    "invalid-token": (Outcome.ADDRESS_DEAD, None),
    "invalid-payload": (Outcome.REFUSED, None),
    "mismatch": (Outcome.REFUSED, None),
    "quota": (Outcome.BUSY, None),
    "quota-7": (Outcome.BUSY, 7.0),
    "quota-300": (Outcome.BUSY, 300.0),
    "quota-date": (Outcome.BUSY, 120.0),
    "unavailable": (Outcome.UNAVAILABLE, None),
    "internal": (Outcome.UNAVAILABLE, None),
    "garbled": (Outcome.UNKNOWN, None),
    "nameless": (Outcome.UNKNOWN, None),
    "half": (Outcome.UNKNOWN, None),
    "drop": (Outcome.UNKNOWN, None),
}


async def test_every_answer_has_its_meaning_and_is_asked_for_once(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    deliveries = await fcm.send([a_parcel(token) for token in ANSWERS])

    meant = zip(ANSWERS, deliveries, strict=True)
    assert {token: (delivery.outcome, delivery.retry_after_s) for token, delivery in meant} == ANSWERS
    assert all(delivery.error for delivery in deliveries)
    assert dict.fromkeys(ANSWERS, 1) == stand_in.attempts
    assert stand_in.received == []


async def test_a_broken_answer_costs_only_its_own_message(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    deliveries = await fcm.send([a_parcel("phone-1"), a_parcel("garbled"), a_parcel("drop"), a_parcel("phone-2")])

    expected = [Outcome.SENT, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.SENT]
    assert expected == [delivery.outcome for delivery in deliveries]


async def test_more_than_fit_at_once_are_all_sent_and_answered_in_order(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    parcels = [a_parcel("unregistered" if number == 120 else f"phone-{number}") for number in range(130)]

    deliveries = await fcm.send(parcels)

    assert [number for number, delivery in enumerate(deliveries) if delivery.outcome is not Outcome.SENT] == [120]
    assert len(stand_in.received) == 129


async def test_a_slow_answer_is_an_unknown_outcome(stand_in: FcmStandIn, credentials: str, clock: ManualClock) -> None:
    fcm = FcmSender(credentials, clock, url=stand_in.url, timeout_s=1)

    deliveries = await fcm.send([a_parcel("slow"), a_parcel("phone-1")])
    await fcm.close()

    assert [delivery.outcome for delivery in deliveries] == [Outcome.UNKNOWN, Outcome.SENT]
    assert stand_in.attempts["slow"] == 1


async def test_nobody_at_the_other_end_is_unavailable(stand_in: FcmStandIn, fcm: FcmSender) -> None:
    await fcm.send([a_parcel()])
    stand_in.stop()

    (delivery,) = await fcm.send([a_parcel()])

    assert delivery.outcome in {Outcome.UNAVAILABLE, Outcome.UNKNOWN}


async def test_the_event_loop_goes_on_while_google_takes_its_time_to_sign_us_in(
    fcm: FcmSender, stand_in: FcmStandIn
) -> None:
    stand_in.sign_in_gate.clear()
    sending = asyncio.create_task(fcm.send([a_parcel()]))
    # On a loop that is blocked this is never reached, and signing in fails.
    await asyncio.to_thread(stand_in.sign_in_asked.wait, 5)
    stand_in.sign_in_gate.set()

    (delivery,) = await sending

    assert delivery.outcome == Outcome.SENT


async def test_many_who_send_at_once_sign_in_once(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    await asyncio.gather(*(fcm.send([a_parcel(f"phone-{number}")]) for number in range(5)))

    assert len(stand_in.received) == 5
    assert stand_in.sign_ins == 1


async def test_a_token_that_google_forgot_is_fetched_anew_with_the_next_message(
    fcm: FcmSender, stand_in: FcmStandIn
) -> None:
    await fcm.send([a_parcel("phone-1")])
    stand_in.forget_tokens()

    (first,) = await fcm.send([a_parcel("phone-2")])
    sign_ins = stand_in.sign_ins
    (second,) = await fcm.send([a_parcel("phone-2")])

    assert first.outcome == Outcome.UNAVAILABLE
    assert sign_ins == 1
    assert second.outcome == Outcome.SENT


async def test_apples_keys_being_wrong_is_tried_again(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    (delivery,) = await fcm.send([a_parcel("apple-keys")])

    assert delivery.outcome == Outcome.UNAVAILABLE
    assert stand_in.sign_ins == 1


async def test_a_refused_sign_in_is_an_outcome_for_every_message(fcm: FcmSender, stand_in: FcmStandIn) -> None:
    stand_in.refuses_sign_in = True

    deliveries = await fcm.send([a_parcel("phone-1"), a_parcel("phone-2")])

    assert [delivery.outcome for delivery in deliveries] == [Outcome.UNAVAILABLE] * 2
    assert "invalid_grant" in str(deliveries[0].error)
    assert sum(stand_in.attempts.values()) == 0


async def test_a_missing_service_account_is_an_outcome_too(stand_in: FcmStandIn, clock: ManualClock) -> None:
    fcm = FcmSender("there-is-no-such-file.json", clock, url=stand_in.url, timeout_s=5)

    (delivery,) = await fcm.send([a_parcel()])
    await fcm.close()

    assert delivery.outcome == Outcome.UNAVAILABLE


async def test_a_message_too_long_for_fcm_is_refused_and_the_address_lives(
    fcm: FcmSender, stand_in: FcmStandIn
) -> None:
    (delivery,) = await fcm.send([replace(a_parcel(), text=Text("題", "長" * 2000))])

    assert delivery.outcome == Outcome.REFUSED


def test_an_address_that_is_not_registered_at_the_stand_in_does_not_exist() -> None:
    stand_in = FcmStandIn(registered=["phone-1"])
    body = json.dumps({"message": {"token": "phone-2", "data": {}}}).encode()
    stand_in._tokens.add("t")

    reply = stand_in.answer("/v1/projects/p/messages:send", {"authorization": "Bearer t"}, body)

    assert reply.status == 404
    assert b"UNREGISTERED" in (reply.body or b"")


def test_a_channel_opens_only_when_it_is_set_up(clock: ManualClock) -> None:
    assert open_channels(Settings(), clock) == {}
    assert {Channel.FCM} == set(open_channels(Settings(fcm_credentials="account.json"), clock))


def test_opening_the_channels_does_not_load_googles_library() -> None:
    program = (
        "import sys; from app.config import Settings; from app.kit.clock import system_clock\n"
        "from app.push.channels import open_channels; import app.push.deliver\n"
        "open_channels(Settings(fcm_credentials='account.json'), system_clock)\n"
        "sys.exit('firebase_admin' in sys.modules or 'google.auth' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
