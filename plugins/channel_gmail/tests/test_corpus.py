"""Mails as the programs of guests write them, each with the words that are new in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from agente_hotelero_channel_gmail.body import body_of, parse

CORPUS = Path(__file__).parent / "corpus"
MAILS = sorted(CORPUS.glob("*.eml"))


def test_the_corpus_is_large_and_of_every_program_and_language() -> None:
    names = " ".join(path.stem for path in MAILS)
    assert len(MAILS) >= 60
    for program in ("gmail", "outlook", "apple", "iphone", "yahoo", "thunderbird"):
        assert program in names
    for language in ("es", "pt", "en", "de", "fr", "it"):
        assert sum(path.stem.endswith(f"_{language}") for path in MAILS) >= 5


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_the_guests_new_words_are_found(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
    assert body_of(parse(path.read_bytes())).new == expected


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_staff_still_see_all_of_it(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
    whole = body_of(parse(path.read_bytes())).whole
    for line in expected.split("\n"):
        assert line in whole
    assert len(whole) >= len(expected)
