"""Example phrases: one file per language, ``# intent`` headings and a phrase a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

LANGUAGES = ("es", "pt", "en")


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A phrase with what it means."""

    text: str
    intent: str
    language: str


def shipped() -> list[Example]:
    """The phrases that this package was trained on."""
    folder = files("agente_hotelero_nlp_local") / "data"
    return [
        example
        for language in LANGUAGES
        for example in read((folder / f"{language}.txt").read_text(encoding="utf-8"), language)
    ]


def read(text: str, language: str) -> Iterator[Example]:
    """The examples of one file. Raises ValueError for a phrase before the first heading."""
    intent = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            intent = line.lstrip("# ").strip()
        elif line.strip():
            if not intent:
                raise ValueError(f"line {number}: a phrase without an intent")
            yield Example(text=line.strip(), intent=intent, language=language)
