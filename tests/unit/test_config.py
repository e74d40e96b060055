"""The secret from which the keys of detectors are made."""

import base64
import stat
from pathlib import Path

import pytest

from app.config import InvalidSettings, Settings, describe, detector_secret, load

SECRET = "0123456789abcdef0123456789abcdef"


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path / "data"))

    made = detector_secret(settings)

    (file,) = (tmp_path / "data").iterdir()
    assert "detector.secret" == file.name
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert 32 == len(base64.b64decode(made, validate=True))
    assert made == detector_secret(settings)


def test_two_installations_have_two_secrets(tmp_path: Path) -> None:
    first, second = (detector_secret(Settings(data=str(tmp_path / name))) for name in ("a", "b"))

    assert first != second


def test_a_secret_that_is_set_wins_and_no_file_is_made(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n", encoding="utf-8")
    environment = {"MIMAMORI_DATA": str(tmp_path / "data"), "MIMAMORI_DETECTOR_SECRET_FILE": str(file)}

    assert SECRET.encode() == detector_secret(load(environment))
    assert not (tmp_path / "data").exists()


def test_what_was_made_can_be_moved_into_the_setting(tmp_path: Path) -> None:
    made = detector_secret(Settings(data=str(tmp_path)))
    environment = {"MIMAMORI_DETECTOR_SECRET_FILE": str(tmp_path / "detector.secret")}

    assert made == detector_secret(load(environment))


def test_a_secret_that_is_too_short_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings):
        load({"MIMAMORI_DETECTOR_SECRET": "short"})
    (tmp_path / "detector.secret").write_text("", encoding="utf-8")
    with pytest.raises(InvalidSettings, match="does not hold a secret"):
        detector_secret(Settings(data=str(tmp_path)))


def test_the_settings_that_are_printed_do_not_hold_it() -> None:
    page = describe(Settings(detector_secret=SECRET))

    assert SECRET not in page
    assert "# detector_secret is set" in page


def test_who_runs_this_and_the_push_services_are_named_as_they_can_be_used() -> None:
    own = {"MIMAMORI_WEBPUSH_HOSTS": "push.example.jp:8443, *.push.example.jp,http://127.0.0.1:4000"}

    assert own["MIMAMORI_WEBPUSH_HOSTS"] == load(own).webpush_hosts
    assert load({"MIMAMORI_WEBPUSH_HOSTS": Settings().webpush_hosts}) == Settings()
    for contact in ("mailto:office@example.jp", "https://example.jp/contact"):
        assert contact == load({"MIMAMORI_WEBPUSH_CONTACT": contact}).webpush_contact


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONTACT", "office@example.jp"),
        ("CONTACT", "mailto:office"),
        ("CONTACT", "http://example.jp"),
        ("CONTACT", "mailto:office@example.jp "),
        ("CONTACT", "mailto:office@example.jp\n"),
        ("HOSTS", "*"),
        ("HOSTS", "*.*"),
        ("HOSTS", "https://push.example.jp"),
        ("HOSTS", "http://push.example.jp"),
        ("HOSTS", "push.example.jp/path"),
        ("HOSTS", "push.example.jp,,other.example.jp"),
        ("HOSTS", "push.example.jp\n"),
    ],
)
def test_what_no_push_service_could_use_is_refused_at_the_start(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings):
        load({f"MIMAMORI_WEBPUSH_{name}": value})
