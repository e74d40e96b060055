"""Every message and every reason as it is read, a file a language: whoever changes a word sees what families will see.

`python -m tests.unit.push.golden` writes them anew; the diff is what is reviewed.
"""

from pathlib import Path

from app.push.fate import Why
from app.push.render import LANGUAGES, NOTES, text, title_and_body
from tests.unit.push.test_render import KINDS, PARAMS, REASONS

FOLDER = Path(__file__).parent / "golden"
LATE = {**PARAMS, "received": "2026-04-01T06:40:00+00:00"}
OTHERS = {"undelivered": tuple(Why), "dead": ("gone", "moved", "too_many")}
"""What people read in the app of messages to them and of their phones."""
URGENT = ("alert.sos", "alert.fall", "alert.geofence_exit", "alert.geofence_not_back", "alert.not_arrived")


def messages(language: str) -> str:
    """All of them in one language, with the same people, places and times."""
    blocks = ["\n".join([f"[{kind}]", *_lines(kind, language)]) for kind in KINDS]
    reasons = [f"{code}: {text(f'reason.{code}', language, PARAMS)}" for code in REASONS]
    others = [
        "\n".join([f"[{group}]", *(f"{code}: {text(f'{group}.{code}', language, {})}" for code in codes)])
        for group, codes in OTHERS.items()
    ]
    return "\n\n".join([*blocks, "\n".join(["[reasons]", *reasons]), *others]) + "\n"


def _lines(kind: str, language: str) -> list[str]:
    told = [title_and_body(kind, language, PARAMS, urgent=kind in URGENT)]
    if kind == "alert.sos":  # One that came late, is told again or to the desk stands for all of them.
        told.append(title_and_body(kind, language, LATE, urgent=True))
        told += [title_and_body(kind, language, {**PARAMS, "note": note}, urgent=True) for note in sorted(NOTES)]
    return [line for one in told for line in (one.title, one.body)]


def path(language: str) -> Path:
    """Where the messages of a language are."""
    return FOLDER / f"messages.{language}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in LANGUAGES:
        path(one).write_text(messages(one), encoding="utf-8")
