"""Models of a few rules: what stands behind the stand-in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

_GREETING = re.compile(r"\b(?:hola|oi|hello|guten tag)\b", re.IGNORECASE)
_INTENTS = {
    "greeting": _GREETING,
    "wifi": re.compile(r"\b(?:wi-?fi|feis\w*|internet)\b", re.IGNORECASE),
    "check_availability": re.compile(r"\b(?:habitaci[oó]n|quarto|lugarcito|room)\b", re.IGNORECASE),
}
_LANGUAGES = {
    "pt": re.compile(r"\b(?:oi|quero|quarto|janeiro)\b", re.IGNORECASE),
    "en": re.compile(r"\b(?:two|nights|hello|room|free)\b", re.IGNORECASE),
    "es": re.compile(r"\b(?:hola|hay|noches|mañana)\b", re.IGNORECASE),
}
_NUMBERS = {"un": 1, "one": 1, "dos": 2, "two": 2, "tres": 3, "three": 3}
_TOMORROW = re.compile(r"\bmañana\b", re.IGNORECASE)
_NIGHTS = re.compile(r"\b(\d+|dos|two|tres|three) (?:noches|noites|nights)\b", re.IGNORECASE)
_ADULTS = re.compile(r"\b(\d+|dos|two|tres|three) (?:adultos|adults)\b", re.IGNORECASE)
_NAME = re.compile(r"\bme llamo (\w+ \w+)", re.IGNORECASE)
_YES = re.compile(r"^\W*(sí|si|sim|yes)\b", re.IGNORECASE)
_ORDER = re.compile(r"ORDER:\s*(\{.*\})", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the model sees: the guest's words, what it was told about them, and the schema."""

    text: str
    told: str
    schema: Mapping[str, Any]

    @property
    def context(self) -> Mapping[str, Any]:
        """The last line of what it was told."""
        found: Mapping[str, Any] = json.loads(self.told.splitlines()[-1])
        return found


Model = Callable[[Asked], Mapping[str, Any]]


def phrasebook(asked: Asked) -> Mapping[str, Any]:
    """Knows a few words of three languages."""
    name = _NAME.search(asked.text)
    return {
        "language": _language(asked),
        "intents": list(_intents(asked.text)),
        "stay": _stay(asked),
        "party": _party(asked.text),
        "yes_no": _yes_no(asked),
        "person": name[1] if name else None,
    }


def dictated(asked: Asked) -> Mapping[str, Any]:
    """Obeys whoever writes to it: says what stands behind ``ORDER:``."""
    order = _ORDER.search(asked.text)
    found: Mapping[str, Any] = json.loads(order[1]) if order else phrasebook(asked)
    return found


def _language(asked: Asked) -> str:
    known: str = asked.context["language"]
    found = (name for name, words in _LANGUAGES.items() if words.search(asked.text))
    return next(found, known)


def _intents(text: str) -> Iterator[Mapping[str, str]]:
    for name, words in _INTENTS.items():
        found = words.search(text)
        if found:
            yield {"name": name, "certainty": "high", "quote": found[0]}


def _stay(asked: Asked) -> Mapping[str, Any] | None:
    tomorrow, nights = _TOMORROW.search(asked.text), _NIGHTS.search(asked.text)
    said = tomorrow or nights
    if said is None:
        return None
    today = re.search(r"\d{4}-\d\d-\d\d", asked.context["now"])
    arrival = date.fromisoformat(today[0]) + timedelta(days=1) if today else None
    return {
        "quote": said[0],
        "arrival": arrival.isoformat() if tomorrow and arrival else None,
        "departure": None,
        "nights": _number(nights[1]) if nights else None,
    }


def _party(text: str) -> Mapping[str, Any] | None:
    said = _ADULTS.search(text)
    if said is None:
        return None
    return {"quote": said[0], "adults": _number(said[1]), "children": None, "child_ages": []}


def _yes_no(asked: Asked) -> Mapping[str, str] | None:
    said = _YES.search(asked.text)
    if said is None or "yes_no" not in asked.context["expects"]:
        return None
    return {"quote": said[1], "answer": "yes"}


def _number(word: str) -> int:
    return _NUMBERS[word.lower()] if word.lower() in _NUMBERS else int(word)
