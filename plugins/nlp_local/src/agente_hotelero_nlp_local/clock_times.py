"""Times of day, as guests say them. Pure, over folded text.

"A las 6 y media de la tarde", "22h40", "quarter to eight", "half six", "meia-noite e quinze". A
time that could be of the morning or of the evening is read as it stands, with the other one beside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time
from functools import lru_cache

from agente_hotelero_nlp_local.calendar_words import MONTH
from agente_hotelero_nlp_local.numerals import NUMBER, value
from agente_hotelero_nlp_local.text import mask

Span = tuple[int, int]
NOON, MIDNIGHT, DAY = 12, 24, 24 * 60
_W = r"(?<![\w¤:.,/-])"
_HOURS = (
    "una dos tres cuatro cinco seis siete ocho nueve diez once doce uma duas quatro sete oito nove "
    "dez onze doze one two three four five six seven eight nine ten eleven twelve"
)
WORD_HOUR = "|".join(sorted(set(_HOURS.split()), key=len, reverse=True))
_HOUR = rf"(?P<h>2[0-4]|1\d|0?\d|{WORD_HOUR})"
_QUARTER = r"(?:un )?cuarto|(?:a )?quarter|quarto"
_HALF = r"media|meia|half"
_MINUTES = rf"(?P<m>{_QUARTER}|{_HALF}|[0-5]?\d|{NUMBER})"
_UNIT = r"(?:\s*(?:hs?|hrs?|horas?|o'?clock)\b\.?)?"
_LETTERS = r"(?<![a-z])[ap]\.?\s?m\b\.?"
_SAID_PART = (
    r"\s*,?\s*(?:(?:(?:de|a|por|en) la|da|de|a|pela|in the|at|this|of the)\s+)?"
    r"(?P<part>tarde|tardinha|tardecita|noche|noite|manana|manha|mananita|madrugada|evening|"
    rf"afternoon|night|morning|{_LETTERS})"
)
_PART = f"(?:{_SAID_PART})?"
# Numbers before these count things, not hours.
_THINGS = (
    r"(?!\s*(?:[a-z]+\s)?(?:(?<!la )(?<!da )(?<!in the )(?<!de )(?<!por )(?<!at )(?:noches?|"
    r"noites?|nights?)|dias?|days?|semanas?|weeks?|mes(?:es)?\b|months?|"
    r"personas?|pessoas?|people|guests?|pax|adult|nin[oa]s?|chic[oa]s|nen[ea]s?|hij[oa]s?|crianca|"
    rf"(?:de|of|do)\s+(?!la\b|madrugada)[a-z]{{3,}}|(?:st|nd|rd|th)?\s*{MONTH}|"
    r"kids?|children|habitac|habs?\b|quartos?\b(?! (?:pr|para))|rooms?|camas?|beds?|cuadras?|"
    r"quadras?|blocks?|km|min|anos?\b|years?|%|usd|eur|reais|pesos|dolar|euros?)|[\d/]|[.,:-]\d)"
)
_AT_ES = (
    r"(?:a|para|hasta|desde|entre|sobre|hacia|de|tipo|por|y|antes de|despues de|son|eso de|pra)"
    r"\s+las?"
)
_AT_PT = r"(?:(?:ate|entre|para|apos|e)\s+)?as|das|pelas|pras"
_AT_EN = r"at|around|about|by|until|till?|before|after|than"
_AROUND = r"(?:tipo|onda|a eso de|como a|cerca de|por volta de|por volta)(?: las?| as| das)?"
_RANGE = re.compile(
    r"(?<!\w)(?:de|das|desde|entre|between|from)\s+(?:las?\s+|as\s+)?(?P<h>2[0-3]|1\d|0?\d)\s*"
    r"(?:a|to|y|and|e|-|ate|hasta)\s*(?:las?\s+|as\s+)?$"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockRead:
    """A time of day, its other reading if there is one, and its place."""

    at: time
    others: tuple[time, ...] = ()
    span: Span
    part: str = ""


Maker = Callable[[re.Match[str]], ClockRead | None]


def _of_hour(match: re.Match[str]) -> ClockRead | None:
    """Hour, and minutes after or before it, at a part of the day."""
    said = match.groupdict()
    hour = _number(match["h"])
    minutes = _minutes(said.get("m") or "0")
    if hour > MIDNIGHT or minutes >= 60:
        return None
    part = _part_of(said.get("part"))
    total = _in_the(part, hour) * 60 + (-minutes if said.get("less") else minutes)
    others = () if part or not _is_open(match["h"], hour) else (_clock(total + DAY // 2),)
    return ClockRead(at=_clock(total), others=others, span=match.span(), part=part)


def _of_bare_hour(match: re.Match[str]) -> ClockRead | None:
    """ "Until 6", but "11 till 13" are days."""
    said = _of_hour(match)
    ranged = re.search(r"\d\w*\s*$", match.string[: match.start()]) is not None
    return None if ranged and said is not None and not said.part else said


def _at(hour: int) -> Maker:
    def make(match: re.Match[str]) -> ClockRead:
        minutes = _minutes(match["m"]) if match["m"] else 0
        return ClockRead(at=_clock(hour * 60 + minutes), span=match.span(), part="said")

    return make


def _number(text: str) -> int:
    return 1 if text in ("una", "uma") else value(text)


def _minutes(text: str) -> int:
    if re.fullmatch(_QUARTER, text):
        return 15
    return 30 if re.fullmatch(_HALF, text) else value(text)


def _part_of(text: str | None) -> str:
    """ "am", "pm", "evening" (always after noon), "night" (before and after midnight) or none."""
    if text is None:
        return ""
    letters = re.sub(r"[^a-z]", "", text)
    if letters in ("am", "manana", "manha", "mananita", "madrugada", "morning"):
        return "am"
    return "night" if letters in ("noche", "noite", "night") else "pm"


def _in_the(part: str, hour: int) -> int:
    """The hour of 24 for an hour of 12 at a part of the day."""
    if part == "am":
        return hour % NOON if hour == NOON else hour
    if part == "pm":
        return hour + NOON if hour < NOON else hour
    if part == "night":
        return {NOON: 0}.get(hour, hour + NOON if 6 <= hour < NOON else hour)
    return hour


def _is_open(written: str, hour: int) -> bool:
    return 1 <= hour <= NOON and not written.startswith("0")


def _clock(minutes: int) -> time:
    return time(*divmod(minutes % DAY, 60))


def _written() -> Iterator[tuple[str, Maker]]:
    """Patterns in the order in which they claim text."""
    special = r"(?:\s*(?:y|e|and)\s+(?P<m>media|meia|cuarto|quarto|quinze|quince|dez|diez))?"
    yield (
        rf"{_W}(?:(?:a )?las )?12 (?:del mediodia|do meio[ -]dia|noon)(?P<m>(?!))?(?!\w)",
        _at(NOON),
    )
    yield rf"{_W}(?:mediodia|meio[ -]dia|noon|midday){special}(?!\w)", _at(NOON)
    yield rf"{_W}(?:medianoche|meia[ -]noite|midnight){special}(?!\w)", _at(0)
    yield (
        (
            rf"{_W}(?P<h>2[0-4]|1\d|0?\d)(?:[:h]|\s?hs?\s?|(?:(?<=\bat \d\d)|(?<=\bas \d\d))\.|"
            rf"\.(?=\d\d\s*(?:hs?|hrs?|horas|am|pm)\b)"
            r"|\s(?=\d\d\s+(?:in the|at|afternoon|evening|night|morning|de la|da)\b))"
            rf"(?P<m>[0-5]\d)(?!\d){_UNIT}{_PART}(?!\w)"
        ),
        _of_hour,
    )
    minutes = rf"(?P<m>{_QUARTER}|half|five|ten|twenty(?:[ -]five)?|(?:5|[1-5][05])(?=\s+past))"
    past = r"(?:past|after|(?P<less>to|before))"
    yield rf"{_W}{minutes}\s+{past}\s+{_HOUR}{_UNIT}{_PART}(?!\w)", _of_hour
    # "5 to 10" is a range, unless a part of the day makes a time of it.
    yield rf"{_W}(?P<m>5|[1-5][05])\s+(?P<less>to)\s+{_HOUR}{_UNIT}{_SAID_PART}(?!\w)", _of_hour
    yield rf"{_W}(?P<m>half)\s+{_HOUR}{_PART}(?!\w)", _of_hour
    few = rf"(?P<m>{_QUARTER}|5|10|15|20|25|cinco|diez|dez|quin[cz]e|veinte|vinte|veinticinco)"
    yield (
        (
            rf"(?<!para )(?<!pra )(?<!p/)(?<!x ){_W}{few}\s+(?P<less>para|pra?s?|p/)\s*(?:las?|"
            rf"as?)?\s*"
            rf"{_HOUR}(?!\w){_THINGS}{_UNIT}{_PART}(?!\w)"
        ),
        _of_hour,
    )
    after = rf"(?:\s+(?:y|e|(?P<less>menos))\s+{_MINUTES}(?!\w){_THINGS})?"
    at = rf"(?:{_AT_ES}|{_AT_PT})"
    yield rf"{_W}{at}\s+{_HOUR}(?!\w){_THINGS}{after}{_UNIT}{_PART}(?!\w)", _of_hour
    yield rf"{_W}{_HOUR}\s*(?P<part>{_LETTERS})(?!\w)", _of_hour
    hours = r"(?P<h>2[0-3]|1\d|0?\d)\s?(?:hs|h|hrs?)\b(?!\s*(?:de |por dia|al dia))"
    yield rf"(?<!en ){_W}{hours}{_PART}", _of_hour
    yield rf"{_W}(?:{_AROUND})\s+{_HOUR}(?!\w){_THINGS}{_UNIT}{_PART}(?!\w)", _of_hour
    no_day = r"(?<!\bel )(?<!\bdia )(?<!\bthe )(?<!\bo )"
    yield rf"{no_day}{_W}{_HOUR}{_THINGS}{after}{_SAID_PART}(?!\w)", _of_hour
    yield rf"{_W}(?:{_AT_EN})\s+{_HOUR}(?!\w){_THINGS}{_UNIT}{_PART}(?!\w)", _of_bare_hour


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], Maker], ...]:
    return tuple((re.compile(pattern), make) for pattern, make in _written())


def read(text: str) -> list[ClockRead]:
    """All times of day in folded text, in order, none overlapping."""
    free = text
    found: list[ClockRead] = []
    for pattern, make in _patterns():
        for match in pattern.finditer(free):
            said = make(match)
            if said is not None:
                found.append(said)
                free = mask(free, [said.span])
    found += [first for said in found for first in _opening(said, free)]
    found.sort(key=lambda said: said.span)
    return [
        _shared(said, found[number + 1] if number + 1 < len(found) else None, text)
        for number, said in enumerate(found)
    ]


def _opening(said: ClockRead, free: str) -> Iterator[ClockRead]:
    """ "De 8 a 10 hs": the bare number that a range of hours begins with."""
    match = _RANGE.search(free[: said.span[0]])
    if match is not None:
        hour = int(match["h"])
        others = (_clock(hour * 60 + DAY // 2),) if _is_open(match["h"], hour) else ()
        yield ClockRead(at=_clock(hour * 60), others=others, span=match.span("h"))


def _shared(said: ClockRead, after: ClockRead | None, text: str) -> ClockRead:
    """ "Entre las 8 y las 9 de la noche": the part of the day is said once for both."""
    if after is None or said.part or after.part in ("", "said") or not said.others:
        return said
    between = text[said.span[1] : after.span[0]]
    if not re.fullmatch(r"\s*(?:y|e|and|to|till?|a|o|ou|or|-|ate|hasta)?\s*", between):
        return said
    moved = _clock(_in_the(after.part, said.at.hour) * 60 + said.at.minute)
    return replace(said, at=moved, others=(), part=after.part)
