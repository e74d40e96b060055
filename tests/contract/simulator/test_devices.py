"""Simulated watches and phones behave towards a real edge, over real sockets, as the devices they stand for."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from statistics import median

import httpx

from app.simulator.devices import Phone, Watch
from beacon_ingest.messages import Alarm, Answer, Fix, Health, Message, Survey
from beacon_ingest.stream import StreamFull
from tests.contract.simulator.conftest import Listening

Live = Callable[[Iterable[Watch | Phone]], None]


def times_s(messages: Iterable[Message]) -> list[float]:
    """The times of messages, seconds."""
    return [message.at.timestamp() for message in messages]  # type: ignore[union-attr]  # Devices of ours state them.


async def test_a_watch_that_stays_in_tries_itself_out_once_and_then_tells_only_what_it_hears(
    edge: Listening, live: Live
) -> None:
    watch = edge.watch("yoshi")
    live([watch])
    await edge.until(lambda: len(edge.said(Survey)) >= 2)

    assert watch.began.is_set()
    assert 1 == len(edge.said(Fix))
    assert [] == edge.said(Alarm)
    assert edge.said(Health)


async def test_an_sos_is_pressed_indoors_without_a_fix_and_repeated_only_until_it_is_answered(
    edge: Listening, live: Live
) -> None:
    live([edge.watch("tome", since_s=560)])
    await edge.until(lambda: edge.said(Alarm))
    beats = len(edge.said(Health))
    await edge.until(lambda: len(edge.said(Health)) >= beats + 2)
    (unit,) = [unit for unit in edge.units if any(isinstance(message, Alarm) for message in unit.messages)]

    assert [("sos",)] == [message.kinds for message in unit.messages if isinstance(message, Alarm)]
    assert not any(isinstance(message, Fix) for message in unit.messages)


async def test_an_sos_that_was_not_stored_is_pressed_through_when_the_store_is_back(
    edge: Listening, live: Live
) -> None:
    edge.trouble = StreamFull(0)
    live([edge.watch("tome", since_s=590)])
    await edge.until(lambda: edge.refused >= 3)
    edge.trouble = None
    await edge.until(lambda: edge.said(Alarm))

    assert {("sos",)} == {message.kinds for message in edge.said(Alarm) if isinstance(message, Alarm)}


async def test_a_watch_on_the_way_reports_every_minute(edge: Listening, live: Live) -> None:
    live([edge.watch("haru", since_s=120)])
    await edge.until(lambda: len(edge.said(Fix)) >= 8)
    gaps_s = [after - before for before, after in pairwise(times_s(edge.said(Fix)))]

    assert 55 <= median(gaps_s) <= 95


async def test_live_mode_and_its_end_change_how_often_a_watch_reports(edge: Listening, live: Live) -> None:
    haru = edge.resident("haru")
    live([edge.watch("haru", since_s=120)])
    await edge.until(lambda: len(edge.said(Fix)) >= 2)
    edge.order("live_on", haru, 20)
    await edge.until(lambda: edge.said(Answer))
    before = len(edge.said(Fix))
    await edge.until(lambda: len(edge.said(Fix)) >= before + 10)
    lively_s = times_s(edge.said(Fix)[before + 1 :])
    edge.order("live_off", haru, 300)
    await edge.until(lambda: len(edge.said(Answer)) >= 2)
    before = len(edge.said(Fix))
    await edge.until(lambda: len(edge.said(Fix)) >= before + 6)
    calm_s = times_s(edge.said(Fix)[before + 1 :])

    assert ["UPLOAD", "UPLOAD"] == [one.command for one in edge.said(Answer) if isinstance(one, Answer)]
    assert 18 <= median(after - before for before, after in pairwise(lively_s)) <= 45
    assert 55 <= median(after - before for before, after in pairwise(calm_s)) <= 95


async def test_a_watch_that_is_asked_where_it_is_answers_and_sends_places_for_a_while(
    edge: Listening, live: Live
) -> None:
    live([edge.watch("haru", since_s=200)])
    await edge.until(lambda: len(edge.said(Fix)) >= 2)
    edge.order("locate", edge.resident("haru"))
    await edge.until(lambda: edge.said(Answer))
    before = len(edge.said(Fix))
    await edge.until(lambda: len(edge.said(Fix)) >= before + 6)
    asked_s = times_s(edge.said(Fix)[before:])

    assert ["CR"] == [one.command for one in edge.said(Answer) if isinstance(one, Answer)]
    assert 18 <= median(after - before for before, after in pairwise(asked_s)) <= 45


async def test_what_a_watch_measured_without_network_comes_later_and_says_so(edge: Listening, live: Live) -> None:
    kiyo = edge.watch("kiyo")
    legs = kiyo.day.legs(0)
    gone_s = (legs[0].from_s + legs[0].until_s) / 2 - 180
    live([edge.watch("kiyo", since_s=gone_s - 130)])
    await edge.until(lambda: any(fix.buffered is True for fix in edge.said(Fix) if isinstance(fix, Fix)))
    await edge.until(lambda: isinstance(edge.said(Fix)[-1], Fix) and edge.said(Fix)[-1].buffered is not True)  # type: ignore[union-attr]
    buffered = [fix for fix in edge.said(Fix) if isinstance(fix, Fix) and fix.buffered is True]
    gaps_s = [after - before for before, after in pairwise(times_s(edge.said(Fix)))]

    assert 3 <= len(buffered) <= 8
    assert max(gaps_s) < 240


async def test_a_phone_with_owntracks_at_rest_is_heard_but_says_nothing_new_of_its_place(
    edge: Listening, http: httpx.AsyncClient, live: Live
) -> None:
    phone = edge.phone("tadashi", http)
    live([phone])
    await edge.until(lambda: len(edge.units) >= 3)

    assert phone.began.is_set()
    assert 1 == len(set(times_s(edge.said(Fix))))


async def test_a_phone_with_owntracks_tells_where_it_is_when_it_is_asked_and_obeys_live_mode(
    edge: Listening, http: httpx.AsyncClient, live: Live
) -> None:
    tadashi = edge.resident("tadashi")
    edge.order("locate", tadashi)
    live([edge.phone("tadashi", http)])
    await edge.until(lambda: edge.said(Answer))
    asked = len(edge.units)
    edge.order("live_on", tadashi, 20)
    await edge.until(lambda: len(edge.units) >= asked + 8)
    lively_s = times_s(edge.said(Fix))[-6:]

    assert ["reportLocation"] == [one.command for one in edge.said(Answer) if isinstance(one, Answer)]
    assert 18 <= median(after - before for before, after in pairwise(lively_s)) <= 45


async def test_phones_of_the_other_apps_say_at_rest_only_how_they_are(
    edge: Listening, http: httpx.AsyncClient, live: Live
) -> None:
    live([edge.phone("hina", http), edge.phone("shigeru", http)])
    await edge.until(lambda: len(edge.units) >= 4)

    assert 2 == len(edge.said(Fix))
    assert [Health] * 2 == [type(unit.messages[0]) for unit in edge.units[2:4]]


async def test_a_phone_keeps_what_was_not_taken_and_sends_it_in_order(
    edge: Listening, http: httpx.AsyncClient, live: Live
) -> None:
    shigeru = edge.phone("shigeru", http)
    legs = shigeru.day.legs(0)
    edge.trouble = StreamFull(0)
    live([edge.phone("shigeru", http, since_s=legs[0].from_s)])
    await edge.until(lambda: edge.refused >= 4)
    edge.trouble = None
    taken_from_s = edge.clock().timestamp()
    await edge.until(lambda: len(edge.said(Fix)) >= 5)
    moments_s = times_s(edge.said(Fix))

    assert sorted(moments_s) == moments_s
    assert 2 <= sum(1 for moment_s in moments_s if moment_s < taken_from_s - 1)
    assert max(after - before for before, after in pairwise(moments_s)) < 200
