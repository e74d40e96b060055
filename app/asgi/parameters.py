"""Limits of path, query and header parameters.

Rooms write limits once, as msgspec's `Meta`, for bodies and parameters alike. Litestar reads them in bodies, but of a
parameter only what stands in its own marker (tried with 2.25: `FromQuery[Annotated[int, Meta(le=200)]]` takes 201). So
they are copied there.
"""

import types
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Annotated, Any, Union, get_args, get_origin

from litestar.enums import ParamType
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter, ParameterKwarg, PathParameter, QueryParameter
from msgspec import Meta

LIMITS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "title", "description")


@dataclass(frozen=True)
class ZonedQuery(QueryParameter):
    """A query parameter that may ask for a time with a zone. Litestar's own cannot."""

    tz: bool | None = None


@dataclass(frozen=True)
class ZonedPath(PathParameter):
    """A path parameter that may ask for a time with a zone."""

    tz: bool | None = None


@dataclass(frozen=True)
class ZonedHeader(HeaderParameter):
    """A header that may ask for a time with a zone."""

    tz: bool | None = None


ZONED = {ParamType.QUERY: ZonedQuery, ParamType.PATH: ZonedPath, ParamType.HEADER: ZonedHeader}


def with_limits(handlers: Iterable[HTTPRouteHandler]) -> None:
    """Copies the limits of all parameters of the handlers to where Litestar looks. Doing it again changes nothing."""
    for handler in handlers:
        annotations = handler.fn.__annotations__
        for name, annotation in annotations.items():
            annotations[name] = with_limits_of_meta(annotation)


def with_limits_of_meta(annotation: Any) -> Any:
    """The annotation of a parameter with the limits of its `Meta` in its marker; any other annotation as it is."""
    if get_origin(annotation) is not Annotated:
        return annotation
    kind, *extras = get_args(annotation)
    marker = next((extra for extra in extras if isinstance(extra, ParameterKwarg)), None)
    metas = [*(extra for extra in extras if isinstance(extra, Meta)), *_metas_within(kind)]
    if marker is None or not metas:
        return annotation
    limited = replace(marker, **_limits(metas, is_list=_is_list(kind)))
    others = [extra for extra in extras if extra is not marker and not isinstance(extra, Meta)]
    if any(meta.tz is not None for meta in metas):
        limited = _zoned(limited, next(meta.tz for meta in metas if meta.tz is not None))
    return Annotated[(_bare(kind), limited, *others)]


def _metas_within(kind: Any) -> list[Meta]:
    """The limits in the members of `X | None`."""
    if get_origin(kind) not in (Union, types.UnionType):
        return []
    inner = [get_args(member) for member in get_args(kind) if get_origin(member) is Annotated]
    return [extra for _, *extras in inner for extra in extras if isinstance(extra, Meta)]


def _bare(kind: Any) -> Any:
    """The kind without the limits that were copied."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    members = [get_args(member)[0] if get_origin(member) is Annotated else member for member in get_args(kind)]
    return reduce(or_, members)


def _is_list(kind: Any) -> bool:
    return any(get_origin(member) in (list, set, frozenset, tuple) for member in (kind, *get_args(_bare(kind))))


def _limits(metas: Iterable[Meta], *, is_list: bool) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for meta in metas:
        for name in LIMITS:
            value = getattr(meta, name)
            if value is not None:
                limits.setdefault(name.replace("_length", "_items") if is_list else name, value)
    return limits


def _zoned(marker: ParameterKwarg, tz: bool) -> ParameterKwarg:
    kept = {name: value for name, value in vars(marker).items() if name != "tz"}
    return ZONED[marker.param_type](**kept, tz=tz)
