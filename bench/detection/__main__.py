"""The command: `python -m bench.detection`."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

from bench.detection import table
from bench.detection.days import DAYS, live
from bench.detection.detectors import DETECTORS
from bench.detection.episodes import KINDS
from bench.detection.people import POPULATIONS, Person, people
from bench.detection.trial import Asked, Tried, fixes_of, try_all


@click.command()
@click.option("--persons", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--population", type=click.Choice(POPULATIONS), default="regular", show_default=True)
@click.option("--set", "chosen", type=click.Choice(["tune", "report"]), default="report", show_default=True)
@click.option("--mode", type=click.Choice(["frozen", "rolling"]), default="rolling", show_default=True)
@click.option("--step", "step_s", type=click.IntRange(min=5), default=60, show_default=True, help="Seconds.")
@click.option("--days", type=click.IntRange(min=30), default=DAYS, show_default=True)
@click.option("--reps", type=click.IntRange(min=0), default=10, show_default=True, help="Episodes a person and kind.")
@click.option("--kinds", default=",".join(KINDS), show_default=True)
@click.option("--detectors", default=",".join(DETECTORS), show_default=True)
@click.option("--outdoors-only", is_flag=True, help="The logger is off at home.")
@click.option("--answers", is_flag=True, help="The tracker speaks more often while the rules ask it to (ours alone).")
@click.option("--cold", is_flag=True, help="Episodes begin out of nothing, not with the way there.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--cries", is_flag=True, help="Also print each false alarm and each episode that was missed.")
@click.option("--json", "as_json", is_flag=True, help="The figures for programs.")
@click.option("--write-csv", type=click.Path(dir_okay=False, path_type=Path), help="Only write the tracks to a file.")
def main(
    persons: int,
    population: str,
    chosen: str,
    mode: str,
    step_s: int,
    days: int,
    reps: int,
    kinds: str,
    detectors: str,
    outdoors_only: bool,
    answers: bool,
    cold: bool,
    workers: int,
    cries: bool,
    as_json: bool,
    write_csv: Path | None,
) -> None:
    """Try detectors on synthetic persons: alarms per person-day where nothing was wrong, and episodes noticed."""
    asked = Asked(
        population=population, detectors=tuple(_listed(detectors, DETECTORS)), kinds=tuple(_listed(kinds, KINDS)),
        reps=reps, days=days, step_s=step_s, rolling=mode == "rolling", outdoors_only=outdoors_only, cold=cold,
        answers=answers,
    )  # fmt: skip
    who = people(population, chosen, persons)
    if write_csv is not None:
        write(write_csv, who, asked)
        return
    began = time.perf_counter()
    tried = try_all(who, asked, workers)
    found = table.rows(tried)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
        return
    print(_people(tried))
    print()
    print(table.text(found))
    print()
    print(table.details(found))
    if cries:
        print()
        print(_cries(tried))
    print(f"\n{time.perf_counter() - began:.0f} s with {workers} workers")


def write(path: Path, who: Sequence[Person], asked: Asked) -> None:
    """The tracks, as `mimamori watch` reads them."""
    with path.open("w", encoding="utf-8") as file:
        file.write("user,t_iso8601,lat,lon,accuracy\n")
        for one in who:
            for fix in fixes_of(one, live(one, asked.days), asked):
                stamp = f"{fix.at:%Y-%m-%dT%H:%M:%SZ}"
                file.write(f"{one.user},{stamp},{fix.lat_deg:.6f},{fix.lon_deg:.6f},{fix.accuracy_m}\n")


def _people(tried: Sequence[Tried]) -> str:
    some = [one.sketch for one in tried]
    count = len(some)
    return (
        f"{count} persons: {sum(one.outings for one in some) / count:.2f} outings and "
        f"{sum(one.out_min for one in some) / count:.0f} min out a day; of all minutes "
        f"{sum(one.known for one in some) / count:.1%}, of minutes out "
        f"{sum(one.known_out for one in some) / count:.1%} where she was on two earlier days or more"
    )


def _cries(tried: Sequence[Tried]) -> str:
    lines = []
    for each in tried:
        for outcome in each.outcomes:
            lines += [
                f"{outcome.detector} cried {one.user} {one.at:%m-%dT%H:%MZ} {one.rule} {one.level}"
                f"{' company' if one.accompanied else ''}{' new' if one.new else ''} {one.reason}"
                for one in outcome.cried
            ]
            lines += [
                f"{outcome.detector} missed {one.user} {one.kind} {one.rep}"
                for one in outcome.caught
                if one.delay_min is None and not one.standing
            ]
    return "\n".join(lines)


def _listed(text: str, known: Mapping[str, object]) -> list[str]:
    names = [one for one in text.split(",") if one]
    for name in names:
        if name not in known:
            raise click.UsageError(f"There is no {name}; there are {', '.join(known)}.")
    return names


if __name__ == "__main__":
    main()
