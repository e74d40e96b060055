"""How fast the town may go."""

from datetime import timedelta

from click.testing import CliRunner

from app.cli import SPEED_MAX, main
from app.jobs import JOBS, STALLED_AT_LEAST


def test_at_the_highest_speed_the_service_is_not_away_between_two_signs_of_life() -> None:
    (beat,) = (job for job in JOBS if job.name == "beat")

    assert timedelta(seconds=beat.every_s) * SPEED_MAX * 1.5 <= STALLED_AT_LEAST, "and a machine may be busy"


def test_more_is_refused_in_plain_words() -> None:
    result = CliRunner().invoke(main, ["demo", "--speed", "90"])

    assert result.exit_code == 2
    assert "90.0 is not in the range 0.1<=x<=60" in result.output
