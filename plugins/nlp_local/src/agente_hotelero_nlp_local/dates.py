"""The lexer of dates: places in folded text that name a day, a weekend or a number of nights.

A mark says what was written, not yet which date it is: `moments` decides that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from agente_hotelero_nlp_local.numerals import value


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A place that names time.

    `sure`: it can stand alone ("el 24", but not "24"). `ahead`: days from today. `easter`: days
    from Easter Sunday. `nth_of`: a feast of a weekday (see `calendar_words`). `feast`: a day with a
    name. `week_of`, `bridge`: the week, the long weekend around the date. `event`: what others lie
    around. `weeks_later`: so many weeks after the day named ("Saturday week"). `months_ahead`: the
    day is of this or a later month. `shift`: so many days later than named (-1: its eve). `near`:
    the weekday before (-1) or after (1) what is named. `part`: "week" or "half" of `month`, the
    `nth`. `week`: which occurrence of a weekday or weekend is meant. `nth`: which weekend of
    `month` (-1: the last). `wrong`: written as a date that no calendar has.
    """

    start: int
    end: int
    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    ahead: int | None = None
    easter: int | None = None
    nth_of: tuple[int, int, int, int] | None = None
    feast: bool = False
    week_of: bool = False
    bridge: bool = False
    event: bool = False
    weeks_later: int = 0
    months_ahead: int | None = None
    shift: int = 0
    near: tuple[int, int] | None = None
    part: str = ""
    weekend: bool = False
    nth: int | None = None
    week: str = ""
    nights: tuple[int, ...] = ()
    sure: bool = True
    wrong: bool = False


Maker = Callable[[re.Match[str]], Mark | None]

OLDEST = 2000

NTH = {
    "primer": 1, "primero": 1, "primeiro": 1, "first": 1, "1er": 1, "1o": 1, "segundo": 2,
    "second": 2, "2do": 2, "2o": 2, "tercer": 3, "tercero": 3, "terceiro": 3, "third": 3,
    "cuarto": 4, "quarto": 4, "fourth": 4, "ultimo": -1, "last": -1, "1ra": 1, "2da": 2, "1a": 1,
    "2a": 2, "3ra": 3,
}  # fmt: skip


def valid(day: int, month: int, year: int | None) -> bool:
    """Whether the calendar has this day, in some year when `year` is None."""
    if not (1 <= month <= 12 and day >= 1):
        return False
    leap = year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    longest = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return day <= longest[month - 1]


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.strip(" '")
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _calendar_day(match: re.Match[str], day: int, month: int) -> Mark:
    year = _year(match.groupdict().get("y"))
    return Mark(
        start=match.start(),
        end=match.end(),
        day=day,
        month=month,
        year=year,
        wrong=not valid(day, month, year) or (year is not None and year < OLDEST),
    )


def numeric(match: re.Match[str]) -> Mark | None:
    """Day first, unless only month first makes a date."""
    day, month = int(match["d"]), int(match["m"])
    if match.group() == "24/7":
        return None
    if month > 12 >= day:
        day, month = month, day
    return _calendar_day(match, day, month)


def dashed(match: re.Match[str]) -> Mark | None:
    """ "24-12" is a date; "24-27" and "5-8" are two days, each marked on its own."""
    first, second = int(match["d"]), int(match["m"])
    if second <= 12 and (first > second or match["m"].startswith("0")):
        return _calendar_day(match, first, second)
    return None


def in_month(month: int) -> Maker:
    return lambda match: _calendar_day(match, value(match["d"]), month)


def feast(day: int, month: int) -> Maker:
    return lambda match: replace(_calendar_day(match, day, month), feast=True)


def movable(offset: int) -> Maker:
    return lambda match: Mark(
        start=match.start(), end=match.end(), easter=offset, year=_year(match["y"]), feast=True
    )


def nth_feast(when: tuple[int, int, int, int]) -> Maker:
    return lambda match: Mark(
        start=match.start(), end=match.end(), nth_of=when, year=_year(match["y"]), feast=True
    )


def nth_weekday(number: int) -> Maker:
    """ "El último viernes de enero"."""

    def make(match: re.Match[str]) -> Mark:
        month = next(month for month in range(1, 13) if match[f"m{month}"])
        nth = NTH[re.sub("a$", "o", match["nth"])]
        return Mark(start=match.start(), end=match.end(), nth_of=(month, nth, number, 0))

    return make


