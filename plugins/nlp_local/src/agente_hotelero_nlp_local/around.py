"""Days that are said beside what they lie around: "para carnaval, del sábado al martes". Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agente_hotelero_nlp_local import moments
from agente_hotelero_nlp_local.dates import Mark

_DAY = timedelta(days=1)
_NEAR = 13


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """A day that others lie around; `week`: they are days of its week, from Monday to Sunday."""

    mark: Mark
    day: date
    week: bool


def anchor(found: Sequence[Mark], today: date, language: str) -> Anchor | None:
    """What the other marks lie around: a feast, a week or a weekend with a date, if all others
    are bare days or weekdays."""
    for mark in found:
        others = [other for other in found if other is not mark]
        if not _can_hold(mark) or not others or not all(_is_bare(other) for other in others):
            continue
        day = _day_of(mark, today, language)
        if day is not None:
            return Anchor(mark=mark, day=day, week=mark.week_of or mark.weekend)
    return None


def arrival(mark: Mark, last: Mark | None, held: Anchor, today: date) -> date | None:
    """The day that `mark` means near the anchor; with `last`, so that the stay takes it in."""
    days = [held.day + n * _DAY for n in range(-_NEAR, _NEAR + 1) if held.day + n * _DAY >= today]
    fitting = [day for day in days if _fits(mark, day)]
    if held.week:
        monday = held.day - held.day.weekday() * _DAY
        inside = [day for day in fitting if monday <= day < monday + 7 * _DAY]
        fitting = inside or fitting
    around = [day for day in fitting if last is not None and day <= held.day <= _end(day, last)]
    chosen = around or fitting
    return min(chosen, key=lambda day: abs(day - held.day), default=None)


def bridge(day: date) -> tuple[date, date] | None:
    """Arrival and departure of the long weekend that a free day makes; none in mid-week."""
    spans = {0: (-3, 0), 1: (-4, 0), 3: (0, 3), 4: (0, 2), 5: (-1, 1), 6: (-2, 1)}
    span = spans.get(day.weekday())
    return (day + span[0] * _DAY, day + span[1] * _DAY) if span else None


def _can_hold(mark: Mark) -> bool:
    dated = (mark.weekend or mark.bridge) and mark.day is not None
    return mark.feast or mark.event or mark.week_of or dated


def _is_bare(mark: Mark) -> bool:
    named = mark.weekday is not None or (mark.day is not None and mark.month is None)
    return named and not mark.week and mark.year is None and not mark.feast and not mark.nights


def _day_of(mark: Mark, today: date, language: str) -> date | None:
    if mark.weekend:
        found = moments.weekend(mark, today, language)
        return found[0][0] if found else None
    days = moments.readings(mark, today, today, language)
    return days[0] if days else None


def _fits(mark: Mark, day: date) -> bool:
    if mark.day is not None:
        return day.day == mark.day
    return day.weekday() == mark.weekday


def _end(first: date, last: Mark) -> date:
    """The next day after `first` that `last` can mean."""
    days = (first + n * _DAY for n in range(1, 32))
    return next((day for day in days if _fits(last, day)), first)
