"""Amounts of money that guests name. Pure, over folded text.

A number is money only beside a currency. "$" and "pesos" are those of several countries: their
currency is `XXX`, ISO 4217's code for none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from agente_hotelero.stays import Money

from agente_hotelero_nlp_local import numeral_words

Span = tuple[int, int]
UNKNOWN = "XXX"
_CURRENCIES = (
    ("USD", r"us\s?\$|u\$s|u\$d|usd|dol(?:ar(?:es|s)?|s)?|dollars?|bucks"),
    ("BRL", r"r\$|brl|reais|reales|real"),
    ("EUR", r"€|eur(?:os?)?"),
    ("GBP", r"£|gbp|libras?(?: esterlinas)?|pounds?|quid"),
    ("ARS", r"pesos argentinos|ar\s?\$|ars"),
    ("MXN", r"pesos mexicanos|mxn"),
    ("CLP", r"pesos chilenos|clp"),
    ("COP", r"pesos colombianos|cop"),
    ("UYU", r"pesos uruguayos|uyu"),
    ("PEN", r"s/\.?|pen|soles"),
    (UNKNOWN, r"\$|pesos?|lucas"),
)
_SIGN = "|".join(f"(?P<c{{n}}_{code}>{words})" for code, words in _CURRENCIES)
_DIGITS = (
    r"\d{1,3}(?:[. ]\d{3}){1,3}(?:,\d{1,2})?|\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,2})?|"
    r"\d{1,12}(?:[.,]\d{1,2})?(?!\d)"
)
_NUMBER = (
    rf"(?P<n{{n}}>{_DIGITS})(?:\s?(?:(?P<k{{n}}>mil|k|lucas|thousand)|"
    r"(?P<mm{n}>millones|millon|milhao|milhoes|million))\b)?"
)
_WORDS = rf"(?P<w>{numeral_words.AMOUNT})"
_BEFORE = (
    rf"(?<!\w)(?!pesos?|lucas|real|reais)(?:{_SIGN.replace('{n}', '1')})\s?"
    rf"{_NUMBER.replace('{n}', '1')}(?![\d\w])"
)
_AFTER = (
    rf"(?<![\w.,:/-])(?:{_NUMBER.replace('{n}', '2')}|{_WORDS})\s?(?:de\s)?"
    rf"(?:{_SIGN.replace('{n}', '2')})(?!\w)"
)
_ANY = re.compile(f"{_BEFORE}|{_AFTER}")


@dataclass(frozen=True, kw_only=True, slots=True)
class AmountRead:
    """An amount, and where it was said."""

    money: Money
    span: Span


def read(text: str) -> list[AmountRead]:
    """All amounts in folded text, in order."""
    return [
        AmountRead(money=Money(amount=_amount(match), currency=_currency(match)), span=match.span())
        for match in _ANY.finditer(text)
    ]


def _currency(match: re.Match[str]) -> str:
    return next(code for code, _ in _CURRENCIES if match[f"c1_{code}"] or match[f"c2_{code}"])


def _amount(match: re.Match[str]) -> Decimal:
    if match["w"]:
        return Decimal(numeral_words.amount(match["w"])).quantize(Decimal("0.01"))
    number = _decimal(match["n1"] or match["n2"])
    slang = (match["c2_XXX"] or "") == "lucas"
    times = 1000 if match["k1"] or match["k2"] or slang else 1
    times = 1_000_000 if match["mm1"] or match["mm2"] else times
    return (number * times).quantize(Decimal("0.01"))


def _decimal(written: str) -> Decimal:
    """The last mark followed by one or two digits parts the cents; all others part thousands."""
    whole, mark, cents = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}))?", written).groups()  # type: ignore[union-attr]
    units = re.sub(r"\D", "", whole)
    return Decimal(f"{units}.{cents}" if mark else units)
