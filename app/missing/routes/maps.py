"""The map of a search as GeoJSON, and its sectors in the order in which to look."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict, Overloaded
from app.kit.ids import SearchId
from app.missing import sectors, service
from app.missing.evidence import heard_nothing
from app.missing.probability import most_probable
from app.missing.routes.searches import PointOut, point_out
from app.missing.service.looking import Asked

SHARE = 0.95
CELLS_MAX = 2_000
SECTORS = 10
SECTORS_MAX = 100

Share = Annotated[
    float, Meta(ge=0.5, le=0.999, description="the most probable cells that hold so much of the probability")
]
Cells = Annotated[int, Meta(ge=1, le=5_000, description="so many cells at most; `mass` says what they hold")]
Count = Annotated[int, Meta(ge=1, le=SECTORS_MAX, description="so many sectors at most")]
Size = Annotated[int, Meta(ge=7, le=8, description="H3 resolution of a sector: 8 is some 0.7 km², 7 seven times that")]
Cell = Annotated[str, Meta(description="H3 cell, hexadecimal")]
Probability = Annotated[float, Meta(description="0 to 1; over all cells it is 1")]


class Outline(Struct, frozen=True, kw_only=True):
    """A polygon of GeoJSON: longitude and latitude of its corners, WGS-84 degrees, the first once more at the end."""

    type: Literal["Polygon"]
    coordinates: list[list[list[float]]]


class CellProperties(Struct, frozen=True, kw_only=True):
    """How probable it is that she is in a cell. `relative` is 1 in the most probable one: what to colour it by."""

    rank: int
    probability: Probability
    per_km2: float
    relative: float


class CellFeature(Struct, frozen=True, kw_only=True):
    """One cell of the map."""

    type: Literal["Feature"]
    id: Cell
    geometry: Outline
    properties: CellProperties


class KnownOut(Struct, frozen=True, kw_only=True):
    """What the map was made of. It knows nothing else."""

    last: PointOut
    age_s: Annotated[int, Meta(description="time since she was last seen, seconds")]
    reach_m: Annotated[
        float | None, Meta(description="how far she can have walked since; null where she may have ridden")
    ]
    heading_deg: float | None
    places: Annotated[int, Meta(description="places of her own, geofences included")]
    detectors: Annotated[int, Meta(description="detectors within her reach that listened and did not hear her tag")]
    detectors_away: Annotated[
        int, Meta(description="detectors within her reach that listened for less than half the time")
    ]
    tag_lost: Annotated[
        float, Meta(description="how probable it is taken to be that no detector can hear her; 1: no tag")
    ]
    sweeps: int
    terrain: int


class MapOut(Struct, frozen=True, kw_only=True):
    """A FeatureCollection of GeoJSON (RFC 7946): the most probable cells, the most probable first. `mass` is what those
    that are shown hold together.
    """

    type: Literal["FeatureCollection"]
    features: list[CellFeature]
    search: UUID
    at: datetime
    known: KnownOut
    cells: Annotated[int, Meta(description="cells in which she can be at all")]
    cell_km2: float
    mass: Probability


class SectorOut(Struct, frozen=True, kw_only=True):
    """An area to be searched, called after what stands near its middle. `area_km2` is what of it she can have reached;
    `cumulative` is the probability of this sector and all before it.
    """

    rank: int
    cell: Cell
    name: str | None
    lat_deg: float
    lon_deg: float
    area_km2: float
    probability: Probability
    per_km2: float
    cumulative: Probability
    outline: Outline


class SectorList(Struct, frozen=True, kw_only=True):
    """The most probable sectors, the most probable first."""

    items: list[SectorOut]
    search: UUID
    at: datetime
    known: KnownOut


@get(
    "/v1/searches/{search_id:uuid}/map",
    guards=[May(Action.SEARCH_READ)],
    operation_id="read_search_map",
    summary="Where she probably is",
    tags=["searches"],
    media_type="application/geo+json",
    raises_problems=[Conflict, Overloaded],  # The look is a write.
)
async def read_search_map(
    search_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    share: FromQuery[Share] = SHARE,
    cells: FromQuery[Cells] = CELLS_MAX,
) -> MapOut:
    """The map as it is now, by all that is known: the newest place of hers, distances at which people with dementia are
    found, how far she can have walked, her own places, her heading, the ground; detectors that did not hear her tag,
    and where searchers looked. Of a closed search the map as it was then.

    The look is noted, and the family can read it. 409 as long as nobody has said where she was last seen.
    """
    now, key = clock(), SearchId(search_id)
    # Two transactions: the writer must not wait while the map is reckoned.
    await database.write(lambda c: service.look(c, viewer, key, now))
    return await database.read(lambda c: _map(service.map_of(c, viewer, key, now), share, cells))


@get(
    "/v1/searches/{search_id:uuid}/sectors",
    guards=[May(Action.SEARCH_READ)],
    operation_id="list_search_sectors",
    summary="Where to look first",
    tags=["searches"],
    raises_problems=[Conflict, Overloaded],  # The look is a write.
)
async def list_search_sectors(
    search_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    resolution: FromQuery[Size] = sectors.RESOLUTION,
    limit: FromQuery[Count] = SECTORS,
) -> SectorList:
    """The map in sectors that a team can be given, the most probable one first. The look is noted, as with the map."""
    now, key = clock(), SearchId(search_id)
    await database.write(lambda c: service.look(c, viewer, key, now))
    return await database.read(lambda c: _sectors(service.map_of(c, viewer, key, now), resolution, limit))


def _map(asked: Asked, share: float, cells: int) -> MapOut:
    heat = asked.heat
    cell_km2 = heat.grid.area_m2 / 1e6
    shown = most_probable(heat, share, cells)
    highest = heat.probability[shown[0]]
    features = [
        CellFeature(
            type="Feature",
            id=f"{heat.grid.cells[number]:x}",
            geometry=_outline(heat.grid.cells[number]),
            properties=CellProperties(
                rank=rank,
                probability=heat.probability[number],
                per_km2=heat.probability[number] / cell_km2,
                relative=heat.probability[number] / highest,
            ),
        )
        for rank, number in enumerate(shown, start=1)
    ]
    return MapOut(
        type="FeatureCollection",
        features=features,
        search=asked.search.id,
        at=asked.at,
        known=_known(asked),
        cells=sum(one > 0 for one in heat.probability),
        cell_km2=round(cell_km2, 5),
        mass=min(1.0, sum(heat.probability[number] for number in shown)),
    )


def _known(asked: Asked) -> KnownOut:
    known, heat = asked.known, asked.heat
    listening, away = heard_nothing(known.last, known.listeners, known.rides, asked.at)
    return KnownOut(
        last=point_out(known.last),
        age_s=max(0, int((asked.at - known.last.at).total_seconds())),
        reach_m=None if heat.reach_m is None else round(heat.reach_m),
        heading_deg=None if known.heading_deg is None else round(known.heading_deg, 1),
        places=len(known.places),
        detectors=listening,
        detectors_away=away,
        tag_lost=known.tag_lost,
        sweeps=len(known.sweeps),
        terrain=len(known.terrain),
    )


def _sectors(asked: Asked, resolution: int, count: int) -> SectorList:
    found = sectors.ranked(asked.heat, resolution, count, asked.names)
    return SectorList(items=[_sector(one) for one in found], search=asked.search.id, at=asked.at, known=_known(asked))


def _sector(one: sectors.Sector) -> SectorOut:
    return SectorOut(
        rank=one.rank, cell=f"{one.cell:x}", name=one.name, lat_deg=round(one.lat_deg, 5),
        lon_deg=round(one.lon_deg, 5), area_km2=round(one.area_km2, 3), probability=one.probability,
        per_km2=one.per_km2, cumulative=one.cumulative, outline=_outline(one.cell),
    )  # fmt: skip


def _outline(cell: int) -> Outline:
    return Outline(type="Polygon", coordinates=[[list(corner) for corner in sectors.outline(cell)]])


ROUTES: list[HTTPRouteHandler] = [read_search_map, list_search_sectors]
