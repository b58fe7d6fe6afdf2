"""Amounts in words, up to hundreds of thousands, in the three languages (folded). Pure."""

from __future__ import annotations

import re

_UNITS = (
    "uno un una um uma one", "dos dois duas two", "tres three", "cuatro quatro four",
    "cinco five", "seis six", "siete sete seven", "ocho oito eight", "nueve nove nine",
    "diez dez ten", "once onze eleven", "doce doze twelve", "trece treze thirteen",
    "catorce quatorze catorze fourteen", "quince quinze fifteen",
    "dieciseis dezesseis dezasseis sixteen", "diecisiete dezessete dezassete seventeen",
    "dieciocho dezoito eighteen", "diecinueve dezenove dezanove nineteen",
)  # fmt: skip
_TENS = (
    "veinte vinte twenty", "treinta trinta thirty", "cuarenta quarenta forty",
    "cincuenta cinquenta fifty", "sesenta sessenta sixty", "setenta seventy",
    "ochenta oitenta eighty", "noventa ninety",
)  # fmt: skip
_HUNDREDS = (
    "cien ciento cem cento", "doscientos duzentos", "trescientos trezentos",
    "cuatrocientos quatrocentos", "quinientos quinhentos", "seiscientos seiscentos",
    "setecientos setecentos", "ochocientos oitocentos", "novecientos novecentos",
)  # fmt: skip
_THOUSAND = frozenset({"mil", "thousand"})
_HUNDRED = frozenset({"hundred"})


def _values() -> dict[str, int]:
    steps = ((_UNITS, 1, 1), (_TENS, 20, 10), (_HUNDREDS, 100, 100))
    return {
        word: first + step * place
        for names, first, step in steps
        for place, words in enumerate(names)
        for word in words.split()
    } | {
        f"veinti{unit}": 20 + n
        for n, unit in enumerate(["un", "dos", "tres", "cuatro", "cinco", "seis"], 1)
    }


WORDS = _values()
_ANY = "|".join(sorted({*WORDS, *_THOUSAND, *_HUNDRED}, key=len, reverse=True))
AMOUNT = rf"(?:{_ANY})(?:(?:\s+(?:y|e|and)\s+|[\s-]+)(?:{_ANY})){{0,7}}(?!\w)"
"""Some number words in a row."""


def amount(text: str) -> int:
    """What the words that `AMOUNT` matched are worth."""
    total, group = 0, 0
    for word in re.findall(r"\w+", text):
        if word in _THOUSAND:
            total, group = total + 1000 * max(group, 1), 0
        elif word in _HUNDRED:
            group = 100 * max(group, 1)
        else:
            group += WORDS.get(word, 0)
    return total + group
