"""The detectors of the table, by name."""

from collections.abc import Callable

from app.watch.replaying import Replay
from bench.detection.iboat import Iboat
from bench.detection.learning import Circle
from bench.detection.said import Detector, Options
from bench.detection.turning import Turning

DETECTORS: dict[str, Callable[[str, Options], Detector]] = {
    "ours": Replay,
    "circle500": lambda user, options: Circle(user, options, 500.0),
    "circle1000": lambda user, options: Circle(user, options, 1_000.0),
    "iboat": Iboat,
    "theta_wd": Turning,
}
"""Each is made for one person."""
