"""Every setting with its unit, default and meaning, in one Struct. `mimamori config` prints it.

Settings come from `MIMAMORI_*` environment variables or from one TOML file (`MIMAMORI_CONFIG`, or `--config`); the
environment wins. A secret may be given as `MIMAMORI_…_FILE`, the path of a file that holds it.
"""

import base64
import os
import secrets
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

PREFIX = "MIMAMORI_"
SECRETS = frozenset({"detector_secret", "database", "nats", "watchman_url", "otlp_url", "gateways", "smtp_password"})
SECRET_CHARACTERS_MIN = 32
GatewayName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,19}\Z")]
GatewayUrl = Annotated[
    str,
    Meta(pattern=r"^(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost|\[::1\]))(:[0-9]{1,5})?(/[!-~]*)?\Z"),
]
"""https; plain http only on the machine itself."""

WEBPUSH_CONTACT = r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)(?!\n)$"
WEBPUSH_HOST = r"((\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?)"
WEBPUSH_HOSTS = (
    "fcm.googleapis.com, updates.push.services.mozilla.com, *.push.services.mozilla.com, web.push.apple.com, "
    "*.notify.windows.com"
)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set. Fields are documented where they are."""

    data: Annotated[str, Meta(description="folder of the database and of the detectors' secret")] = "data"
    database: Annotated[
        str,
        Meta(description="URL of a PostgreSQL database, postgresql://user:password@host/name; empty: a file in `data`"),
    ] = ""
    nats: Annotated[
        str, Meta(description="URLs of NATS servers, comma separated, for `edge`, `web` and `worker`; may hold secrets")
    ] = ""
    nats_monitoring: Annotated[
        str, Meta(description="URLs of their monitoring, comma separated, to see that they sync; empty: nobody looks")
    ] = ""
    partitions: Annotated[
        int, Meta(ge=1, le=1024, description="partitions of the stream, a worker each at most; see the operations page")
    ] = 16
    replicas: Annotated[
        Literal[1, 3, 5], Meta(description="NATS servers that hold each unit before it is acknowledged")
    ] = 1
    stream_bytes_max: Annotated[
        int, Meta(ge=1024, description="bytes of units that may wait for the workers; then devices are answered 503")
    ] = 1024 * 1024 * 1024
    lease_s: Annotated[
        float, Meta(gt=0, description="seconds after which others take over from a worker that is gone")
    ] = 15.0
    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="HTTP port; 0 takes a free one")] = 8000
    tcp: Annotated[
        dict[str, int], Meta(description="TCP listeners of the device edge, protocol to port (0 takes a free one)")
    ] = {}
    public_url: Annotated[
        str | None, Meta(description="address under which people reach this service; https makes cookies Secure")
    ] = None
    trusted_proxies: Annotated[
        str, Meta(description="addresses, comma separated, whose X-Forwarded-For is believed; empty believes nobody")
    ] = "127.0.0.1"
    zone: Annotated[str, Meta(description="time zone in which nights and days are judged")] = "Asia/Tokyo"
    queue_units_max: Annotated[
        int, Meta(ge=1, description="units of work that may wait for the writer; beyond that devices are answered 503")
    ] = 20_000
    group_units_max: Annotated[int, Meta(ge=1, description="units of work in one transaction at most")] = 500
    sign_in_days: Annotated[int, Meta(ge=1, description="days after which a sign-in ends")] = 90
    retention_days: Annotated[int, Meta(ge=1, description="days that positions are kept")] = 90
    fcm_credentials: Annotated[
        str | None, Meta(description="path of the Firebase service account file; without it nothing is sent by FCM")
    ] = None
    fcm_url: Annotated[
        str | None, Meta(description="address of the FCM v1 API if not Google's, for a stand-in on loopback")
    ] = None
    fcm_critical: Annotated[
        bool,
        Meta(
            description="the iOS app may send critical alerts (an entitlement of Apple's): urgent messages then sound "
            "in silent mode and Focus too"
        ),
    ] = False
    gateways: Annotated[
        dict[GatewayName, GatewayUrl],
        Meta(description="gateways of SMS, voice and LINE, name to https address; the address may hold secrets"),
    ] = {}
    webpush_contact: Annotated[
        Annotated[str, Meta(pattern=WEBPUSH_CONTACT)] | None,
        Meta(
            description="mailto: or https: address at which push services reach who runs this; without it nothing goes "
            "by Web Push"
        ),
    ] = None
    webpush_hosts: Annotated[
        str,
        Meta(
            pattern=rf"^{WEBPUSH_HOST}( *, *{WEBPUSH_HOST})*(?!\n)$",
            description="push services that browsers may name, comma separated: host, *.domain, or http:// of loopback",
        ),
    ] = WEBPUSH_HOSTS
    smtp_host: Annotated[
        str, Meta(description="mail server that takes our letters; empty: nothing is sent by e-mail")
    ] = ""
    smtp_port: Annotated[int, Meta(ge=1, le=65535, description="its port")] = 587
    smtp_tls: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="how the line to it is encrypted; starttls (587) and tls (465) never fall back to none"),
    ] = "starttls"
    smtp_user: Annotated[str, Meta(description="who we are to it; empty: no sign-in")] = ""
    smtp_password: Annotated[str, Meta(description="the password of `smtp_user`")] = ""
    mail_from: Annotated[
        str, Meta(description="sender of our letters, 見守りサービス <mimamori@town.example.jp>; its domain names them")
    ] = ""
    webhook_hosts: Annotated[
        str,
        Meta(
            pattern=rf"^({WEBPUSH_HOST}( *, *{WEBPUSH_HOST})*)?(?!\n)$",
            description="hosts at which tag vendors may have their feed posted, comma separated: host, *.domain, or "
            "http:// of loopback; empty: none",
        ),
    ] = ""
    push_timeout_s: Annotated[float, Meta(gt=0, description="seconds to wait for a push service")] = 8.0
    detector_secret: Annotated[
        Annotated[str, Meta(min_length=SECRET_CHARACTERS_MIN)] | None,
        Meta(description="secret from which the keys of detectors are made; without it one is made and kept in `data`"),
    ] = None
    schemes_dir: Annotated[
        str,
        Meta(description="folder of a town's own scheme files, which take the place of packaged ones; empty: none"),
    ] = ""
    billing_font: Annotated[
        str | None,
        Meta(
            description="path of a font (OTF, TTF) for documents on paper; without it the one that is installed is used"
        ),
    ] = None
    billing_close_day: Annotated[
        int,
        Meta(ge=0, le=28, description="day from which the month before is closed by itself; 0: when a clerk says so"),
    ] = 0
    tick_s: Annotated[float, Meta(gt=0, description="seconds between two looks for what is due")] = 2.0
    watchman_url: Annotated[
        str | None,
        Meta(description="URL asked for every 30 s while nothing is overdue, so that its owner can raise the alarm"),
    ] = None
    otlp_url: Annotated[
        str | None,
        Meta(
            description="URL that takes traces (OTLP over HTTP), http://host:4318/v1/traces; without it none are made"
        ),
    ] = None
    otlp_share: Annotated[
        float, Meta(ge=0, le=1, description="share of requests, transactions and batches that is traced, 0 to 1")
    ] = 1.0
    log_level: Annotated[str, Meta(description="debug, info, warning or error")] = "info"


class InvalidSettings(Exception):
    """A setting is unknown or has a value that cannot be used. The text says which and why."""


def load(environment: Mapping[str, str] | None = None, file: str | None = None, **given: object) -> Settings:
    """The settings in force: defaults, then the TOML file, then the environment, then what was `given` on the command
    line.

    Raises `InvalidSettings` for an unknown name or a value of the wrong kind.
    """
    source = dict(os.environ if environment is None else environment)
    values: dict[str, Any] = {}
    path = file or source.get(PREFIX + "CONFIG")
    if path:
        values.update(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    for field in msgspec.structs.fields(Settings):
        key = PREFIX + field.name.upper()
        if key + "_FILE" in source:
            values[field.name] = Path(source[key + "_FILE"]).read_text(encoding="utf-8").strip()
        if key in source:
            values[field.name] = _from_text(field.name, source[key])
    values.update({name: value for name, value in given.items() if value is not None})
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSettings(f"A setting cannot be used: {error}") from None


def _from_text(name: str, text: str) -> object:
    """The value that `text` of an environment variable means; maps are written `watch=5093,gt06=5023`."""
    if get_origin(get_type_hints(Settings)[name]) is dict:
        return dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    return text


def detector_secret(settings: Settings) -> bytes:
    """The secret from which the keys of detectors are made: what is set, or else the content of a file in the data
    folder, which is made at the first call and which only its owner can read.

    The text counts as it is, so that the content of the file can be put into the setting. Raises `InvalidSettings` for
    a file that holds too little to be a secret.
    """
    if settings.detector_secret is not None:
        return settings.detector_secret.encode()
    path = Path(settings.data) / "detector.secret"
    if not path.exists():
        _make_secret(path)
    secret = path.read_text(encoding="utf-8").strip()
    if len(secret) < SECRET_CHARACTERS_MIN:
        raise InvalidSettings(f"The file {path.name} in the data folder does not hold a secret.")
    return secret.encode()


def _make_secret(path: Path) -> None:
    """Writes 32 random bytes in base64. The file appears whole or not at all, and whoever comes second keeps it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # Only the owner may read it.
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        os.unlink(part)


def describe(settings: Settings) -> str:
    """The settings in force as TOML with the meaning, default and environment name of each. Paths of secrets are shown,
    secrets never are.
    """
    hints = get_type_hints(Settings, include_extras=True)
    lines: list[str] = []
    for field in msgspec.structs.fields(Settings):
        meaning = next(extra.description for extra in get_args(hints[field.name])[1:] if isinstance(extra, Meta))
        default = field.default if field.default is not msgspec.NODEFAULT else {}
        lines += [f"# {meaning}. Default: {_toml(default)}. Environment: {PREFIX}{field.name.upper()}"]
        value = getattr(settings, field.name)
        if value is None or field.name in SECRETS:
            lines += [f"# {field.name} is set" if value else f"# {field.name} =", ""]
        else:
            lines += [f"{field.name} = {_toml(value)}", ""]
    return "\n".join(lines)


def _toml(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return msgspec.json.encode(value).decode()
