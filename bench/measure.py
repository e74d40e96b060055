"""One measured figure."""

from msgspec import Struct


class Measurement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A figure with its floor from the same run, their ratio, and the budget that the ratio or the figure must keep."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    budget: float | None = None
    ok: bool = True

    @classmethod
    def against_floor(cls, name: str, value: float, unit: str, floor: float, ratio_min: float) -> "Measurement":
        """A rate that must reach `ratio_min` of its floor."""
        ratio = value / floor
        return cls(name=name, value=value, unit=unit, floor=floor, ratio=ratio, budget=ratio_min, ok=ratio >= ratio_min)

    def line(self) -> str:
        """The figure for people."""
        ratio = f"  {self.ratio:.2f} × floor {self.floor:,.1f}" if self.ratio is not None and self.floor else ""
        kept = "" if self.budget is None else f"  (budget {self.budget:g}: {'kept' if self.ok else 'NOT KEPT'})"
        digits = 3 if abs(self.value) < 2 else 1  # A share or a score says nothing in tenths.
        return f"{self.name:32} {self.value:12,.{digits}f} {self.unit}{ratio}{kept}"
