"""Word error rates and facts that survive, with intervals. Pure.

Texts are compared in small letters, without accents and marks, with numbers in words, ordinals as
numbers and signs of money by their names, since nobody can hear how a number is written. A rate's
interval is a bootstrap over notes, a share's is Wilson's; both at 95 %.
"""

from __future__ import annotations

import difflib
import math
import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from agente_hotelero_stt_tts.numerals import MONTHS, in_words

ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th|º|ª|°)\b")
DAYS = {
    "es": "lunes martes miercoles jueves viernes sabado domingo",
    "pt": "segunda terca quarta quinta sexta sabado domingo",
    "en": "monday tuesday wednesday thursday friday saturday sunday",
}
MONEY = re.compile(r"(us\$|r\$|\$|€|£)\s*(\d+(?:[.,]\d+)*)")
COINS = {
    "es": {"us$": "dolares", "r$": "reales", "$": "dolares", "€": "euros", "£": "libras"},
    "pt": {"us$": "dolares", "r$": "reais", "$": "dolares", "€": "euros", "£": "libras"},
    "en": {"us$": "dollars", "r$": "reais", "$": "dollars", "€": "euros", "£": "pounds"},
}
FIRST = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
TEENS = "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
RANKS = {
    "es": {"primero": "uno", "primer": "uno"},
    "pt": {"primeiro": "um"},
    "en": {
        **{one: in_words(n, "en") for n, one in enumerate(f"{FIRST} {TEENS}".split(), 1)},
        "thirtieth": "thirty",
    },
}
SAMPLES = 2000
SEED = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """One note: wrong words of how many, and its facts."""

    file: str
    language: str
    condition: str
    errors: int
    words: int
    kept: tuple[str, ...]
    lost: tuple[str, ...]


def words(text: str, language: str) -> list[str]:
    text = ORDINAL.sub(r"\1", text.lower())
    text = MONEY.sub(lambda found: f"{found[2]} {COINS[language][found[1]]}", text)
    text = re.sub(r"\d+", lambda found: f" {in_words(int(found.group()), language)} ", text)
    decomposed = unicodedata.normalize("NFKD", text.replace("'", ""))
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    found = re.findall(r"[a-z]+", plain.replace("wi-fi", "wifi"))
    return [RANKS[language].get(word, word) for word in found]


def distance(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Substitutions, insertions and deletions."""
    row = list(range(len(found) + 1))
    for number, one in enumerate(wanted, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(found, 1):
            cost = min(row[place] + 1, row[place - 1] + 1, before + (one != other))
            before, row[place] = row[place], cost
    return row[-1]


def placed(text: str, language: str) -> list[tuple[str, int, int]]:
    """The words of a text, each with the stretch that it stands in."""
    return [
        (word, found.start(), found.end())
        for found in re.finditer(r"\S+", text)
        for word in words(found.group(), language)
    ]


def stretch(fact: str, text: str, heard: str, language: str) -> tuple[int, int] | None:
    """Where in what was heard something stands in the place of a fact of the text."""
    wanted, part = words(text, language), words(fact, language)
    found = placed(heard, language)
    starts = [n for n in range(len(wanted)) if wanted[n : n + len(part)] == part]
    first = starts[0] if starts else 0
    last = first + len(part) if starts else len(wanted)
    matcher = difflib.SequenceMatcher(a=wanted, b=[one[0] for one in found], autojunk=False)
    places: list[int] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            places += range(c + max(first - a, 0), d - max(b - last, 0))
        elif max(a, first) < min(b, last) or (a == b and first < a < last):
            places += range(c, d)
    return (found[min(places)][1], found[max(places)][2]) if places else None


def score(note: dict[str, object], heard: str) -> Scored:
    language = str(note["lang"])
    wanted, found = words(str(note["text"]), language), words(heard, language)
    facts = [str(one) for one in _listed(note.get("must_survive"))]
    kept = tuple(fact for fact in facts if _has(found, words(fact, language)))
    return Scored(
        file=str(note["file"]),
        language=language,
        condition=str(note.get("condition", "clean")),
        errors=distance(wanted, found),
        words=len(wanted),
        kept=kept,
        lost=tuple(fact for fact in facts if fact not in kept),
    )


def counts(fact: str, language: str) -> bool:
    """Whether a fact is a date, a count, a room or an amount: what may be acted upon wrongly."""
    named = {*DAYS[language].split(), *(words(one, language)[0] for one in MONTHS[language])}
    small = {part for n in range(100) for part in words(str(n), language)} - {"e", "y", "and"}
    return any(word in named | small for word in words(fact, language))


def rate(scored: Sequence[Scored]) -> tuple[float, float, float]:
    """Word error rate in per cent, with its interval."""
    made = random.Random(SEED)
    drawn = sorted(
        _rate([scored[made.randrange(len(scored))] for _ in scored]) for _ in range(SAMPLES)
    )
    return _rate(scored), drawn[int(SAMPLES * 0.025)], drawn[int(SAMPLES * 0.975)]


def share(good: int, of: int) -> tuple[float, float, float]:
    """Per cent with its interval."""
    if not of:
        return math.nan, math.nan, math.nan
    z, p = 1.96, good / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    wide = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return 100 * p, 100 * max(middle - wide, 0.0), 100 * min(middle + wide, 1.0)


def _rate(scored: Sequence[Scored]) -> float:
    return 100 * sum(one.errors for one in scored) / max(sum(one.words for one in scored), 1)


def _has(found: Sequence[str], wanted: Sequence[str]) -> bool:
    return f" {' '.join(wanted)} " in f" {' '.join(found)} "


def _listed(given: object) -> Sequence[object]:
    return given if isinstance(given, list) else ()
