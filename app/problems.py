"""What goes wrong, as RFC 9457 problems (`application/problem+json`): one table, the handlers that use it, and their
description for OpenAPI.

Nothing of a defect leaves the house but a reference; the trace is in the log beside it.
"""

import inspect
import traceback
from collections.abc import Iterable
from http import HTTPStatus
from secrets import token_hex
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import ParameterKwarg
from litestar.types import ExceptionHandlersMap
from msgspec import UNSET, Struct, UnsetType, to_builtins
from sqlalchemy.exc import DataError, OperationalError

from app.accounts.auth import SAFE_METHODS, May
from app.db.errors import is_the_servers
from app.kit.errors import (
    Conflict,
    InvalidInput,
    MimamoriError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Overloaded,
    TooMany,
)

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
DISCONNECTED = "client disconnected prematurely"


class Kind(Struct, frozen=True):
    """One row of the table. `name` makes the problem's type, `/problems/<name>`."""

    name: str
    status: int
    title: str


PROBLEMS: dict[type[MimamoriError], Kind] = {
    NotFound: Kind("not-found", 404, "Not found"),
    NotSignedIn: Kind("not-signed-in", 401, "Not signed in"),
    NotAllowed: Kind("not-allowed", 403, "Not allowed"),
    InvalidInput: Kind("invalid-input", 400, "This cannot be meant"),
    Conflict: Kind("conflict", 409, "Not possible now"),
    TooMany: Kind("too-many", 429, "Too many"),
    Overloaded: Kind("overloaded", 503, "Overloaded"),
}
OF_HTTP = {kind.status: kind for kind in PROBLEMS.values()} | {
    405: Kind("method-not-allowed", 405, "Method not allowed"),
    413: Kind("too-large", 413, "Too large"),
    415: Kind("unsupported-media-type", 415, "Not what is taken here"),
}
DEFECT = Kind("defect", 500, "Our mistake")
DETAILS = {
    400: "The request cannot be read.",
    404: NotFound().detail,
    405: "This path does not know this method.",
    413: "The body is larger than what is taken here.",
    500: "This should not have happened. Tell us the reference.",
}


class Reason(Struct, kw_only=True, frozen=True):
    """One thing that was wrong: `where` names the field or parameter, `why` says what would be right."""

    where: str
    why: str


class Problem(Struct, kw_only=True, frozen=True):
    """What went wrong (RFC 9457). `type` is a relative reference to compare with, `detail` a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Reason] | UnsetType = UNSET
    reference: str | UnsetType = UNSET


def _answer(
    kind: Kind,
    detail: str,
    *,
    errors: list[Reason] | UnsetType = UNSET,
    reference: str | UnsetType = UNSET,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    problem = Problem(
        type=f"/problems/{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        errors=errors,
        reference=reference,
    )
    return Response(to_builtins(problem), status_code=kind.status, media_type=MEDIA_TYPE, headers=headers)


def on_mimamori_error(_request: Request[Any, Any, Any], error: MimamoriError) -> Response[Any]:
    """The problem of one of our own errors, by the table."""
    kind = next(PROBLEMS[one] for one in type(error).__mro__ if one in PROBLEMS)
    errors: list[Reason] | UnsetType = UNSET
    headers: dict[str, str] = {}
    if isinstance(error, InvalidInput) and error.where is not None:
        errors = [Reason(where=error.where, why=error.detail)]
    if isinstance(error, TooMany | Overloaded):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(kind, error.detail, errors=errors, headers=headers)


def on_data_error(_request: Request[Any, Any, Any], error: DataError) -> Response[Any]:
    """The problem of a value that the database cannot hold: a zero character in a text, a number beyond its column. Our
    own checks leave these few to PostgreSQL.
    """
    log.warning("data_refused", error=type(error.orig).__name__)
    return _answer(PROBLEMS[InvalidInput], "A value is too large, or has a character that cannot be kept.")


def on_operational_error(request: Request[Any, Any, Any], error: OperationalError) -> Response[Any]:
    """The problem of a database that cannot just now, of which nobody who asks is to blame: its disk is full, it is
    shutting down.
    """
    if not is_the_servers(error):
        return on_defect(request, error)
    log.warning("database_cannot", error=type(error.orig).__name__)
    return on_mimamori_error(request, Overloaded("It could not be stored; try again shortly."))


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The problem of what Litestar itself refuses: no route, wrong method, a body that is too large or does not fit."""
    if error.detail == DISCONNECTED:  # Nobody is there to read the answer, and it is not our mistake.
        return _answer(OF_HTTP[400], DETAILS[400])
    if error.status_code >= 500 and error.status_code not in OF_HTTP:
        return on_defect(request, error)
    phrase = HTTPStatus(error.status_code).phrase
    kind = OF_HTTP.get(error.status_code) or Kind(f"http-{error.status_code}", error.status_code, phrase)
    errors: list[Reason] | UnsetType = UNSET
    if isinstance(error, ValidationException):
        errors = [_reason(request, one) for one in error.extra or ()]
        return _answer(kind, "A part of the request does not fit.", errors=errors)
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    return _answer(kind, DETAILS.get(error.status_code) or error.detail, headers=headers)


