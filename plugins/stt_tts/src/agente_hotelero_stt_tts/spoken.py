"""Written answers as people say them: amounts, dates, times, phones, references, addresses. Pure.

What is recognised is what the agent's templates write (docs/voice.md); the rest of a text is left
to the voice, but for marks that nobody says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from agente_hotelero_stt_tts.numerals import in_words, one_by_one
from agente_hotelero_stt_tts.said_counts import counts, ordinals
from agente_hotelero_stt_tts.said_dates import dates
from agente_hotelero_stt_tts.said_money import amounts
from agente_hotelero_stt_tts.said_words import DEGREES, JOINS, LETTERS, SIGNS, SQUARE_METRES

Rule = Callable[[str, str], str]
LINK = re.compile(r"\bhttps?://\S+")
EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
PHONE = re.compile(r"(?<![\w.,])\+?\d[\d ()-]{6,}\d(?![\w])")
CLOCK = re.compile(
    r"\b(\d{1,2})(?::(\d{2})\b(?: ?hs?\b\.?| ?hrs?\b\.?)?|[hH](\d{2})?(?:min)?\b)"
    r"(?: ?([AaPp])(?:\. ?[Mm]\.|[Mm]\b))?"
)
HOURS = re.compile(r"\b(\d{1,2}) (?:hs?|hrs?)\b\.?")
REFERENCE = re.compile(r"\b(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
CAPITALS = re.compile(r"\b[A-Z]{6,}\b")
PERCENT = re.compile(r"\b(\d+(?:[.,]\d+)?) ?%")
DECIMAL = re.compile(r"(?<![\w])(?<!\d[.,])(\d+)[.,](\d+)\b(?![.,]?\d)")
GROUPED = re.compile(r"\b(?<![.,])[1-9]\d{0,2}(?:[.,]\d{3})+\b")
MINUS = re.compile(r"(?:(?<=^)|(?<=[\s(]))(?<!\d )-(?=\d)", re.MULTILINE)
DEGREES_SIGN = re.compile(r"\b(\d+) ?[º°] ?C\b")
METRES = re.compile(r"(?<=\d) ?m[²2]\b")
MARKS = re.compile(r"[*_~`#•|<>\[\]{}\"“”«»]+")
PICTURES = re.compile("[\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]+")
SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
# What says that a reference comes, where capitals alone are one.
TOLD = re.compile(
    r"((?:reserva|código|referência|referencia|localizador|booking|reference|code)"
    r"(?: es| é| is|:) )"
    r"((?-i:[A-Z]{4,}))\b",
    re.IGNORECASE,
)
CONSONANT = "[BCDFGHJKLMNPQRSTVWXZ]"
# Pairs of consonants within words, and at their beginning, in any of the three languages.
PAIR = r"[LMNRS].|.[LRSH]|(.)\1|[BCDFGKPT]T|C[CKDN]|DG|DV|DW|GN|KN|KW|PC|TC|TW|WN|WK|X[CPTF]|HT|HN"
BEGINS = r".[LRH]|(.)\1|S[CKMNPQTW]|[DT]W|KN|PS|TS|GN|DJ|MC"


def spoken(text: str, language: str) -> str:
    """The words to be said."""
    for rule in RULES:
        text = rule(text, language)
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _without_marks(text: str, language: str) -> str:
    """Nobody says stars and pictures; a link is read, not heard. Digits and signs of other scripts
    become those that the rules know."""
    text = "".join(_plain(mark) for mark in text.replace("\u2212", "-"))
    text = SPACES.sub(" ", re.sub(rf"(?<=\d){SPACES.pattern}(?=\d{{3}}\b)", "", text))
    return MARKS.sub(" ", PICTURES.sub(" ", LINK.sub(" ", text)))


def _plain(mark: str) -> str:
    if mark.isascii() or not mark.isdigit() or mark == "²":
        return mark
    return str(unicodedata.digit(mark))


def _emails(text: str, language: str) -> str:
    joins, signs = JOINS[language], SIGNS[language]

    def say(found: re.Match[str]) -> str:
        parts = re.split(r"([@.+_-])", found.group())
        said = (joins.get(part) or signs.get(part) or _digits(part, language) for part in parts)
        return " ".join(part for part in said if part)

    return EMAIL.sub(say, text)


def _digits(part: str, language: str) -> str:
    return re.sub(r"\d+", lambda found: f" {one_by_one(found.group(), language)} ", part)


def _phones(text: str, language: str) -> str:
    """In the groups in which they are written, digit by digit."""

    def say(found: re.Match[str]) -> str:
        number = found.group()
        if sum(mark.isdigit() for mark in number) < 8:
            return number
        groups = [one_by_one(group, language) for group in re.findall(r"\d+", number)]
        plus = f"{SIGNS[language]['+']} " if number.startswith("+") else ""
        return plus + ", ".join(groups)

    return PHONE.sub(say, text)


def _times(text: str, language: str) -> str:
    """As templates write them: 14:30, and in English 2:30 PM."""

    def say(found: re.Match[str]) -> str:
        hours, minutes = int(found[1]), int(found[2] or found[3] or 0)
        if hours > 24 or minutes > 59:
            return found.group()
        half = f" {found[4].lower()}.m." if found[4] else ""
        feminine = language != "en"
        said = in_words(hours, language, feminine=feminine)
        if language == "en":
            return _english_time(said, minutes, half)
        if language == "pt" or not (minutes or half):
            said += " hora" if hours == 1 else " horas"
        joined = " y " if language == "es" else " e "
        return said + (joined + in_words(minutes, language) if minutes else "") + half

    return HOURS.sub(lambda found: f"{found[1]} {_hours(found[1], language)}", CLOCK.sub(say, text))


def _hours(digits: str, language: str) -> str:
    one = {"es": "hora", "pt": "hora", "en": "hour"}[language]
    return one if int(digits) == 1 else f"{one}s"


def _english_time(hours: str, minutes: int, half: str) -> str:
    letters = {" a.m.": " ay em", " p.m.": " pee em"}.get(half, "")
    if not minutes:
        return hours + (letters or " o'clock")
    few = in_words(minutes, "en")
    return f"{hours} {'oh ' if minutes < 10 else ''}{few}{letters}"


def _references(text: str, language: str) -> str:
    """Letters by their names and digits one by one, in threes."""

    def letters(found: re.Match[str]) -> str:
        return found.group() if is_word(found.group()) else _spelled(found.group(), language)

    text = TOLD.sub(lambda found: found[1] + _spelled(found[2], language), text)
    text = REFERENCE.sub(lambda found: _spelled(found.group(), language), text)
    return CAPITALS.sub(letters, text)


def _spelled(reference: str, language: str) -> str:
    names = [
        one_by_one(mark, language) if mark.isdigit() else LETTERS[language][mark.lower()]
        for mark in reference
        if mark.isalnum()
    ]
    return ", ".join(" ".join(names[n : n + 3]) for n in range(0, len(names), 3))


def is_word(letters: str) -> bool:
    """Whether capitals may be a word of some language that is shouted, and no reference: words have
    vowels, and few pairs of consonants."""
    if not re.search(r"[AEIOUY]", letters) or re.search(r"Q(?!U)", letters):
        return False
    pairs = re.findall(rf"(?=({CONSONANT}{CONSONANT}))", letters)
    odd = sum(not re.fullmatch(PAIR, pair) for pair in pairs)
    begins = re.match(rf"(?!{BEGINS}){CONSONANT}{CONSONANT}", letters) is not None
    return odd + begins < 2


def _numbers(text: str, language: str) -> str:
    joins = JOINS[language]

    def fraction(found: re.Match[str]) -> str:
        whole = in_words(int(found[1]), language)
        return f"{whole} {joins['decimal']} {_decimals(found[2], language)}"

    text = MINUS.sub(f"{SIGNS[language]['minus']} ", text)
    text = PERCENT.sub(lambda found: f"{found[1]} {joins['%']}", text)
    text = DEGREES_SIGN.sub(lambda f: f"{f[1]} {DEGREES[language][f[1] != '1']}", text)
    text = ordinals(text, language)
    text = METRES.sub(f" {SQUARE_METRES[language]}", text)
    text = GROUPED.sub(lambda found: re.sub(r"[.,]", "", found.group()), text)
    text = counts(DECIMAL.sub(fraction, text), language)
    return _digits(text, language)


def _decimals(digits: str, language: str) -> str:
    """As a number where that is heard as the same one: 10,05 is not 10,5."""
    if language == "en" or digits.startswith("0") or len(digits) > 2:
        return one_by_one(digits, language)
    return in_words(int(digits), language)


RULES: tuple[Rule, ...] = (
    _without_marks,
    _emails,
    amounts,
    dates,
    _times,
    _phones,
    _references,
    _numbers,
)
