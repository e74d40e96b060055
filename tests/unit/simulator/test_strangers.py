"""Strangers walk about, and every trace that they could leave is known."""

from itertools import pairwise

from app.simulator.strangers import TURNS_S, strangers_of, traces
from app.simulator.streets import apart_m
from app.simulator.town import town_of
from beacon_ingest.decoders.advertisement import decode

TOWN = town_of(1)


def test_the_traces_are_all_addresses_and_names_up_to_a_moment() -> None:
    until_s = 3 * TURNS_S + 5
    found = set(traces(TOWN, until_s))
    used = set()
    for one in strangers_of(TOWN):
        for since_s in range(0, int(until_s) + 1, 60):
            used.add(bytes.fromhex(one.address(since_s)))
            heard = decode(one.adv(since_s, 0))
            if heard.name is not None:
                used.add(bytes.fromhex(heard.name.id.partition("/")[0].replace("-", "")))

    assert used == found


def test_who_walks_never_jumps_and_a_shop_stays() -> None:
    for one in strangers_of(TOWN):
        places = [one.at(since_s) for since_s in range(0, 4_000, 10)]
        steps_m = [apart_m(before, after) for before, after in pairwise(places)]

        assert max(steps_m) <= 10 * one.speed_mps + 1e-6
        assert (one.kind == "shop") is (max(steps_m) == 0)