def _reason(request: Request[Any, Any, Any], message: Any) -> Reason:
    """What Litestar says about one part, with the name that the sender used for it."""
    if not isinstance(message, dict):
        return Reason(where="", why=str(message))
    name, dot, rest = str(message.get("key", "")).partition(".")
    parameter = request.route_handler.parsed_fn_signature.parameters.get(name)
    sent = getattr(parameter.kwarg_definition, "name", None) if parameter is not None else None
    return Reason(where=f"{sent or name}{dot}{rest}", why=str(message.get("message", "")))


def on_defect(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A problem that says nothing but a reference.

    The log has the reference and where it happened, and no values of the request.
    """
    reference = token_hex(6)
    origin = getattr(error, "orig", None) or error  # SQLAlchemy's own text holds the parameters, which may be personal.
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    log.error(
        "defect",
        reference=reference,
        method=request.method,
        route=request.scope.get("path_template", ""),
        error=type(error).__name__,
        text=str(origin).splitlines()[0][:300] if str(origin) else "",
        trace=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return _answer(DEFECT, DETAILS[500], reference=reference)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    MimamoriError: on_mimamori_error,
    HTTPException: on_http_exception,
    DataError: on_data_error,
    OperationalError: on_operational_error,
    Exception: on_defect,
}


def describe(handlers: Iterable[HTTPRouteHandler]) -> None:
    """Adds to each route what OpenAPI should say of it: its problems, and how one signs in for it.

    A route may name further errors with `raises_problems=[…]` in its decorator.
    """
    for handler in handlers:
        by_status: dict[int, list[str]] = {}
        for kind in _problems_of(handler):
            by_status.setdefault(kind.status, []).append(kind.title)
        handler.responses = {
            status: ResponseSpec(Problem, generate_examples=False, description=titles[0], media_type=MEDIA_TYPE)
            for status, titles in sorted(by_status.items())
        } | dict(handler.responses or {})
        if any(isinstance(guard, May) for guard in handler.guards or ()):
            handler.security = [{"bearer": []}, {"cookie": []}]


def _problems_of(handler: HTTPRouteHandler) -> list[Kind]:
    """What a route can answer besides what it is for, as far as its declaration tells."""
    errors: list[type[MimamoriError]] = list(handler.opt.get("raises_problems", ()))
    kinds: list[Kind] = []
    if any(isinstance(guard, May) for guard in handler.guards or ()):
        errors += [NotSignedIn, NotAllowed]
    if _is_given_parameters(handler):
        errors += [NotFound, InvalidInput]
    if {"data", "body"} & inspect.signature(handler.fn).parameters.keys():
        errors.append(InvalidInput)
        kinds += [OF_HTTP[413], OF_HTTP[415]]
    if not SAFE_METHODS.issuperset(handler.http_methods):
        errors += [Conflict, Overloaded]
    return [*dict.fromkeys(PROBLEMS[error] for error in errors), *kinds]


def _is_given_parameters(handler: HTTPRouteHandler) -> bool:
    """Whether a route takes anything from the path, the query or the headers."""
    annotations = handler.fn.__annotations__.values()
    return any(isinstance(extra, ParameterKwarg) for one in annotations for extra in getattr(one, "__metadata__", ()))
