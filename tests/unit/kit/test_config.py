"""Settings: where they come from and how they are printed."""

import tomllib
from pathlib import Path

import pytest

from app.config import InvalidSettings, Settings, describe, load


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mimamori.toml"
    file.write_text('port = 1\nhost = "file"\ndata = "file"\n')

    settings = load({"MIMAMORI_PORT": "2", "MIMAMORI_HOST": "environment"}, str(file), port=3)

    assert (settings.port, settings.host, settings.data) == (3, "environment", "file")


def test_maps_are_written_as_pairs_in_the_environment() -> None:
    assert load({"MIMAMORI_TCP": "watch=5093,gt06=5023"}).tcp == {"watch": 5093, "gt06": 5023}


def test_a_secret_can_be_kept_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("/etc/fcm.json\n")

    assert load({"MIMAMORI_FCM_CREDENTIALS_FILE": str(tmp_path / "secret")}).fcm_credentials == "/etc/fcm.json"


@pytest.mark.parametrize("environment", [{"MIMAMORI_PORT": "many"}, {"MIMAMORI_PORT": "70000"}])
def test_a_value_that_cannot_be_used_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match="port"):
        load(environment)


def test_an_unknown_name_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("prot = 80\n")
    with pytest.raises(InvalidSettings, match="prot"):
        load({}, str(tmp_path / "x.toml"))


def test_what_is_printed_can_be_read_back_and_explains_every_field() -> None:
    settings = load({"MIMAMORI_TCP": "watch=5093", "MIMAMORI_FCM_URL": "http://127.0.0.1:1"})
    text = describe(settings)

    assert settings == load({}, None, **tomllib.loads(text))
    for field in Settings.__struct_fields__:
        assert f"MIMAMORI_{field.upper()}" in text
