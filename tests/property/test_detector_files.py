"""Whatever bytes a clerk sends as a file of detectors, they come to rows or to a reason."""

from hypothesis import given
from hypothesis import strategies as st

from app.tags.columns import COLUMNS
from app.tags.dates import written_date
from app.tags.importing import Reading, read, within_town
from app.tags.places import degrees
from app.tags.reasons import Reason
from app.tags.registration import faults

CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["固定", "東門", "34.757", "134.841", "344525.2", "令和6年4月1日", "=1", '"', "ac233fc00001", "1e9", "∞"]
    ),
)
HEADINGS = st.sampled_from(
    [heading for column in COLUMNS for heading in (column.heading, *column.also)] + ["天気", "", "name", "kind"]
)


def sound(found: Reading | Reason) -> None:
    """A file is a reason, or rows of which each is right as a whole or says what is wrong with it."""
    if isinstance(found, Reason):
        return
    for row in found.rows:
        assert row.errors or not list(faults(row.draft))
        assert all(error.line == row.line and error.why and error.why_ja for error in row.errors)
    assert [row.line for row in found.rows] == sorted({row.line for row in found.rows})


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    sound(read(body))


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-8-sig", "cp932", "utf-16"]))
def test_any_text(text: str, encoding: str) -> None:
    sound(read(text.encode(encoding, "replace")))


@given(
    st.lists(HEADINGS, max_size=8),
    st.lists(st.lists(CELLS, max_size=9), max_size=6),
    st.sampled_from([",", "\t", ";"]),
    st.lists(st.lists(CELLS, max_size=4), max_size=5),
)
def test_any_cells_under_any_headings(
    headings: list[str], rows: list[list[str]], delimiter: str, titles: list[list[str]]
) -> None:
    lines = [
        *map(delimiter.join, titles),
        delimiter.join(["種別", "設置場所名", *headings]),
        *(delimiter.join(["固定", "門", *row]) for row in rows),
    ]

    found = read("\n".join(lines).encode("utf-8", "replace"))
    sound(found)
    if isinstance(found, Reading):
        sound(within_town(found, []))
        sound(within_town(found, [(34.757, 134.841)] * 3))


@given(st.text(max_size=40))
def test_any_cell_is_a_value_or_a_reason(cell: str) -> None:
    for column in COLUMNS:
        column.read(cell)
    assert isinstance(degrees(cell, "lat_deg"), float | Reason)
    written_date(cell)
