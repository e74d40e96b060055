"""The files of SOS networks."""

from pathlib import Path

import pytest

from app.accounts.names import is_city_code
from app.kit.ids import CityId
from app.programmes import networks
from app.programmes.catalogue import Faulty

GOOD = 'id = "town"\nname = { ja = "網", en = "net" }\ncity = 282014\n[documents.paper]\ntitle = "paper"\n'


def test_each_city_has_a_network() -> None:
    assert ["大分あんしんみまもりネットワーク"] == [one.name.ja for one in networks.of_city(CityId(442011))]
    assert ["kakogawa"] == [one.id for one in networks.of_city(CityId(282103))]
    assert ["general"] == [one.id for one in networks.of_city(CityId(11002))]


@pytest.mark.parametrize("name", sorted(networks.packaged()))
def test_a_city_is_named_by_its_code(name: str) -> None:
    code = networks.packaged()[name].city

    assert code is None or is_city_code(code)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id = ", "it is not TOML"),
        (GOOD.replace("town", "other"), "is called other.toml"),
        (GOOD.replace("name", "names"), "unknown field"),
        (GOOD.replace('ja = "網", ', ""), "name: "),
        (GOOD.replace("city", 'police = { says = "yes", document = "leaflet" }\ncity'), "no document 'leaflet'"),
    ],
    ids=["no toml", "another name", "unknown", "one language", "unknown paper"],
)
def test_a_file_that_cannot_be_meant_says_where(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "town.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert 282014 == networks.load(file).city
    file.write_text(text, encoding="utf-8")

    with pytest.raises(Faulty, match=said):
        networks.load(file)
