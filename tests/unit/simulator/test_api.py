"""Server-sent events and pushes are read as apps and phones read them."""

from collections.abc import AsyncIterator

from app.simulator.api import LiveEvent, live_events
from app.simulator.relatives import Ring, ring_of


async def lines(text: str) -> AsyncIterator[str]:
    for line in text.split("\n"):
        yield line


async def test_events_are_read_with_their_names_and_ids_and_comments_are_not() -> None:
    text = (
        ': welcome\n\nid: 7\nevent: alert\ndata: {"what": "opened"}\n\n: still here\n\nevent: place\ndata: {"a":1}\n\n'
    )
    found = [event async for event in live_events(lines(text))]

    assert [LiveEvent("alert", {"what": "opened"}, "7"), LiveEvent("place", {"a": 1})] == found


async def test_an_event_without_data_and_one_that_is_cut_off_are_none() -> None:
    assert [] == [event async for event in live_events(lines('data: \n\nevent: alert\ndata: {"what"'))]


def test_a_push_is_read_as_the_phone_of_the_relative_it_is_for() -> None:
    message = {
        "token": "phone-of-family",
        "notification": {"title": "SOS", "body": "now"},
        "data": {"about": "alert:0198", "kind": "alert.sos", "level": "urgent", "receipt": "r"},
    }
    ring = ring_of("phone-of-family", message)

    assert ring == Ring(
        who="family", title="SOS", body="now", about="alert:0198", kind="alert.sos", level="urgent", receipt="r"
    )
    assert "0198" == ring.alert_id


def test_a_push_to_a_phone_that_a_script_registered_is_shown_under_its_address() -> None:
    assert "script-phone" == ring_of("script-phone", {}).who
