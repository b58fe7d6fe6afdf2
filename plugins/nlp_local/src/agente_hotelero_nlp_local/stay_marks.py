"""Which of the marks in a text are meant, and what several of them mean together. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from agente_hotelero_nlp_local import stay_words as words
from agente_hotelero_nlp_local.date_patterns import lone_month, marks, next_week_said
from agente_hotelero_nlp_local.dates import Mark, valid
from agente_hotelero_nlp_local.numerals import DIGITS, NUMBER, value
from agente_hotelero_nlp_local.text import mask

_OFF = words.OFF.replace("{number}", NUMBER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    text: str
    today: date
    language: str
    awaited: bool
    topic: date | None


def meant(context: Context) -> tuple[list[Mark], list[Mark]]:
    """The dates, and the numbers of nights, that are said of a stay to come."""
    text = context.text
    found = [mark for mark in marks(text, context.language) if not _adds(mark, text)]
    found = [mark for mark in found if mark.ahead is None or mark.ahead >= 0]
    found = _not_refused(_without_hours(found, context), text)
    found = _in_month_said(_joined([_off(mark, text) for mark in found], context), text)
    found = _in_year_said(_either(found, text), context)
    if next_week_said(text):
        found = [_in_next_week(mark) for mark in found]
    dated = _bridged([mark for mark in found if not mark.nights], context)
    if any(mark.month for mark in dated):
        dated = [mark for mark in dated if not (mark.weekend and _is_undated(mark))]
    return dated, [mark for mark in found if mark.nights]


def of_the_future(text: str) -> str:
    """The text without its clauses about the past: "estuve del 10 al 12 y me dejé el abrigo"."""
    spans = [
        match.span()
        for match in re.finditer(r"[^.!?;:,\n]+", text)
        if re.search(words.PAST, match.group())
    ]
    return mask(text, [*spans, *(match.span() for match in re.finditer(words.WISHES, text))])


def _joined(found: list[Mark], context: Context) -> list[Mark]:
    """ "Mañana lunes" is one day, "the Wednesday before Thanksgiving" another; a street is none."""
    text = context.text
    joined: list[Mark] = []
    for mark in found:
        last = joined[-1] if joined else None
        between = text[last.end : mark.start] if last else ""
        if re.search(words.STREET, text[: mark.start]):
            continue
        if last and _says_again(last, mark, between):
            joined[-1] = replace(last, end=mark.end)
        elif last and is_weekday(last) and is_dated(mark) and _way(between):
            near = (last.weekday or 0, _way(between))
            joined[-1] = replace(mark, start=last.start, near=near)
        else:
            joined.append(mark)
    return joined


def _says_again(last: Mark, mark: Mark, between: str) -> bool:
    """ "Mañana lunes", "hoje, véspera do 25": a day, and which one that is."""
    near = (last.ahead is not None and not last.week_of) or last.month is not None
    again = is_weekday(mark) or (mark.shift != 0 and last.month is None)
    return near and again and re.fullmatch(r",?\s+\(?", between) is not None


def is_weekday(mark: Mark) -> bool:
    return mark.weekday is not None and mark.day is None


def _way(between: str) -> int:
    if re.fullmatch(words.BEFORE, between):
        return -1
    return 1 if re.fullmatch(words.AFTER, between) else 0


def _off(mark: Mark, text: str) -> Mark:
    """ "Véspera do 25 de abril" is the day before, "dos días después de Navidad" another; "la boda
    es el 9 de enero" is what other days lie around."""
    if not is_dated(mark):
        return mark
    match = re.search(_OFF, text[: mark.start])
    if match is None:
        event = re.search(words.EVENT, text[: mark.start]) is not None
        return replace(mark, event=event)
    count = 1 if match["eve"] or match["n"] in (None, "el", "o", "the", "al") else value(match["n"])
    early = bool(match["eve"] or match["before"])
    return replace(mark, start=match.start(), shift=-count if early else count)


def _in_year_said(found: list[Mark], context: Context) -> list[Mark]:
    """ "Del 20 al 22 de noviembre del año que viene": not those of this year."""
    if not re.search(words.NEXT_YEAR, context.text):
        return found
    year = context.today.year + 1
    return [
        replace(mark, year=year) if mark.year is None and (mark.month or mark.feast) else mark
        for mark in found
    ]


def _either(found: list[Mark], text: str) -> list[Mark]:
    """ "El 15 o el 22 de enero", "del 5 al 8 o del 12 al 15 de enero": the month that is said last
    is that of all."""
    joined = list(found)
    for at in range(len(found) - 1, 0, -1):
        month = _month_of(joined[at:])
        apart = text[joined[at - 1].end : joined[at].start]
        if month is None or not re.fullmatch(words.EITHER, apart):
            continue
        first = at - 2 if at > 1 and _rises(joined[at - 2], joined[at - 1]) else at - 1
        for number in range(first, at):
            if _is_bare(joined[number]):
                joined[number] = replace(joined[number], month=month, sure=True)
    return joined


def _month_of(found: Sequence[Mark]) -> int | None:
    """The month of the first mark that has one, if bare days alone stand before it."""
    for mark in found:
        if mark.month is not None:
            return mark.month
        if not _is_bare(mark):
            return None
    return None


def _is_bare(mark: Mark) -> bool:
    return mark.day is not None and mark.month is None and mark.weekday is None