def ahead(days: int) -> Maker:
    return lambda match: Mark(start=match.start(), end=match.end(), ahead=days)


def in_some_days(match: re.Match[str]) -> Mark | None:
    """Some days or weeks from today; a day of the week beside weeks is one of that week."""
    weeks = match["unit"][0] in "sw"
    count = value(match["n"]) * (7 if weeks else 1)
    return Mark(start=match.start(), end=match.end(), ahead=count, week_of=weeks)


def some_days_ago(match: re.Match[str]) -> Mark | None:
    days = 7 if match["unit"][0] in "sw" else 1
    count = 2 if re.search("couple|par", match["n"]) else value(match["n"])
    return Mark(start=match.start(), end=match.end(), ahead=-count * days)


def in_weeks(weeks: int) -> Maker:
    return lambda match: Mark(start=match.start(), end=match.end(), ahead=7 * weeks, week_of=True)


def week_of(match: re.Match[str]) -> Mark | None:
    """The week around a date: "la semana del 14 de diciembre"."""
    month = next((number for number in range(1, 13) if match[f"m{number}"]), None)
    day = value(match["d"])
    return Mark(start=match.start(), end=match.end(), day=day, month=month, week_of=True)


def part_of_month(match: re.Match[str]) -> Mark | None:
    """The first week or the second half of a month."""
    month = next((number for number in range(1, 13) if match[f"m{number}"]), None)
    part = "half" if match["half"] else "week"
    nth = NTH[re.sub("a$", "o", match["nth"]) if match["nth"] not in NTH else match["nth"]]
    return Mark(start=match.start(), end=match.end(), month=month, nth=nth, part=part)


def bridge(match: re.Match[str]) -> Mark | None:
    return Mark(start=match.start(), end=match.end(), bridge=True, weekend=True)


def fortnight(match: re.Match[str]) -> Mark | None:
    return _counted(match, 14)


def one_night(match: re.Match[str]) -> Mark | None:
    return Mark(start=match.start(), end=match.end(), nights=(1,))


def nights(match: re.Match[str]) -> Mark | None:
    return _counted(match, *(value(match[name]) for name in ("n", "n2") if match[name]))


def weeks(match: re.Match[str]) -> Mark | None:
    return _counted(match, 7 * value(match["n"]))


def days_long(match: re.Match[str]) -> Mark | None:
    """Five days are five nights to some and four to others."""
    return _counted(match, value(match["n"]), value(match["n"]) - 1)


def _counted(match: re.Match[str], *counts: int) -> Mark | None:
    if counts[0] == 0:
        return None
    positive = tuple(count for count in counts if count)
    return Mark(start=match.start(), end=match.end(), nights=positive)


def _which(match: re.Match[str]) -> str:
    """Which occurrence: "", "this", "next", "next week" or "other" (the one after the next)."""
    said = match.groupdict()
    if said.get("other") or said.get("pre_other"):
        return "other"
    if said.get("nw"):
        return "next week"
    if said.get("next") or said.get("qv"):
        return "next"
    return "this" if said.get("this") else ""


def weekday(number: int) -> Maker:
    def make(match: re.Match[str]) -> Mark:
        return Mark(
            start=match.start(),
            end=match.end(),
            weekday=number,
            week=_which(match),
            day=value(match["d"]) if match["d"] else None,
            weeks_later=1 if match["later"] or match["early"] else 0,
        )

    return make


def weekend(match: re.Match[str]) -> Mark | None:
    return Mark(
        start=match.start(),
        end=match.end(),
        weekend=True,
        week=_which(match),
        month=next((number for number in range(1, 13) if match[f"m{number}"]), None),
        day=value(match["d"]) if match["d"] else None,
        nth=NTH.get(match["nth"] or ""),
        year=_year(match["y"]),
    )


def bare(match: re.Match[str]) -> Mark | None:
    sure = bool(match["art"]) or bool(match["ord"]) or bool(match["next"] or match["this"])
    months = 1 if match["next"] else 0 if match["this"] else None
    day = value(match["d"])
    return Mark(start=match.start(), end=match.end(), day=day, sure=sure, months_ahead=months)
