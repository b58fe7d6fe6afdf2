"""Written sums as people say them: a currency's code or sign, a minus, and hundredths. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import get_currency_name, is_currency

from agente_hotelero_stt_tts.numerals import before_noun, in_words, one_by_one
from agente_hotelero_stt_tts.said_words import CURRENCIES, JOINS, SIGNS

NUMBER = r"\d[\d.,]*\d|\d"
# As Latin America writes them; a bare "$" is said by `DOLLAR`.
MARKED = {
    "R$": "BRL", "US$": "USD", "U$S": "USD", "U$D": "USD", "AR$": "ARS", "MX$": "MXN",
    "S/": "PEN", "€": "EUR", "£": "GBP",
}  # fmt: skip
# Whose "$" it is, the text does not say: the word is the sign's own. Hotels write codes.
DOLLAR = {"es": ("peso", "pesos"), "pt": ("dólar", "dólares"), "en": ("dollar", "dollars")}
MARK = "|".join(re.escape(mark) for mark in MARKED) + r"|\$"
BEFORE = re.compile(rf"(?<![\w$])([A-Z]{{3}} |(?:{MARK}) ?)(-?)({NUMBER})")
AFTER = re.compile(rf"(?<![\w.,])(?<!\d )(-?)({NUMBER}) ?((?<= )[A-Z]{{3}}\b|€|£|US\$)(?! ?\d)")
# Codes that are words too: "TOP 10".
WORDS = frozenset({"ALL", "BAM", "CUP", "GEL", "LAK", "MOP", "SOS", "TOP", "TRY"})


def amounts(text: str, language: str) -> str:
    """The text with its sums in words."""
    text = BEFORE.sub(lambda found: _said(found, found[1], found[2], found[3], language), text)
    return AFTER.sub(lambda found: _said(found, found[3], found[1], found[2], language), text)


def _said(found: re.Match[str], mark: str, minus: str, written: str, language: str) -> str:
    mark = mark.strip()
    number = as_number(written, language)
    code = MARKED.get(mark, mark)
    if number is None or not (mark == "$" or code in MARKED.values() or _is_code(code, number)):
        return found.group()
    sign = f"{SIGNS[language]['minus']} " if minus else ""
    return sign + _sum(code, *number, language)


def _is_code(code: str, number: tuple[int, str]) -> bool:
    return is_currency(code) and (code not in WORDS or len(number[1]) == 2)


def _sum(code: str, units: int, decimals: str, language: str) -> str:
    currency = CURRENCIES[language].get(code)
    if currency is None and code != "$":
        return _with_name(code, units, decimals, language)
    one, many = (currency.one, currency.many) if currency else DOLLAR[language]
    said = in_words(units, language, feminine=bool(currency and currency.feminine))
    whole = f"{_before_unit(said, units, language)} {one if units == 1 else many}"
    cents = int((decimals + "0")[:2])
    if not cents:
        return whole
    few = before_noun(in_words(cents, language), language)
    cent, hundredths = (currency.cent, currency.cents) if currency else CENTS[language]
    return f"{whole} {JOINS[language]['cents']} {few} {cent if cents == 1 else hundredths}"


CENTS = {
    "es": ("centavo", "centavos"),
    "pt": ("centavo", "centavos"),
    "en": ("cent", "cents"),
}


def _with_name(code: str, units: int, decimals: str, language: str) -> str:
    """A currency whose hundredths we have no word for: "twelve point oh five Swiss francs"."""
    said = in_words(units, language)
    name = get_currency_name(code, count=1 if units == 1 else 2, locale=language)
    name = name.partition(" (")[0]
    if decimals.strip("0"):
        return f"{said} {JOINS[language]['decimal']} {one_by_one(decimals, language)} {name}"
    return f"{_before_unit(said, units, language)} {name}"


def _before_unit(said: str, units: int, language: str) -> str:
    of = " de" if language != "en" and units >= 10**6 and units % 10**6 == 0 else ""
    return before_noun(said, language) + of


def as_number(written: str, language: str) -> tuple[int, str] | None:
    """Units and the decimal part as written. English writes 1,234.50, the others 1.234,50; what
    fits only the other's way is read so, and what fits none is no number."""
    own = (",", ".") if language == "en" else (".", ",")
    for group, point in (own, own[::-1]):
        shape = rf"(\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+)(?:{re.escape(point)}(\d{{1,2}}))?"
        found = re.fullmatch(shape, written)
        if found is not None:
            return int(Decimal(found[1].replace(group, ""))), found[2] or ""
    return None
