"""The doctor on real installations: one that is well, and one for each thing that can be wrong."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app.accounts import service as accounts
from app.accounts.model import Role
from app.accounts.tables import account as account_table
from app.care.findings import Finding, How
from app.care.service.looking import look
from app.cli import main
from app.config import Settings
from app.db import units
from app.db.engine import FILE_NAME, sqlite_engine
from app.db.intents import intend
from app.devices.tables import device
from app.dispatch.tables import incident
from app.hooks import service as hooks
from app.hooks.tables import vendor_hook
from app.households.tables import wearer
from app.jobs import come_up
from app.migrations.fit import needs_program
from app.push.model import AddressKind, Channel
from app.push.store import save_address, set_confirmed
from app.push.tables import address
from app.tags import service as tags
from beacon_ingest.messages import Unit
from tests.build import KAKOGAWA, NOW, VENDOR, account, town, viewer
from tests.contract.permissions.turnouts import send
from tests.contract.tags.conftest import GATE


@pytest.fixture
def settings(data_folder: Path, tmp_path: Path) -> Settings:
    """An installation that is well: it has just run, on a file that only its owner can read."""
    (data_folder / FILE_NAME).chmod(0o600)
    (tmp_path / "fcm.json").write_text("{}")
    with sqlite_engine(data_folder).begin() as connection:
        here = town(connection, NOW)
        accounts.add_address(connection, here.operator.id, Channel.FCM, AddressKind.TOKEN, "desk", "ja", NOW)
        come_up(connection, NOW)
    return Settings(
        data=str(data_folder), fcm_credentials=str(tmp_path / "fcm.json"), public_url="https://mimamori.example.jp"
    )


def wrong(settings: Settings, after: timedelta = timedelta()) -> list[Finding]:
    """What the doctor finds wrong, but for the disk of the machine that tests."""
    return [one for one in look(settings, NOW + after) if one.how is How.BAD and one.about != "disk"]


def within(settings: Settings) -> sa.Engine:
    return sqlite_engine(Path(settings.data))


def test_nothing_is_wrong_with_one_that_is_well(settings: Settings) -> None:
    assert wrong(settings) == []
    assert {one.about for one in look(settings, NOW)} >= {"disk", "database", "tables", "service", "push", "address"}


@pytest.mark.parametrize("dies", ["address", "account"])
def test_a_town_whose_desk_rings_for_nobody_is_told(settings: Settings, dies: str) -> None:
    with within(settings).begin() as connection:
        table = address if dies == "address" else account_table
        connection.execute(sa.update(table).values({"dead_since" if dies == "address" else "disabled_at": NOW}))

    assert ["nobody of it can be reached in 加古川市"] == [one.text for one in wrong(settings)]


def test_letters_that_cannot_be_sent_as_they_are_set_up_are_told(settings: Settings) -> None:
    well = msgspec.structs.replace(settings, smtp_host="mail.example.jp", mail_from="us@town.example.jp")

    assert wrong(well) == []
    assert ["letters go through mail.example.jp"] == [one.text for one in look(well, NOW) if one.about == "mail"]
    assert ["mail"] == [one.about for one in wrong(msgspec.structs.replace(well, mail_from=""))]


def test_browsers_are_told_of_and_nobody_can_subscribe_without_tls(settings: Settings) -> None:
    well = msgspec.structs.replace(settings, webpush_contact="mailto:us@town.example.jp")

    assert wrong(well) == []
    assert ["browsers are told by Web Push"] == [one.text for one in look(well, NOW) if one.about == "browsers"]
    assert ["browsers"] == [one.about for one in wrong(msgspec.structs.replace(well, public_url=None))]
    assert wrong(msgspec.structs.replace(well, fcm_credentials=None)) == []
    assert ["push"] == [one.about for one in wrong(msgspec.structs.replace(settings, fcm_credentials=None))]


def test_an_address_that_fits_on_no_sticker_is_told_to_who_prints_some(settings: Settings) -> None:
    long = msgspec.structs.replace(settings, public_url="https://mimamori.fukushi.city.example.lg.jp")

    found = [one for one in look(long, NOW) if one.about == "stickers"]

    assert wrong(long) == []
    assert [How.NOTE] == [one.how for one in found]
    assert "10 characters longer than a QR of version 4 holds" in found[0].text
    assert [How.GOOD] == [one.how for one in look(settings, NOW) if one.about == "stickers"]


def test_a_database_that_is_damaged_is_told_with_what_to_do(settings: Settings) -> None:
    file = Path(settings.data) / FILE_NAME
    with file.open("r+b") as whole:
        whole.seek(4096 * 3)
        whole.write(b"\xff" * 4096 * 40)

    assert [(one.about, "restore" in one.remedy) for one in wrong(settings)] == [("database", True)]


def test_work_that_is_overdue_is_told(settings: Settings) -> None:
    with within(settings).begin() as connection:
        intend(connection, "device_released", "x", {}, NOW)

    assert [one.about for one in wrong(settings)] == []
    assert [one.about for one in wrong(settings, timedelta(minutes=6))] == ["intents"]


def test_a_turn_out_that_no_timer_looks_at_is_told(settings: Settings) -> None:
    with within(settings).begin() as connection:
        hana = connection.execute(sa.select(wearer)).first()
        assert hana is not None
        send(connection, hana.city_id, hana.id, None, "nobody looks")
        connection.execute(sa.update(incident).values(due_at=None))

    assert [(one.about, one.text) for one in wrong(settings)] == [("turn-outs that no timer looks at", "1")]


def test_dead_letters_are_told(settings: Settings) -> None:
    with within(settings).begin() as connection:
        watch = connection.execute(sa.select(device)).one()
        letter = Unit(
            ingest_ids=(b"0" * 16,),
            city=watch.city_id,
            device_id=watch.id,
            format="watch",
            received_at=NOW,
            messages=(),
        )
        units.bury(connection, letter, "a defect")

    assert [(one.about, one.text) for one in wrong(settings)] == [("dead letters", "1")]


def test_numbers_behind_a_gateway_that_is_not_named_any_more_are_told(settings: Settings) -> None:
    with within(settings).begin() as connection:
        for value in ("sms:1", "voice:2", "voice:3"):
            one = save_address(
                connection, channel=Channel.WEBHOOK, kind=AddressKind.GATEWAY, value=value, language="ja", now=NOW,
                keys={"to": "+819012345678"},
            )  # fmt: skip
            if value != "voice:3":
                set_confirmed(connection, one.id, NOW, one.keys)
    both = {name: f"https://{name}.example.jp/" for name in ("sms", "voice")}

    assert [] == wrong(msgspec.structs.replace(settings, gateways=both))
    (found,) = wrong(msgspec.structs.replace(settings, gateways={"sms": both["sms"]}))
    assert ("numbers that no gateway reaches", "1") == (found.about, found.text)


def test_hooks_of_vendors_that_fail_are_worth_knowing(settings: Settings) -> None:
    with within(settings).begin() as connection:
        for name, values in (
            ("well", {}), ("new", {"failed_since": NOW}), ("failing", {"failed_since": NOW - timedelta(hours=1)}),
            ("off", {"failed_since": NOW - timedelta(days=5), "off_at": NOW}),
        ):  # fmt: skip
            vendor = viewer(account(connection, name, VENDOR, Role.VENDOR))
            hooks.set_up(connection, vendor, "https://hooks.example.jp/", "hooks.example.jp", None, NOW)
            mine = vendor_hook.c.account_id == vendor.account_id
            connection.execute(sa.update(vendor_hook).where(mine).values(error="HTTP 503", **values))

    assert [] == wrong(settings)
    (found,) = (one for one in look(settings, NOW) if one.about == "hooks of vendors")
    assert (How.NOTE, "1 fail, 1 were given up") == (found.how, found.text)


def test_a_clock_that_went_back_is_told(settings: Settings) -> None:
    assert [one.about for one in wrong(settings, -timedelta(hours=1))] == ["service"]


def test_a_lost_secret_is_told_only_where_there_are_detectors(settings: Settings) -> None:
    assert wrong(settings) == []
    with within(settings).begin() as connection:
        tags.register_detector(connection, KAKOGAWA, GATE, NOW)

    assert [one.about for one in wrong(settings)] == ["detectors"]


def test_old_tables_want_a_migration_and_newer_ones_a_newer_program(settings: Settings) -> None:
    for version, remedy in (("0001", "migrate"), ("9999", "newer program")):
        with within(settings).begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
            needs_program(connection, version)

        assert [(one.about, remedy in one.remedy) for one in wrong(settings)] == [("tables", True)]


def test_newer_tables_that_fit_are_worth_knowing_and_the_rest_is_looked_at(settings: Settings) -> None:
    with within(settings).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    assert wrong(settings) == []
    found = {one.about: one for one in look(settings, NOW)}
    assert found["tables"].how is How.NOTE
    assert "9999, newer than this program" in found["tables"].text
    assert found["service"].how is How.GOOD


def test_a_file_that_others_can_read_is_told(settings: Settings) -> None:
    (Path(settings.data) / FILE_NAME).chmod(0o644)

    assert [one.about for one in wrong(settings)] == ["folder"]


def test_what_the_system_does_not_let_him_see_is_told(settings: Settings) -> None:
    nowhere = msgspec.structs.replace(settings, data="x" * 300)  # Refused to everybody, also to root.

    assert [one.about for one in wrong(nowhere)] == ["folder", "database"]
    assert "run this as the user" in wrong(nowhere)[0].remedy


def test_the_command_fails_when_something_is_wrong_and_says_what_to_do(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["doctor", "--data", str(tmp_path / "nowhere")])

    assert answer.exit_code == 1
    assert "mimamori serve makes it" in answer.output
