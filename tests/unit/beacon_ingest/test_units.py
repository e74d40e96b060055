from datetime import timedelta
from uuid import UUID

import pytest

from beacon_ingest import units
from beacon_ingest.messages import Health
from tests.build import NOW
from tests.unit.beacon_ingest.edge import HANA, KAKOGAWA

LK = b"[3G*0000000001*0002*LK]"


def ids(content: bytes = LK, *, device: int = 1, format: str = "watch", **more: object) -> tuple[bytes, ...]:
    """The names of one unit, unstamped and with a window of a minute unless it says otherwise."""
    given = {"stamped": False, "repeat_window_s": 60, "received_at": NOW, **more}
    return units.ingest_ids(UUID(int=device), format, content, **given)  # type: ignore[arg-type]


def is_repeat(second: tuple[bytes, ...], first: tuple[bytes, ...]) -> bool:
    """Whether the store, which keeps the first name of the first, recognises the second."""
    return first[0] in second


def test_stamped_bytes_are_one_unit_for_ever() -> None:
    years_later = NOW + timedelta(days=3650)

    assert ids(stamped=True) == ids(stamped=True, received_at=years_later)
    assert len(ids(stamped=True)) == 1


@pytest.mark.parametrize("other", [{"content": b"x"}, {"device": 2}, {"format": "gt06"}])
def test_other_bytes_devices_and_formats_are_other_units(other: dict[str, object]) -> None:
    assert not is_repeat(ids(stamped=True, **other), ids(stamped=True))  # type: ignore[arg-type]
    assert not is_repeat(ids(**other), ids())  # type: ignore[arg-type]


@pytest.mark.parametrize("start_s", [0, 1, 29, 59, 59.999])
@pytest.mark.parametrize("later_s", [0, 0.001, 30, 59.999, 60])
def test_equal_bytes_within_the_window_are_a_repeat_wherever_its_border_lies(start_s: float, later_s: float) -> None:
    first_at = NOW + timedelta(seconds=start_s)
    first, second = ids(received_at=first_at), ids(received_at=first_at + timedelta(seconds=later_s))

    assert is_repeat(second, first)


def test_equal_bytes_after_twice_the_window_are_news() -> None:
    assert not is_repeat(ids(received_at=NOW + timedelta(seconds=120)), ids())


def test_without_a_window_equal_bytes_are_always_news() -> None:
    a_moment_later = NOW + timedelta(microseconds=1)

    assert not is_repeat(ids(repeat_window_s=0, received_at=a_moment_later), ids(repeat_window_s=0))


def test_a_name_is_sixteen_bytes() -> None:
    assert {len(name) for name in (*ids(), *ids(stamped=True), *ids(repeat_window_s=0))} == {16}


def test_names_of_what_is_said_together_lie_together() -> None:
    earlier = [ids(stamped=True, said_at=NOW, device=n)[0] for n in range(20)]
    later = [ids(stamped=True, said_at=NOW + timedelta(seconds=1), device=n)[0] for n in range(20)]

    assert max(earlier) < min(later)
    assert (
        max(ids(repeat_window_s=0, device=n)[0] for n in range(20))
        < ids(repeat_window_s=0, received_at=NOW + timedelta(seconds=1))[0]
    )


def test_a_stamp_whose_week_count_ran_over_gives_the_same_name_however_it_was_read() -> None:
    assert ids(stamped=True, said_at=NOW) == ids(stamped=True, said_at=NOW - timedelta(weeks=1024))


def test_a_unit_says_who_spoke_as_the_registry_knows_it() -> None:
    message = Health(device="what the phone calls itself", battery_pct=50)
    unit = units.unit(HANA, b"{}", (message,), stamped=True, repeat_window_s=10, received_at=NOW)

    assert (unit.city, unit.device_id, unit.format) == (KAKOGAWA, HANA.device_id, "owntracks")
    assert unit.messages == (message,)
    assert unit.received_at == NOW
    assert unit.ingest_ids == units.ingest_ids(
        HANA.device_id, "owntracks", b"{}", stamped=True, repeat_window_s=10, received_at=NOW
    )

    stamped = Health(device="what the phone calls itself", at=NOW)
    unit = units.unit(HANA, b"{}", (message, stamped), stamped=True, repeat_window_s=10, received_at=NOW)
    assert unit.ingest_ids == units.ingest_ids(
        HANA.device_id, "owntracks", b"{}", stamped=True, repeat_window_s=10, received_at=NOW, said_at=NOW
    )
