"""The captured frames of tests/frames, for all tests of the decoders."""

import json
from pathlib import Path
from typing import Any

FRAMES = Path(__file__).parents[2] / "frames"


def captured(name: str) -> dict[str, Any]:
    """One file of captured frames."""
    content: dict[str, Any] = json.loads((FRAMES / f"{name}.json").read_text("utf-8"))
    return content


def watch_frames() -> list[bytes]:
    """Every captured frame and stream of the watch protocol."""
    watch = captured("watch")
    rows = [*watch["vectors"], *watch["frame_vectors"]]
    words = [row["frame"].encode() for row in captured("watch_status_bits")["vectors"]]
    return [bytes.fromhex(row["input"]["hex"]) for row in rows] + words


def http_bodies(name: str) -> list[str]:
    """Every captured body of an HTTP format, or its query where there is no body."""
    rows = captured(name)["vectors"]
    if name == "traccar_forward":
        bodies = [row[kind] for row in rows for kind in ("position_forward_body", "event_forward_body") if kind in row]
        return [json.dumps(body) for body in bodies]
    return [row["input"]["body"] or row["input"]["uri"] for row in rows]


def gateway_bodies(rows: list[dict[str, Any]]) -> list[bytes]:
    """Captured messages of gateways as the bodies of HTTP requests: those of a broker with their topic."""
    return [
        bytes.fromhex(row["body"])
        if row["encoding"] == "hex"
        else json.dumps(
            {"topic": row["transport"].removeprefix("mqtt "), "payload": row["body"]}
            if row["group"] == "omg"
            else row["body"]
        ).encode()
        for row in rows
    ]
