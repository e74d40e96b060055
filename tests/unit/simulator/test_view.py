"""What the terminal shows is what the service said."""

import io
from datetime import timedelta

from rich.console import Console

from app.simulator.setup import Settled, Tracker
from app.simulator.streets import Spot
from app.simulator.town import town_of
from app.simulator.view import View, told
from tests.build import NOW

TOWN = town_of(1)
SETTLED = Settled(
    town=TOWN,
    accounts={},
    trackers=tuple(
        Tracker(resident=one, wearer_id=f"wearer-{one.person.key}", device_id=f"device-{one.person.key}", key="")
        for one in TOWN.residents
    ),
)


class Still:
    """A clock that stands still."""

    speed = 30.0

    def __call__(self) -> object:
        return NOW


def a_view(*, terminal: bool) -> tuple[View, io.StringIO]:
    """A view of the town and what it writes."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=200, color_system=None)
    return View(console, Still(), SETTLED, "demo"), written  # type: ignore[arg-type]


def drawn(view: View) -> list[str]:
    """The lines of the picture."""
    written = io.StringIO()
    Console(file=written, width=200, color_system=None).print(view.drawn())
    return written.getvalue().splitlines()


def position(key: str, east_m: float, **more: object) -> dict[str, object]:
    """The API's word for a place so far east of home."""
    life = next(one for one in TOWN.residents if one.person.key == key).life
    home = life.home_spot
    lat_deg, lon_deg = life.origin.degrees(Spot(home.east_m + east_m, home.north_m))
    at = (NOW - timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    return {"wearer": f"wearer-{key}", "at": at, "lat_deg": lat_deg, "lon_deg": lon_deg, "accuracy_m": 12.0, **more}


def test_without_a_terminal_news_are_plain_lines_with_the_time_in_japan() -> None:
    view, written = a_view(terminal=False)
    view.say("alert opened: [bold]sos[/bold]")

    assert "12:00:00  alert opened: [bold]sos[/bold]\n" == written.getvalue()


def test_on_a_terminal_news_stand_under_the_table() -> None:
    view, written = a_view(terminal=True)
    for number in range(30):
        view.say(f"news {number}")
    lines = drawn(view)

    assert "" == written.getvalue()
    assert lines[-1].endswith("news 29")
    assert not any(line.endswith("news 3") for line in lines)


def test_a_passage_that_two_phones_of_a_family_show_is_told_once() -> None:
    view, written = a_view(terminal=False)
    for title in (
        "葵さんが東門を通過しました（08:12）",
        "葵さんが東門を通過しました（08:12）",
        "蓮さんが校門を通過しました（08:12）",
    ):
        view.passed(title)

    assert [
        "12:00:00  passage: 葵さんが東門を通過しました（08:12）",
        "12:00:00  passage: 蓮さんが校門を通過しました（08:12）",
    ] == written.getvalue().splitlines()


def test_detectors_are_counted_by_state_those_in_trouble_by_name_and_the_last_passages_stand_between() -> None:
    view, _ = a_view(terminal=True)
    view.say("alert opened")
    for number in range(10):
        view.passed(f"passage {number}")
    view.take_states(
        {
            "items": [
                {"name": "校門", "state": "up"},
                {"name": "東門", "state": "up"},
                {"name": "児童館前", "state": "silent"},
            ]
        }
    )
    lines = [line.strip() for line in drawn(view)]

    assert "detectors: 2 up, 1 silent; 児童館前 silent" in lines
    assert [f"passage {number}" for number in range(4, 10)] == [line for line in lines if line.startswith("passage")]
    assert lines[-1].endswith("alert opened")


def test_a_wearer_is_shown_at_home_or_as_far_away_as_the_service_says_and_how_old_that_is() -> None:
    view, _ = a_view(terminal=True)
    view.take_position(position("haru", 350.0))
    view.take_position(position("tome", 60.0, accuracy_m=None))
    lines = drawn(view)
    (haru,) = [line for line in lines if "佐藤 ハル" in line]
    (tome,) = [line for line in lines if "伊藤 トメ" in line]
    (yoshi,) = [line for line in lines if "鈴木 ヨシ" in line]

    assert "350 m from home ±12 m" in haru
    assert "5 min ago" in haru
    assert "home" in tome
    assert "m from home" not in tome
    assert "unknown" in yoshi


def test_an_unknown_place_changes_nothing() -> None:
    view, _ = a_view(terminal=True)
    view.take_position(position("haru", 350.0))
    view.take_position(position("haru", 0.0, at=None))

    assert any("350 m from home" in line for line in drawn(view))


def test_batteries_are_those_of_the_devices_that_people_carry() -> None:
    view, _ = a_view(terminal=True)
    view.take_devices(
        {
            "items": [
                {"carrier": {"wearer_id": "wearer-haru"}, "health": {"battery_pct": 67.0}},
                {"carrier": {"wearer_id": "wearer-tome"}, "health": None},
                {"carrier": None, "health": {"battery_pct": 5.0}},
            ]
        }
    )
    lines = drawn(view)

    assert [["67 %"]] == [[cell.strip() for cell in line.split("│") if "%" in cell] for line in lines if "%" in line]
    assert any("佐藤 ハル" in line and "67 %" in line for line in lines)


def test_an_alert_is_told_with_all_its_reasons_and_later_lines_with_what_is_new() -> None:
    alert = {
        "kind": "sos", "level": "urgent", "wearer_name": "伊藤 トメ",
        "reasons": [{"en": "The button."}, {"en": "As of 12:00, received 12:20."}],
    }  # fmt: skip

    assert "alert opened: sos (urgent) of 伊藤 トメ: The button. As of 12:00, received 12:20." == told(
        {"what": "opened", "alert": alert}
    )
    assert told({"what": "evidence", "alert": alert}).endswith("of 伊藤 トメ: As of 12:00, received 12:20.")
    assert "alert resolved: sos (urgent) of 伊藤 トメ" == told({"what": "resolved", "alert": alert})
