"""The words of messages and reasons, from one catalogue a language. Pure, and it never fails: a message that cannot
be worded well is worded less well.

`at`, `received`, `heard`, `since`, `until`, `stopped` and `back` are given as ISO 8601 moments with offset and are
shown in the zone of `zone` (default Japan); `detectors` and `guards` as names between 、; `minutes`, `battery`,
`distance_m`, `accuracy_m` and `usual_m` as plain numbers; `alarm` as a kind of the edge's alarms; everything else is
text as it is; `stuck_on` and `seems` (codes between commas) may be "-": nobody said.
What is missing or cannot be read is replaced by a word of the catalogue and logged, without the values.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import structlog
from msgspec import Struct

log = structlog.get_logger()

LANGUAGES = ("ja", "easy", "en")
"""Japanese, easy Japanese (やさしい日本語), English. The first is what is used for a language that has no catalogue."""
ZONE = "Asia/Tokyo"
LATE = timedelta(minutes=5)
"""When news is older than this on arrival, both times are said."""
TITLE_LENGTH_MAX = 100
BODY_LENGTH_MAX = 500
"""FCM takes 4,096 bytes in all, and a Japanese character is three."""
NOTES = frozenset({"again", "desk"})
"""What is said besides: told before and nobody took it, in words for the family and for who answers for the city."""
DRILL = "drill"
"""The param of messages that are practice: their title says so first."""
OTHER = "alert.other"
"""The kind whose words fit everything."""
NOT_SAID = "-"
PLACEHOLDER = re.compile(r"\{(\w+)\}")
HONORIFICS = ("さん", "ちゃん", "くん", "君", "様", "さま", "殿", "先生")


class Text(Struct, frozen=True):
    """What a phone shows."""

    title: str
    body: str


class Words(Struct, frozen=True, kw_only=True):
    """A sentence in the words of each language (`easy` is easy Japanese), and what it is called."""

    code: str
    ja: str
    easy: str
    en: str


def words(code: str, key: str, params: Mapping[str, str] | None = None) -> Words:
    """The sentence of `key` in every language."""
    ja, easy, en = (text(key, language, params or {}) for language in LANGUAGES)
    return Words(code=code, ja=ja, easy=easy, en=en)


def known(kind: str) -> bool:
    """Whether there are words for messages of this kind, for example `alert.sos`."""
    return f"{kind}.title" in catalogue(LANGUAGES[0])


def title_and_body(kind: str, language: str, params: Mapping[str, str], *, urgent: bool = False) -> Text:
    """The title and text of a message.

    What is urgent says so first; news that arrived late says so at the end, and so does what is told again or to
    somebody else because nobody answered (the param `note`), whatever its kind: this is the only place that adds them.
    """
    title, body = text(f"{kind}.title", language, params), text(f"{kind}.body", language, params)
    if urgent:
        title = text("urgent", language, {}) + title
    if params.get(DRILL):
        title = text("drill", language, {}) + title
    if is_late(params):
        body += text("late_joint", language, {}) + text("reason.late", language, params)
    if params.get("note") in NOTES:
        body += text("late_joint", language, {}) + text(f"note.{params['note']}", language, params)
    return Text(_clipped(title, TITLE_LENGTH_MAX), _clipped(body, BODY_LENGTH_MAX))


def discreet(language: str, *, urgent: bool = False, drill: bool = False) -> Text:
    """What a screen shows that everybody sees: that something is to be read, how much it matters, and whether it is
    practice.
    """
    title = text("discreet.title", language, {})
    if urgent:
        title = text("urgent", language, {}) + title
    if drill:
        title = text("drill", language, {}) + title
    return Text(title, text("discreet.body", language, {}))


def text(key: str, language: str, params: Mapping[str, str]) -> str:
    """The sentence of `key` with `params` filled in."""
    words = catalogue(language)
    sentence = words.get(key)
    if sentence is None:
        log.error("template_missing", key=key, language=language)
        sentence = words.get(_stand_in(key), "")
    return PLACEHOLDER.sub(lambda found: _filled(found[1], key, language, params), sentence)


def placeholders(key: str) -> frozenset[str]:
    """The names of the params that the sentence of `key` uses."""
    return frozenset(PLACEHOLDER.findall(catalogue(LANGUAGES[0])[key]))


def is_late(params: Mapping[str, str]) -> bool:
    """Whether what is told was more than `LATE` old when it was received."""
    at, received = moment_of(params.get("at")), moment_of(params.get("received"))
    return at is not None and received is not None and received - at > LATE


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every sentence of a language by its dotted key; of the first language if there is none of this."""
    if language not in LANGUAGES:
        return catalogue(LANGUAGES[0])
    source = files("app.push").joinpath("templates", f"{language}.toml").read_text(encoding="utf-8")
    return dict(_leaves(tomllib.loads(source), ""))


