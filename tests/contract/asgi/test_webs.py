"""That tests share one web mixes nothing up: it answers for each application as that one was made."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copy

from app.config import Settings
from app.db.engine import FILE_NAME
from tests.contract.web import Town, town


def key_of(here: Town) -> tuple[int, str]:
    """What a browser of this town is given to subscribe with; it is made from the secret of the application."""
    answer = here.client.get("/v1/push/key", headers=here.headers_of("Hanako"))
    return answer.status_code, answer.text


def test_several_applications_answer_at_once_each_for_itself(
    data_folder: Path, migrated_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    copy(migrated_file, other / FILE_NAME)
    settings = Settings(webpush_contact="mailto:office@example.jp")
    with (
        town(data_folder, settings, detector_secret=b"a" * 32) as here,
        town(other, settings, detector_secret=b"b" * 32) as there,
        ThreadPoolExecutor(4) as pool,
    ):
        alone = [key_of(here), key_of(there)]
        together = list(pool.map(key_of, [here, there] * 20))
        stranger = there.client.get("/v1/me", headers=here.headers_of("Hanako"))

        assert [200, 200] == [status for status, _ in alone]
        assert alone[0] != alone[1]
        assert alone * 20 == together
        assert 401 == stranger.status_code
        assert here.client.get("/v1/me", headers=here.headers_of("Hanako")).status_code == 200
