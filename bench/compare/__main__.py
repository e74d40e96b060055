"""The command: `python -m bench.compare`."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import click
import msgspec

from bench.compare import peers
from bench.compare.peers import Peer
from bench.load import Outcome, drive
from bench.measure import Measurement
from bench.positions import CLIENT_CORE, CONNECTIONS, _pin, _rate

Program = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--owntracks-recorder", type=Program, help="The program ot-recorder.")
@click.option("--tile38", type=Program, help="The program tile38-server.")
@click.option("--devices", type=int, multiple=True, default=(10, 1_000), show_default=True)
@click.option("--turns", type=click.IntRange(min=1), default=6, show_default=True, help="How often each is asked.")
@click.option("--seconds", type=float, default=2.0, show_default=True, help="For how long at a time.")
@click.option("--json", "as_json", is_flag=True, help="A list of measurements for programs.")
def main(
    owntracks_recorder: Path | None,
    tile38: Path | None,
    devices: tuple[int, ...],
    turns: int,
    seconds: float,
    as_json: bool,
) -> None:
    """Measure other servers beside ours, under the same load. Those whose programs are not given are left out."""
    asked = [peers.mimamori()]
    if owntracks_recorder is not None:
        asked.append(peers.owntracks_recorder(owntracks_recorder))
    if tile38 is not None:
        asked.append(peers.tile38(tile38))
    _pin(CLIENT_CORE)
    found = [one for count in devices for one in side_by_side(asked, count, turns, seconds)]
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    else:
        for one in found:
            print(one.line())


def side_by_side(asked: Sequence[Peer], count: int, turns: int, seconds: float) -> Iterator[Measurement]:
    """Positions a second of each, with ours as a multiple of it. All run at once and are asked in turn, since a shared
    machine is not as fast in one second as in the next. Raises when one of them refused a position.
    """
    outcomes: dict[str, list[Outcome]] = {one.name: [] for one in asked}
    with ExitStack() as stack:
        streams = {one.name: one.requests(count) for one in asked}
        ports = {one.name: stack.enter_context(one.running(count, streams[one.name])) for one in asked}
        for turn in range(-1, turns):
            for one in asked:
                outcome = _load(one, ports[one.name], streams[one.name], seconds)
                if outcome.refused or not outcome.answers:
                    raise RuntimeError(f"{one.name} took {outcome.answers} positions and refused {outcome.refused}")
                if turn >= 0:  # The first one warms up.
                    outcomes[one.name].append(outcome)
    ours = _rate(outcomes[asked[0].name])
    for one in asked:
        rate = _rate(outcomes[one.name])
        name = f"compare.{one.name}_{count}"
        yield Measurement(name=name, value=rate, unit="positions/s")
        if one is not asked[0]:
            yield Measurement(name=f"compare.ours_to_{one.name}_{count}", value=ours / rate, unit="×")


def _load(peer: Peer, port: int, stream: Iterator[bytes], seconds: float) -> Outcome:
    return asyncio.run(drive("127.0.0.1", port, stream, connections=CONNECTIONS, seconds=seconds, read=peer.read))


if __name__ == "__main__":
    main()
