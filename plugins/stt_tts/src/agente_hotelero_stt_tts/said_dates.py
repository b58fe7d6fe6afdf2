"""Written dates as people say them, where a whole one stands. Pure.

Shortened names are words of their own too ("vista al mar", "pode ter", "you may"): they are days
and months only within a date as templates write it.
"""

from __future__ import annotations

import re
from datetime import date

from agente_hotelero_stt_tts.numerals import MONTHS, in_words, ordinal
from agente_hotelero_stt_tts.said_words import (
    ALWAYS,
    BEFORE_DATES,
    DAYS_CUT,
    MONTHS_CUT,
    SIGNS,
)

ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
WITH_YEAR = re.compile(r"(?<![\w/.-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4})\b(?![/-]\d)")
SLASHED = re.compile(r"(?<![\w/.,])(\d{1,2})/(\d{1,2})\b(?![/\d]|[.,]\d)")
ALL_DAY = re.compile(r"\b24 ?/ ?7\b(?!/)")
# English months and days that are words as well count only with a capital.
WORDS = frozenset({"mar", "march", "may", "sat", "sun"})
# After a day of the month; anything else after "May 5" may be what is counted.
AFTER_MAY = r"(?! (?!(?:to|at|from|and|until|till|or|for|is|in|with|through|by|on|the)\b)[a-z])"


def dates(text: str, language: str) -> str:
    """As templates write them ("jue 24 de dic de 2026", "Thu, Dec 24, 2026"), and in digits."""
    text = ALL_DAY.sub(ALWAYS[language], text)
    text = ISO.sub(lambda f: _valid(f, int(f[3]), int(f[2]), int(f[1]), language), text)
    text = _weekdays(text, language)
    text = WITH_YEAR.sub(lambda f: _in_digits(f, f[1], f[3], int(f[4]), language), text)
    text = _slashed(text, language)
    return _english(text) if language == "en" else _latin(text, language)


def _weekdays(text: str, language: str) -> str:
    """Before a date only."""
    names, months = "|".join(DAYS_CUT[language]), "|".join(_months(language))
    named = rf"(?:{months})\.? \d{{1,2}}\b"
    if language != "en":
        named = rf"\d{{1,2}}[º°]? (?:de )?(?:{months})\b"
    in_digits = r"\d{1,2}/\d{1,2}\b|\d{1,2}[.-]\d{1,2}[.-]\d{4}"

    def say(found: re.Match[str]) -> str:
        if language == "en" and found[1] in WORDS:
            return found.group()
        return DAYS_CUT[language][found[1].lower()] + found[2]

    return re.sub(
        rf"\b({names})\.?(,?)(?= (?:{named}|{in_digits}))",
        say,
        text,
        flags=re.IGNORECASE,
    )


def _slashed(text: str, language: str) -> str:
    """Day and month without a year, after a word that announces a date or beside another one; else
    it may be a half, or 9 of 10."""
    announced = re.compile(rf"(?:^|[^\w])(?:{BEFORE_DATES[language]})[,:]? $", re.IGNORECASE)
    last = -1

    def say(found: re.Match[str]) -> str:
        nonlocal last
        before = text[: found.start()]
        beside = last >= 0 and len(before[last:]) <= 5
        two = len(found[1]) == len(found[2]) == 2
        if not (announced.search(before) or beside or two):
            first, second = (in_words(int(one), language) for one in found.groups())
            return f"{first} {SIGNS[language]['/']} {second}"
        last = found.end()
        return _in_digits(found, found[1], found[2], None, language)

    return SLASHED.sub(say, text)


def _in_digits(
    found: re.Match[str], first: str, second: str, year: int | None, language: str
) -> str:
    day, month = int(first), int(second)
    if language == "en" and month <= 31 and day <= 12:
        day, month = month, day
    return _valid(found, day, month, year, language)


def _valid(found: re.Match[str], day: int, month: int, year: int | None, language: str) -> str:
    """What is no day of the calendar stays as it is."""
    try:
        date(year or 2024, month, day)
    except ValueError:
        return found.group().replace("/", f" {SIGNS[language]['/']} ")
    return _date(day, month, year, language)


def _months(language: str) -> tuple[str, ...]:
    cut = (*MONTHS[language], *MONTHS_CUT[language])
    return (*cut, "sept")


def _latin(text: str, language: str) -> str:
    cut = "|".join(_months(language))
    year = r"(\d{4})\b"
    pattern = (
        rf"\b(\d{{1,2}})[º°]? de ({cut})\b(?:\.? de {year})?"
        rf"|\b(\d{{1,2}}) ({cut})\b\.? (?:de )?{year}"
    )

    def say(found: re.Match[str]) -> str:
        day, name, written = (found[1], found[2], found[3]) if found[1] else found.group(4, 5, 6)
        month = _month(name, language)
        return _valid(found, int(day), month, int(written) if written else None, language)

    return re.sub(pattern, say, text, flags=re.IGNORECASE)


def _english(text: str) -> str:
    cut = "|".join(_months("en"))
    day = r"(\d{1,2})(?:st|nd|rd|th)?\b(?![:/%]|[.,]\d)"
    pattern = rf"\b((?i:{cut}))\.? {day}(?:, (\d{{4}})\b|{AFTER_MAY})"

    def say(found: re.Match[str]) -> str:
        if found[1] in WORDS:
            return found.group()
        year = int(found[3]) if found[3] else None
        return _valid(found, int(found[2]), _month(found[1], "en"), year, "en")

    return re.sub(pattern, say, text)


def _month(written: str, language: str) -> int:
    return [one[:3].lower() for one in MONTHS[language]].index(written[:3].lower()) + 1


def _date(day: int, month: int, year: int | None, language: str) -> str:
    name = MONTHS[language][month - 1]
    if language == "en":
        return f"{name} {ordinal(day)}" + (f", {_english_year(year)}" if year else "")
    first = {"es": "primero", "pt": "primeiro"}[language]
    said = first if day == 1 else in_words(day, language)
    return f"{said} de {name}" + (f" de {in_words(year, language)}" if year else "")


def _english_year(year: int) -> str:
    head, tail = divmod(year, 100)
    if tail == 0 or 2000 <= year < 2010:
        return in_words(year, "en")
    small = f"oh {in_words(tail, 'en')}" if tail < 10 else in_words(tail, "en")
    return f"{in_words(head, 'en')} {small}"
