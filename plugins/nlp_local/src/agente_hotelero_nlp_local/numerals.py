"""Numbers up to 31 in digits and in Spanish, Portuguese and English words (folded)."""

from __future__ import annotations

import re

_ES_TEXT = (
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciseis diecisiete dieciocho diecinueve veinte veintiuno veintidos veintitres "
    "veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve treinta"
)
_PT_TEXT = (
    "um dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze "
    "dezesseis dezessete dezoito dezenove vinte"
)
_EN_TEXT = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_EN_ORDINALS_TEXT = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ES, _PT, _EN = _ES_TEXT.split(), _PT_TEXT.split(), _EN_TEXT.split()
_EN_ORDINALS = _EN_ORDINALS_TEXT.split()
_OTHER = {
    "un": 1, "una": 1, "uma": 1, "duas": 2, "veintiun": 21, "veintiuna": 21, "catorze": 14,
    "dezasseis": 16, "dezassete": 17, "dezanove": 19, "trinta": 30, "thirty": 30, "a": 1, "an": 1,
}  # fmt: skip


def _numbered(words: list[str]) -> dict[str, int]:
    return {word: number for number, word in enumerate(words, start=1)}


def _compounds() -> dict[str, int]:
    """Every way to write 21 to 31 in several words."""
    found = {"treinta y uno": 31, "treinta y un": 31, "trinta e um": 31, "trinta e uma": 31}
    for units, joiner, tens in ((_PT, " e ", "vinte"), (_ES, " y ", "veinte")):
        found |= {f"{tens}{joiner}{units[n]}": 21 + n for n in range(9)}
    found |= {"vinte e uma": 21, "vinte e duas": 22}
    for gap in (" ", "-"):
        found |= {f"twenty{gap}{_EN[n]}": 21 + n for n in range(9)}
        found |= {f"thirty{gap}one": 31}
    return found


def _ordinal_days() -> dict[str, int]:
    found = {"primero": 1, "primeiro": 1, "thirtieth": 30} | _numbered(_EN_ORDINALS)
    for gap in (" ", "-"):
        found |= {f"twenty{gap}{_EN_ORDINALS[n]}": 21 + n for n in range(9)}
        found |= {f"thirty{gap}first": 31}
    return found


WORDS = _numbered(_EN) | _numbered(_PT) | _numbered(_ES) | _OTHER | _compounds()
ORDINAL_DAYS = _ordinal_days()
_ARTICLES = frozenset({"un", "una", "um", "uma", "a", "an", "one"})


def _either(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


NUMBER = rf"(?:\d{{1,2}}|(?:{_either(list(WORDS))})(?!\w))"
"""A cardinal, articles included: for use before a unit."""
COUNT = rf"(?:\d{{1,2}}|(?:{_either([w for w in WORDS if w not in {'a', 'an'}])})(?!\w))"
"""A cardinal that can stand alone."""
_ALONE = [w for w in WORDS if w not in _ARTICLES]
DIGITS = rf"(?:\d{{1,2}}|(?:{_either(_ALONE)})(?!\w))"
"""A number that is surely no article."""
_DAY_WORDS = [word for word in WORDS if word not in _ARTICLES] + list(ORDINAL_DAYS)
DAY = rf"(?:3[01]|[12]\d|0?[1-9]|(?:{_either(_DAY_WORDS)})(?!\w))"
"""A day of the month."""


def value(text: str) -> int:
    """The number that `NUMBER`, `COUNT` or `DAY` matched."""
    words = " ".join(text.split())
    if words.isdecimal():
        return int(words)
    return WORDS[words] if words in WORDS else ORDINAL_DAYS[words]
