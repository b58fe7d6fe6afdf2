"""Months and weekdays with a slip of the keyboard: "dicienbre", "wendesday", "domigo". Pure.

A word is mended when it is one edit away from the name of a month or weekday and is no ordinary
word itself; a short one only where a date would stand.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import replace

from agente_hotelero_nlp_local.text import Folded

_NAMES = (
    "enero febrero marzo abril junio julio agosto septiembre setiembre octubre noviembre diciembre "
    "janeiro fevereiro abril junho julho agosto setembro outubro novembro dezembro "
    "january february march april august september october november december "
    "lunes martes miercoles jueves viernes sabado domingo segunda terca quarta quinta sexta "
    "monday tuesday wednesday thursday friday saturday sunday tomorrow weekend christmas navidad "
    "personas adultos noches"
)
NAMES = frozenset(_NAMES.split())
LONG = 7
SHORTEST = 5
NEAR = 20
_AFTER_DAY = re.compile(r"\d\s+(?:de?\s+)?$")
_ORDINARY_TEXT = (
    "abrir entero enteros partes huevos jueces marco match noche adulto adulta persona abrils "
    "segundo quarto quarta quinto sexto cuarta lunas nueves sextas quintas segundas quartas"
)
_ORDINARY = frozenset(_ORDINARY_TEXT.split())
_BEFORE = re.compile(
    r"(?:\d|\b(?:del?|el|al|este|ese|proximo|para|of|on|this|next|hasta|un?till?|from|to|thru|na|no|"
    r"ate|em|en|in|desde|y|e|and|a))\W*$"
)
_WORD = re.compile(r"[^\W\d_]+")


def mended(folded: Folded, common: Set[str]) -> Folded:
    """The text with such words in their right spelling; every letter still knows its place."""
    text, offsets = folded.text, list(folded.offsets)
    for match in reversed(list(_WORD.finditer(text))):
        word = match.group()
        right = _meant(word, text[max(match.start() - NEAR, 0) : match.start()], common)
        if right is not None:
            first, last = match.span()
            places = offsets[first:last]
            spread = [
                places[min(n * len(word) // len(right), len(word) - 1)] for n in range(len(right))
            ]
            text = text[:first] + right + text[last:]
            offsets[first:last] = spread
    return replace(folded, text=text, offsets=tuple(offsets))


def _meant(word: str, before: str, common: Set[str]) -> str | None:
    shortest = SHORTEST - bool(_AFTER_DAY.search(before))
    if len(word) < shortest or word in NAMES or word in _ORDINARY or word in common:
        return None
    near = [name for name in sorted(NAMES) if one_edit(word, name) and word != f"{name}s"]
    near = [name for name in near if name[0] == word[0]] or near
    if len(near) != 1 or (len(near[0]) < LONG and not _BEFORE.search(before)):
        return None
    return near[0]


def one_edit(one: str, other: str) -> bool:
    """Whether a letter more, less or other, or two letters exchanged, parts two words."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    left, right = one[start:], other[start:]
    swapped = len(left) > 1 and left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]
