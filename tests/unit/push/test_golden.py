"""What families read is what was reviewed."""

import pytest

from app.push.render import LANGUAGES
from tests.unit.push import golden


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_read_as_they_were_reviewed(language: str) -> None:
    assert golden.messages(language) == golden.path(language).read_text(encoding="utf-8")