def _rises(one: Mark, other: Mark) -> bool:
    return _is_bare(one) and _is_bare(other) and (one.day or 0) < (other.day or 0)


def _in_month_said(found: list[Mark], text: str) -> list[Mark]:
    """Bare days are of the month that is named apart: "en marzo, del 11 al 15"."""
    month = lone_month(text, found)
    if month is None or any(mark.month for mark in found):
        return found
    days = [mark.day for mark in found if mark.day is not None]
    if len(days) == 2 and days[0] > days[1]:
        return [replace(mark, month=month) if mark.day == days[1] else mark for mark in found]
    return [
        replace(mark, month=month, wrong=not valid(mark.day, month, None))
        if mark.day is not None and mark.weekday is None and mark.months_ahead is None
        else mark
        for mark in found
    ]


def _without_hours(found: list[Mark], context: Context) -> list[Mark]:
    """Without bare numbers that are a range of hours: "el desayuno es de 7 a 10"."""
    if context.awaited:
        return found
    if re.search(words.OPEN, context.text) and not re.search(words.STAYING, context.text):
        return []
    if not re.search(words.HOURS, context.text):
        return found
    return [mark for mark in found if mark.sure or mark.nights or not _in_range(mark, context.text)]


def _in_range(mark: Mark, text: str) -> bool:
    before, after = text[: mark.start], text[mark.end :]
    opens = re.match(r"\s*(?:a|to|-|y|e|and|ate|hasta)\s*\d", after) is not None
    closes = re.search(r"\d\s*(?:a|to|-|y|e|and|ate|hasta)\s*$", before) is not None
    return opens or closes


def _bridged(found: list[Mark], context: Context) -> list[Mark]:
    """ "El puente del 12 de octubre" and "Easter weekend" are one mark each; a long weekend
    without a date is a weekend."""
    joined: list[Mark] = []
    for mark in found:
        last = joined[-1] if joined else None
        if last is not None and _is_free_days_of(last, mark, context.text):
            day = last if last.feast else mark
            joined[-1] = replace(day, start=last.start, end=mark.end, bridge=True)
        else:
            joined.append(mark)
    return joined


def _is_undated(mark: Mark) -> bool:
    return mark.day is None and mark.month is None and not mark.week and not mark.bridge


def _is_free_days_of(last: Mark, mark: Mark, text: str) -> bool:
    between = text[last.end : mark.start]
    if not re.fullmatch(r"\s*(?:(?:del?|do|da|of|por|dia|el|the)\s+)*", between):
        return False
    if re.match(rf"\s*(?:{words.STRONG_TO}|{words.WEAK_TO})\s*\d", text[mark.end :]):
        return False
    plain = last.weekend and last.day is None and last.month is None
    named = plain and (mark.feast or (last.bridge and is_dated(mark)))
    return named or (last.feast and mark.weekend and mark.day is None)


def is_dated(mark: Mark) -> bool:
    return mark.feast or (mark.day is not None and mark.weekday is None and not mark.weekend)


def _adds(mark: Mark, text: str) -> bool:
    """Whether these are nights more than before, however many those were."""
    after = re.match(words.MORE_AFTER, text[mark.end :]) is not None
    return bool(mark.nights) and (
        after or re.search(words.MORE_BEFORE, text[: mark.start]) is not None
    )


def _not_refused(found: list[Mark], text: str) -> list[Mark]:
    """All but what is taken back ("not the 13th", "no 4 noches, 3"); all, if nothing is
    left that it was taken back for: but nothing after "el 5 no puedo"."""
    refused = [mark for mark in found if _is_refused(mark, text)]
    kept = [mark for mark in found if mark not in refused]
    nights = [_counted_instead(mark, text) for mark in refused if mark.nights]
    kept += [mark for mark in nights if mark is not None]
    months = [mark.month for mark in refused if mark.month]
    if months and not any(mark.month for mark in kept):
        bare = [mark for mark in kept if mark.day is not None and mark.weekday is None]
        kept = [replace(one, month=months[0]) if one in bare else one for one in kept]
    denied = any(re.match(words.DENIED_AFTER, text[mark.end :]) for mark in refused)
    return kept if denied else kept or found


def _is_refused(mark: Mark, text: str) -> bool:
    before, after = text[: mark.start], text[mark.end :]
    if re.search(words.INSTEAD, before) or re.search(words.DENIED, before):
        return True
    return not mark.week and re.match(words.DENIED_AFTER, after) is not None


def _counted_instead(mark: Mark, text: str) -> Mark | None:
    """The number that takes the place of refused nights, before or after them."""
    rest = mask(text, [(mark.start, mark.end)])
    near = re.match(rf"\s*[,:]?\s*(?:sino\s+|but\s+)?(?P<n>{DIGITS})(?!\w)", text[mark.end :])
    if near is not None:
        start = mark.end + near.start("n")
        return replace(mark, start=start, end=mark.end + near.end("n"), nights=(value(near["n"]),))
    counts = list(re.finditer(rf"(?<![\w¤]){DIGITS}(?![\w¤])", rest))
    if len(counts) != 1:
        return None
    at = counts[0]
    return replace(mark, start=at.start(), end=at.end(), nights=(value(at[0]),))


def _in_next_week(mark: Mark) -> Mark:
    plain = mark.weekday is not None and not mark.week and mark.day is None
    return replace(mark, week="next week") if plain else mark
