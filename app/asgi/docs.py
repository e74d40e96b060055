"""The description of the API (OpenAPI 3.1) and a page to read and try it, served from our own files.

Swagger UI comes from the package `swagger-ui-bundle-v2`, which carries the files of the npm package `swagger-ui-dist`
unchanged.
"""

from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Tag
from litestar.params import FromPath

from app.accounts.auth import CSRF_COOKIE, CSRF_HEADER, SIGN_IN_COOKIE
from app.asgi.headers import DOCS_PATH

DESCRIPTION = """\
Location watch for towns: where is she, how well is that known, and who is told.

Sign in at `POST /v1/sign-in`. Apps send the token as `Authorization: Bearer …`; a browser gets a cookie and sends the
value of the cookie `mimamori_csrf` in the header `X-CSRF-Token` with every request that changes something.

What goes wrong is a problem (RFC 9457, `application/problem+json`); compare its `type`. What does not exist, has ended
or is not yours answers the same 404. Lists come in pages: give `next` as `cursor` for the following one. In `PATCH` an
absent field stays as it is. Times are ISO 8601 in UTC, units are in the names (`_m`, `_mps`, `_s`, `_pct`).
"""
TAGS = {
    "sign-in": "Signing in and out",
    "me": "One's own account, sign-ins and phones",
    "receipts": "What apps say of the messages that they got, without signing in",
    "cities": "Cities",
    "accounts": "Accounts, for staff",
    "households": "Households",
    "wearers": "Wearers (見守り対象者): people who are watched over",
    "contacts": "Contacts (緊急連絡先): who is told",
    "consents": "Consents: who may see what, from when, until when",
    "protections": "Protections (支援措置): who must not know where somebody is",
    "looks": "Who looked at a place",
    "devices": "Devices and commands to them",
    "tags": "BLE tags, and who wears them",
    "hook": "Where the feed of a tag vendor is posted",
    "detectors": "Detectors (検知器) that hear tags",
    "geofences": "Geofences (見守りエリア)",
    "places": "Where somebody is and was",
    "watches": "Settings of the watches",
    "alerts": "Alerts (お知らせ)",
    "programmes": "Schemes, contracts under them, prices before they are owed, and what was used",
    "networks": "SOS networks (見守り・SOSネットワーク), and who is in their registers",
    "stickers": "Stickers (みまもりシール), and who looked at their pages",
    "boards": "Boards (伝言板), on which a family and whoever found her write to each other without names",
    "searches": "Searches for somebody who is missing, and the map of where she probably is",
    "units": "Security companies, their units (出動員), who is on duty and where",
    "dispatches": "Turn-outs (かけつけ): a guard is asked for, goes, finds her and hands her over; offers to units",
    "answers": "Answers from a message, without signing in",
    "policies": "Whom alerts are told to, how often and in which order, and who is on duty",
    "billing": "Bills (請求書): closing a month, documents, payments, arrears",
    "live": "What happens, as it happens",
    "operations": "What went wrong and waits for somebody to look, for administrators",
    "health": "Is the service alive, can it take work",
}

FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mimamori API</title>
<link rel="icon" type="image/png" href="{DOCS_PATH}/files/favicon-32x32.png">
<link rel="stylesheet" href="{DOCS_PATH}/files/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="{DOCS_PATH}/files/swagger-ui-bundle.js"></script>
<script src="{DOCS_PATH}/files/start.js"></script>
</body>
</html>
"""
# Without `validatorUrl: null` the page would ask a foreign server whether the description is valid.
START = f"""\
SwaggerUIBundle({{
  url: "{DOCS_PATH}/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {{
    const found = document.cookie.match(/(?:^|; ){CSRF_COOKIE}=([^;]*)/);
    if (found) request.headers["{CSRF_HEADER}"] = found[1];
    return request;
  }},
}});
"""


class OfflinePage(OpenAPIRenderPlugin):
    """The page at `/docs`."""

    def __init__(self) -> None:
        super().__init__(path="/", favicon="", style="")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; it fetches the description by itself."""
        return PAGE.encode()


@get(DOCS_PATH + "/files/{name:str}", include_in_schema=False, sync_to_thread=True)
def docs_file(name: FromPath[str]) -> Response[bytes]:
    """One of the files that the page needs, and no other."""
    headers = {"Cache-Control": "public, max-age=86400"}
    if name == "start.js":
        return Response(START.encode(), media_type=FILES["swagger-ui-bundle.js"], headers=headers)
    if name not in FILES:
        raise NotFoundException
    from swagger_ui_bundle import swagger_ui_path

    return Response((swagger_ui_path / name).read_bytes(), media_type=FILES[name], headers=headers)


def openapi_config() -> OpenAPIConfig:
    """What the description says besides the routes."""
    bearer = SecurityScheme(type="http", scheme="bearer", description="the token of a sign-in, for apps")
    cookie = SecurityScheme(
        type="apiKey",
        name=SIGN_IN_COOKIE,
        security_scheme_in="cookie",
        description=f"set by a sign-in with `browser`; requests that change something also need `{CSRF_HEADER}`",
    )
    return OpenAPIConfig(
        title="Mimamori",
        version="1",
        description=DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(security_schemes={"bearer": bearer, "cookie": cookie}),
        tags=[Tag(name=name, description=description) for name, description in TAGS.items()],
        use_handler_docstrings=True,
        path=DOCS_PATH,
        render_plugins=[OfflinePage()],
    )


ROUTES: list[HTTPRouteHandler] = [docs_file]
