from __future__ import annotations

import re
from importlib.resources import files

import pytest
from agente_hotelero_staff_desk.words import WORDS


@pytest.mark.parametrize("language", WORDS)
def test_every_language_has_every_word(language: str) -> None:
    assert set(WORDS[language]) == set(WORDS["en"])
    assert all(WORDS[language].values())


def test_every_word_that_a_page_uses_is_there() -> None:
    folder = files("agente_hotelero_staff_desk") / "templates"
    used = {
        word
        for file in folder.iterdir()
        for word in re.findall(r"words\.(\w+)", file.read_text(encoding="utf-8"))
    }
    assert used - {"get"} <= set(WORDS["en"])