def _leaves(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    leaves: list[tuple[str, str]] = []
    for name, value in table.items():
        leaves += _leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, str(value))]
    return leaves


def _stand_in(key: str) -> str:
    """The key to use for one that does not exist: `reason.unknown`, `alert.other.title`, `alert.other.body`."""
    if key.startswith("reason."):
        return "reason.unknown"
    return f"{OTHER}.title" if key.endswith(".title") else f"{OTHER}.body"


def _filled(name: str, key: str, language: str, params: Mapping[str, str]) -> str:
    value = " ".join(str(params.get(name, "")).split())
    if value:
        shown = FORMATS[name](value, language, params) if name in FORMATS else value
        if shown is not None:
            return shown
    log.warning("template_param_missing", key=key, param=name, language=language)
    words = catalogue(language)
    return words.get(f"fallback.{name}", words["fallback.other"])


def _person(value: str, language: str, _params: Mapping[str, str]) -> str:
    """A name as one speaks of people: with さん, unless the family already wrote おばあちゃん or 山田先生."""
    return value if language == "en" or value.endswith(HONORIFICS) else f"{value}さん"


def _time(value: str, language: str, params: Mapping[str, str]) -> str | None:
    """`14:10`, with the day before it when that differs from the day on which the news was received."""
    moment = moment_of(value)
    if moment is None:
        return None
    zone = _zone(params)
    local, received = moment.astimezone(zone), moment_of(params.get("received"))
    if received is None or received.astimezone(zone).date() == local.date():
        return f"{local:%H:%M}"
    return (
        f"{local.month}/{local.day} {local:%H:%M}" if language == "en" else f"{local.month}月{local.day}日{local:%H:%M}"
    )


def _duration(value: str, language: str, _params: Mapping[str, str]) -> str | None:
    number = _number(value)
    if number is None:
        return None
    hours, minutes = divmod(round(number), 60)
    if language == "en":
        parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
        return " ".join(parts)
    return f"{hours}時間" * bool(hours) + f"{minutes}分" * bool(minutes or not hours)


def _percent(value: str, language: str, _params: Mapping[str, str]) -> str | None:
    number = _number(value)
    return None if number is None else f"{round(number)}{'%' if language == 'en' else '％'}"


def _distance(value: str, language: str, _params: Mapping[str, str]) -> str | None:
    """Rounded as people say it: tens of metres, and kilometres with one decimal."""
    number = _number(value)
    if number is None:
        return None
    metres = max(10, round(number, -1))
    kilometre, metre = (" km", " m") if language == "en" else ("キロメートル", "メートル")
    return f"{metres / 1000:.1f}{kilometre}" if metres >= 1000 else f"{metres:.0f}{metre}"


def _names(value: str, language: str, _params: Mapping[str, str]) -> str:
    return value.replace("、", ", ") if language == "en" else value


def _alarm(value: str, language: str, _params: Mapping[str, str]) -> str | None:
    return catalogue(language).get(f"alarm.{value}")


def _stuck_on(value: str, language: str, _params: Mapping[str, str]) -> str:
    return catalogue(language)["stuck_somewhere"] if value == NOT_SAID else value


def _seems(value: str, language: str, _params: Mapping[str, str]) -> str | None:
    words = catalogue(language)
    if value == NOT_SAID:
        return words["seems.unknown"]
    said = [words[f"seems.{one}"] for one in value.split(",") if f"seems.{one}" in words]
    return (", " if language == "en" else "、").join(said) or None


FORMATS: Mapping[str, Callable[[str, str, Mapping[str, str]], str | None]] = {
    "wearer": _person,
    "by": _person,
    "at": _time,
    "received": _time,
    "heard": _time,
    "since": _time,
    "until": _time,
    "stopped": _time,
    "back": _time,
    "detectors": _names,
    "guards": _names,
    "minutes": _duration,
    "battery": _percent,
    "distance_m": _distance,
    "accuracy_m": _distance,
    "usual_m": _distance,
    "alarm": _alarm,
    "stuck_on": _stuck_on,
    "seems": _seems,
}
"""How a param is shown; None when its value cannot be read. What is not here is shown as it is."""


def moment_of(value: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if -1e9 < number < 1e9 else None


def _zone(params: Mapping[str, str]) -> ZoneInfo:
    try:
        return ZoneInfo(params.get("zone") or ZONE)
    except (
        ValueError,
        OSError,
        KeyError,
    ):  # ZoneInfoNotFoundError is a KeyError; a folder of the zone files is an OSError.
        return ZoneInfo(ZONE)


def _clipped(sentence: str, length_max: int) -> str:
    return sentence if len(sentence) <= length_max else sentence[: length_max - 1] + "…"
