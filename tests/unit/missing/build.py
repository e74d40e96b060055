"""What maps are made of, as tests need it."""

from datetime import datetime, timedelta
from typing import Any

from app.geo.measure import travelled
from app.history.model import KnownBy
from app.missing.grid import cell_at
from app.missing.model import Known, Listener, Place, Point, Sweep, TrackPoint
from app.missing.probability import HeatMap
from tests.build import HOME, NOW


def off(east_m: float = 0.0, north_m: float = 0.0) -> tuple[float, float]:
    """Latitude and longitude so many metres from home."""
    return travelled(*travelled(HOME.lat_deg, HOME.lon_deg, 90.0, east_m), 0.0, north_m)


def seen(minutes_ago: float = 120.0, east_m: float = 0.0, north_m: float = 0.0, accuracy_m: float = 15.0) -> Point:
    lat_deg, lon_deg = off(east_m, north_m)
    at = NOW - timedelta(minutes=minutes_ago)
    return Point(at=at, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=accuracy_m, known_by=KnownBy.GNSS)


def known(**more: Any) -> Known:
    """She was last seen at home two hours ago, and nothing else is known."""
    return Known(**{"last": seen()} | more)


def place(east_m: float, north_m: float, weight: float = 1.0) -> Place:
    lat_deg, lon_deg = off(east_m, north_m)
    return Place(lat_deg=lat_deg, lon_deg=lon_deg, weight=weight)


def listener(
    east_m: float, north_m: float, range_m: float = 50.0, away: tuple[tuple[datetime, datetime | None], ...] = ()
) -> Listener:
    lat_deg, lon_deg = off(east_m, north_m)
    return Listener(lat_deg=lat_deg, lon_deg=lon_deg, range_m=range_m, away=away)


def sweep(*points: tuple[float, float, float], width_m: float = 40.0, pod: float = 0.8) -> Sweep:
    """A searcher's way: minutes ago, metres east and north of home."""
    way = []
    for minutes_ago, east_m, north_m in points:
        lat_deg, lon_deg = off(east_m, north_m)
        way.append(TrackPoint(at=NOW - timedelta(minutes=minutes_ago), lat_deg=lat_deg, lon_deg=lon_deg))
    return Sweep(points=tuple(way), width_m=width_m, pod=pod)


def at(heat: HeatMap, east_m: float, north_m: float) -> float:
    """The probability of the cell so far from home."""
    return heat.probability[heat.grid.place[cell_at(*off(east_m, north_m))]]


def near(heat: HeatMap, east_m: float, north_m: float, within_m: float) -> float:
    """The probability of all cells whose centre is within so many metres of there."""
    east, north = heat.grid.local_m(*off(east_m, north_m))
    return sum(
        probability
        for probability, cell_east, cell_north in zip(
            heat.probability, heat.grid.east_m, heat.grid.north_m, strict=True
        )
        if (cell_east - east) ** 2 + (cell_north - north) ** 2 <= within_m**2
    )
