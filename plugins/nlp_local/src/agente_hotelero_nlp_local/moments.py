"""Which dates a mark can mean. Pure; today is a local date of the property."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from agente_hotelero_nlp_local.dates import Mark, valid

Nights = tuple[date, date]
_DAY = timedelta(days=1)
_YEARS_AHEAD = 8


def readings(mark: Mark, today: date, floor: date, language: str) -> list[date]:
    """The dates a mark may mean, likeliest first, none before `floor` unless its year was said."""
    if mark.near is not None or mark.shift:
        plain = replace(mark, near=None, shift=0)
        return [_moved(day, mark) for day in readings(plain, today, floor, language)]
    if mark.wrong or mark.nights or mark.weekend:
        return []
    if mark.ahead is not None:
        return [today + timedelta(days=mark.ahead)]
    if mark.easter is not None:
        return _feast(mark.easter, mark.year, floor)
    if mark.nth_of is not None:
        return _nth_feast(mark.nth_of, mark.year, floor)
    if mark.months_ahead is not None:
        return _in_month(mark.day or 1, today, mark.months_ahead)
    if mark.month is not None and mark.day is not None:
        return _calendar(mark.day, mark.month, mark.year, floor)
    if mark.day is not None:
        return _next_with_day(mark.day, mark.weekday, floor)
    if mark.weekday is None:
        return []
    later = timedelta(weeks=mark.weeks_later)
    return [day + later for day in _weekday(mark, today, floor, language)]


def _moved(day: date, mark: Mark) -> date:
    """The eve of a day, or the weekday next to it."""
    if mark.near is None:
        return day + mark.shift * _DAY
    weekday, way = mark.near
    return day + way * ((way * (weekday - day.weekday()) - 1) % 7 + 1) * _DAY


def _calendar(day: int, month: int, year: int | None, floor: date) -> list[date]:
    if year is not None:
        return [date(year, month, day)]
    years = range(floor.year, floor.year + _YEARS_AHEAD + 1)
    days = (date(y, month, day) for y in years if valid(day, month, y))
    return [found for found in days if found >= floor][:1]


def _next_with_day(day: int, weekday: int | None, floor: date) -> list[date]:
    """The next month that has the day; on this weekday when some month soon agrees."""
    days: list[date] = []
    year, month = floor.year, floor.month
    for _ in range(13):
        if valid(day, month, year) and date(year, month, day) >= floor:
            days.append(date(year, month, day))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    agreeing = [found for found in days[:6] if found.weekday() == weekday]
    return (agreeing or days)[:1]


def _weekday(mark: Mark, today: date, floor: date, language: str) -> list[date]:
    weekday = mark.weekday or 0
    monday = today - timedelta(days=today.weekday())
    in_next_week = monday + timedelta(days=7 + weekday)
    if mark.week == "next week":
        return [in_next_week]
    first = floor + timedelta(days=(weekday - floor.weekday()) % 7)
    if floor > today:
        return [first]
    nearest = first if first > today else first + 7 * _DAY
    if mark.week == "this":
        return [first]
    if mark.week == "other":
        return [first + 7 * _DAY]
    if mark.week == "next":
        both = [in_next_week, nearest] if language == "en" else [nearest, nearest + 7 * _DAY]
        return list(dict.fromkeys(both))
    return [nearest] if first == nearest else [nearest, first]


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    last = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * last) // 451
    month, day = divmod(h + last - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _feast(offset: int, year: int | None, floor: date) -> list[date]:
    years = [year] if year is not None else [floor.year, floor.year + 1]
    days = [easter(y) + timedelta(days=offset) for y in years]
    return [found for found in days if year is not None or found >= floor][:1]


def _nth_feast(when: tuple[int, int, int, int], year: int | None, floor: date) -> list[date]:
    month, nth, weekday, after = when
    years = [year] if year is not None else [floor.year, floor.year + 1]
    days = [_nth_weekday(y, month, nth, weekday) + after * _DAY for y in years]
    return [found for found in days if year is not None or found >= floor][:1]


def _nth_weekday(year: int, month: int, nth: int, weekday: int) -> date:
    """The nth such weekday of a month; -1 is the last."""
    if nth < 0:
        last = (date(year, month, 1) + 32 * _DAY).replace(day=1) - _DAY
        return last - ((last.weekday() - weekday) % 7) * _DAY
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (nth - 1)) * _DAY


def _in_month(day: int, today: date, months: int) -> list[date]:
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return [date(year, month + 1, day)] if valid(day, month + 1, year) else []


def weekend(mark: Mark, today: date, language: str) -> list[Nights]:
    """The weekend from Friday to Sunday, then its other common readings."""
    saturday = _saturday(mark, today, language)
    if saturday is None:
        return []
    friday, sunday, monday = saturday - _DAY, saturday + _DAY, saturday + 2 * _DAY
    return [
        nights
        for nights in ((friday, sunday), (saturday, sunday), (saturday, monday))
        if nights[0] >= today
    ]


def part_of_month(mark: Mark, today: date) -> Nights | None:
    """The nights of the nth week or half of a month; the last week ends with the month."""
    month, nth = mark.month or 1, mark.nth or 1
    year = today.year + (month < today.month)
    following = (date(year, month, 1) + 32 * _DAY).replace(day=1)
    if mark.part == "half":
        middle = date(year, month, 15)
        return (middle + _DAY, following - _DAY) if nth != 1 else (date(year, month, 1), middle)
    if nth < 0:
        return following - 8 * _DAY, following - _DAY
    first = date(year, month, 1) + 7 * (nth - 1) * _DAY
    return first, first + 7 * _DAY


def _saturday(mark: Mark, today: date, language: str) -> date | None:
    if mark.day is not None:
        found = readings(Mark(start=0, end=0, day=mark.day, month=mark.month), today, today, "")
        return found[0] + _to_saturday(found[0]) if found else None
    if mark.month is not None:
        return _saturday_of_month(mark.nth or 1, mark.month, mark.year, today)
    this = today + timedelta(days=(5 - today.weekday()) % 7)
    later = {"other": 1, "next week": 1 if today.weekday() < 6 else 0}
    if mark.week == "next" and (language == "en" or today.weekday() in (4, 5)):
        return this + 7 * _DAY
    return this + later.get(mark.week, 0) * 7 * _DAY


def _to_saturday(day: date) -> timedelta:
    """Sunday belongs to the weekend that began the day before."""
    return -_DAY if day.weekday() == 6 else timedelta(days=5 - day.weekday())


def _saturday_of_month(nth: int, month: int, year: int | None, today: date) -> date:
    first = date(year or today.year, month, 1)
    if year is None and first < today.replace(day=1):
        first = first.replace(year=first.year + 1)
    saturday = first + timedelta(days=(5 - first.weekday()) % 7)
    if nth > 0:
        return saturday + 7 * (nth - 1) * _DAY
    following = (first + 32 * _DAY).replace(day=1)
    return following - timedelta(days=(following.weekday() - 5) % 7 or 7)
