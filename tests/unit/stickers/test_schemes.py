"""The files of the schemes by which cities give stickers."""

from pathlib import Path

import pytest

from app.accounts.names import is_city_code
from app.kit.ids import CityId
from app.programmes.catalogue import Faulty
from app.stickers import schemes
from app.stickers.model import Material

OITA = (schemes.PACKAGED / "oita.toml").read_text(encoding="utf-8")


def test_a_city_has_its_own_scheme_or_the_usual_one() -> None:
    assert "oita" == schemes.of_city(CityId(442011)).id
    usual = schemes.of_city(CityId(282103))
    assert ("standard", {Material.IRON_ON: 30, Material.GLOW: 10}) == (usual.id, usual.first.of)


@pytest.mark.parametrize("name", sorted(schemes.packaged()))
def test_a_city_is_named_by_its_code(name: str) -> None:
    code = schemes.packaged()[name].city

    assert code is None or is_city_code(code)


def test_every_figure_of_a_city_has_the_words_of_its_paper() -> None:
    scheme = schemes.packaged()["oita"]
    rules = [scheme.network, scheme.first, scheme.again, scheme.change, scheme.phone_on_scan, scheme.register]

    assert all(one.source is not None for one in [*rules, scheme.consent])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "oita"', "id = ", "it is not TOML"),
        ('id = "oita"', 'id = "other"', "is called other.toml"),
        ("stickers = 20", "stickers = 0", "first.stickers"),
        ("stickers = 20", "stickers = 20\nof = { glow = 19 }", "these are not 20 together"),
        ('ways = ["desk"]', 'ways = ["pigeon"]', "first.ways"),
        ('ways = ["desk"]', 'ways = ["desk"]\nafter_months = 1', "comes after no other"),
        ("[documents.leaflet]", "[documents.paper]", "no document 'leaflet'"),
        ("needed = true", "need = true", "network"),
    ],
    ids=["no toml", "another name", "none", "not together", "no way", "after nothing", "no paper", "unknown"],
)
def test_a_file_that_cannot_be_meant_says_where(tmp_path: Path, before: str, after: str, said: str) -> None:
    file = tmp_path / "oita.toml"
    file.write_text(OITA.replace(before, after, 1), encoding="utf-8")

    with pytest.raises(Faulty, match=said):
        schemes.load(file)
