"""Marks joined into arrival, departure and nights. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from agente_hotelero.messages import StayHint

from agente_hotelero_nlp_local import around, moments
from agente_hotelero_nlp_local import stay_words as words
from agente_hotelero_nlp_local.dates import Mark, valid
from agente_hotelero_nlp_local.stay_marks import Context, is_dated, is_weekday

LONGEST_GUESSED = 60
# "28 al 3 de enero" begins in December; "20 al 18 de diciembre" is a slip, not four weeks.
LEAST_CROSSING = 10
NEAR = 24
AROUND = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A mark with its part in the sentence: "arrive", "leave" or none; `dated`: a date was said
    before it."""

    mark: Mark
    role: str = ""
    dated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """One way in which the text names a stay; empty `hints`: a date that cannot be. `vague`: said
    by days of the week alone; `exact`: with a month; `arrives`: a day of the month, said to be that
    of the arrival; `loose`: a feast or a weekend and no more."""

    hints: tuple[StayHint, ...]
    start: int
    spans: tuple[tuple[int, int], ...]
    vague: bool = False
    exact: bool = False
    arrives: bool = False
    loose: bool = False


def phrases_around(found: list[Mark], context: Context) -> list[Phrase]:
    """Days beside a feast or a week: "para carnaval, del sábado al martes"."""
    held = around.anchor(found, context.today, context.language)
    if held is None:
        return []
    said = _roles([mark for mark in found if mark is not held.mark], context.text)
    said = [one for one in said if one.mark.sure or one.role or one.dated] or said
    last = said[1].mark if len(said) > 1 else None
    ranged = last is not None and (_linked(said[0], said[1], context) or _parted(said))
    if not ranged and (len(said) > 1 or said[0].role == "leave" or not is_weekday(said[0].mark)):
        return []
    day = around.arrival(said[0].mark, last, held, context.today)
    if day is None:
        return []
    hints = _until(day, last, context) if last is not None else [StayHint(arrival=day)]
    spans = [(mark.start, mark.end) for mark in found]
    return [Phrase(hints=tuple(hints), start=spans[0][0], spans=tuple(spans))]


def _parted(said: Sequence[Said]) -> bool:
    return (said[0].role, said[1].role) == ("arrive", "leave")


def lasting(hint: StayHint, nights: int) -> StayHint:
    if hint.arrival is None and hint.departure is not None:
        return stay(hint.departure - timedelta(days=nights), hint.departure)
    if hint.arrival is None:
        return StayHint(nights=nights)
    return stay(hint.arrival, hint.arrival + timedelta(days=nights))


def stay(arrival: date, departure: date) -> StayHint:
    return StayHint(arrival=arrival, departure=departure, nights=(departure - arrival).days)


def phrases_of(found: list[Mark], context: Context) -> list[Phrase]:
    said = _roles(found, context.text)
    phrases: list[Phrase] = []
    anchor = max(context.today, (context.topic or context.today).replace(day=1))
    at = 0
    while at < len(said):
        phrase, used = _phrase_at(said, at, context, anchor)
        if phrase is not None:
            marks_used = [one.mark for one in said[at : at + used]]
            vague = all(is_weekday(mark) for mark in marks_used)
            exact = any(mark.month and not mark.feast for mark in marks_used)
            arrives = said[at].role == "arrive" and said[at].mark.day is not None
            loose = all(mark.feast or mark.weekend for mark in marks_used)
            phrases.append(replace(phrase, vague=vague, exact=exact, arrives=arrives, loose=loose))
            anchor = _anchor(phrase, said[at].mark, anchor)
        at += used
    return phrases


def _anchor(phrase: Phrase, mark: Mark, before: date) -> date:
    """Bare days that follow are looked for from the month of the last date said; around a feast
    from a little before it: "para año nuevo, llegando el 29"."""
    known = phrase.hints[0].arrival if phrase.hints else None
    if known is None:
        return before
    return max(before, known - AROUND if mark.feast else known.replace(day=1))


def _phrase_at(
    said: list[Said], at: int, context: Context, anchor: date
) -> tuple[Phrase | None, int]:
    """The phrase that begins with this mark, and how many marks it takes."""
    listed = _listed(said[at:], context)
    if listed > 2:
        return _each_night(said[at : at + listed], context, anchor), listed
    first = said[at]
    second = said[at + 1] if at + 1 < len(said) else None
    if second is not None and not first.mark.weekend and not second.mark.weekend:
        if _linked(first, second, context):
            return _range(first.mark, second.mark, context, anchor), 2
        if {first.role, second.role} == {"arrive", "leave"} or _implied(first, second):
            return _by_role(first, second, context, anchor), 2
        if _consecutive(first.mark, second.mark, context):
            return _nights_of(first.mark, second.mark, context, anchor), 2
    return _single(first, context, anchor), 1


def _roles(found: list[Mark], text: str) -> list[Said]:
    """Give each mark the role word before it; one cut off by a comma belongs to the mark before."""
    roles = [""] * len(found)
    end = 0
    for number, mark in enumerate(found):
        pieces = re.split(r"[,;.]\s|\s(?:y|e|and)\s", text[end : mark.start])
        roles[number] = _role(pieces[-1])
        if number and len(pieces) > 1 and not roles[number - 1]:
            roles[number - 1] = _role(pieces[0])
        end = mark.end
    if found and not roles[-1]:
        roles[-1] = _role(re.split(r"[,;.?]", text[end : end + 25])[0])
    dated = [any(mark.sure for mark in found[:number]) for number in range(len(found))]
    return [
        Said(mark=mark, role=role, dated=after)
        for mark, role, after in zip(found, roles, dated, strict=True)
    ]


def _role(piece: str) -> str:
    last = 0
    role = ""
    for name, pattern in (("arrive", words.ARRIVE), ("leave", words.LEAVE)):
        for match in re.finditer(pattern, piece):
            if match.end() > last:
                last, role = match.end(), name
    return role


def _implied(first: Said, second: Said) -> bool:
    """One of two dates is a departure: the other must be the arrival."""
    if {first.role, second.role} != {"", "leave"}:
        return False
    return (second if first.role else first).mark.sure


def _linked(first: Said, second: Said, context: Context) -> bool:
    between = context.text[first.mark.end : second.mark.start]
    before = context.text[: first.mark.start]
    if re.fullmatch(rf"{words.SOFT}{words.STRONG_TO}{words.SOFT}", between):
        return True
    opened = re.search(r"\b(?:entre|between)\s+(?:el\s+|o\s+|the\s+)?(?:dia\s+)?$", before)
    if (
        opened
        and (first.mark.sure or second.mark.sure or context.awaited)
        and re.fullmatch(rf"{words.SOFT}(?:\by\b|\be\b|\band\b){words.SOFT}", between)
    ):
        return True
    if (
        re.fullmatch(rf"{words.SOFT}(?:\bp/|\bpara\b|\bpra\b){words.SOFT}", between)
        and not second.mark.sure
    ):
        return False  # "para dos" counts people
    firm = first.mark.sure or second.mark.sure or context.awaited or first.dated
    firm = firm or re.search(r"\b(?:del?|from|desde)\s+$", before) is not None
    joined = re.fullmatch(rf"{words.SOFT}{words.WEAK_TO}{words.SOFT}", between) is not None
    if not joined and first.mark.sure and second.mark.sure:
        joined = re.fullmatch(r"[\s,]+", between) is not None
    return firm and joined


def _consecutive(first: Mark, second: Mark, context: Context) -> bool:
    between = context.text[first.end : second.start]
    firm = (first.sure and second.sure) or second.month is not None
    firm = firm or re.search(words.NIGHT_OF, context.text[: first.start]) is not None
    joiner = r"\s*(?:y|e|and|&)\s+(?:del?\s+|el\s+|o\s+|do\s+)?"
    return firm and re.fullmatch(joiner, between) is not None


def _listed(said: Sequence[Said], context: Context) -> int:
    """How many days in a row are listed: "24, 25 y 26 de diciembre"."""
    count = 1
    for one, other in pairwise(said):
        between = context.text[one.mark.end : other.mark.start]
        following = one.mark.day is not None and other.mark.day == one.mark.day + 1
        if not following or not re.fullmatch(r"\s*(?:,|y|e|and|&)?\s*(?:el\s+|o\s+)?", between):
            break
        count += 1
    return count


def _each_night(said: Sequence[Said], context: Context, anchor: date) -> Phrase | None:
    """Days that are listed are nights to most, the last one the departure to some."""
    found = _range(said[0].mark, said[-1].mark, context, anchor)
    whole = [hint for hint in found.hints if hint.arrival and hint.departure]
    longer = [lasting(hint, (hint.nights or 0) + 1) for hint in whole]
    return replace(found, hints=(*longer, *whole))


def _range(first: Mark, second: Mark, context: Context, anchor: date) -> Phrase:
    """From one date to another; missing months and years come from the other date."""
    head, tail = _completed(first, second)
    arrivals = _read(head, context, anchor)
    if is_weekday(head) and not head.week and is_dated(tail):
        arrivals = [_before(tail, day, context) for day in arrivals]
    hints = [hint for day in arrivals for hint in _until(day, tail, context)]
    return Phrase(hints=tuple(hints), start=first.start, spans=((first.start, second.end),))


def _before(tail: Mark, arrival: date, context: Context) -> date:
    """ "De sexta até quarta de cinzas": the last such weekday before the date it lasts to."""
    ends = moments.readings(tail, context.today, arrival, context.language)
    weeks = max((ends[0] - arrival).days - 1, 0) // 7 if ends else 0
    return arrival + timedelta(weeks=weeks)


def _completed(first: Mark, second: Mark) -> tuple[Mark, Mark]:
    """ "24 al 27 de diciembre", "28 al 3 de enero", "24/12 al 2/1/2027": fill in the first."""
    head = first
    if first.day is not None and first.month is None and second.months_ahead is not None:
        return replace(head, months_ahead=second.months_ahead), second
    bare = first.day is not None and first.month is None and second.day is not None
    if bare and second.month is not None:
        crosses = (first.day or 0) > (second.day or 0)
        month = second.month - 1 if crosses else second.month
        if crosses and (first.day or 0) - (second.day or 0) < LEAST_CROSSING:
            return replace(head, month=second.month), second
        head = replace(head, month=month or 12, wrong=first.wrong or second.wrong)
    if head.month is not None and head.year is None and second.year is not None and second.month:
        later = (head.month, head.day or 0) > (second.month, second.day or 0)
        head = replace(head, year=second.year - 1 if later else second.year)
    if first.weekday is not None and not first.week and second.week == "next week":
        head = replace(head, week="next week")
    if head.month and head.day and not valid(head.day, head.month, head.year):
        head = replace(head, wrong=True)
    return head, second


def _until(arrival: date, tail: Mark, context: Context) -> list[StayHint]:
    """The stays from this arrival to the mark; only the arrival when the mark lies before it."""
    floor = arrival + timedelta(days=1)
    found = moments.readings(tail, context.today, floor, context.language)
    if not found:
        return []
    departure = found[0]
    if departure <= arrival and tail.weekday is not None:
        departure = arrival + timedelta(days=(tail.weekday - arrival.weekday()) % 7 or 7)
    nights = (departure - arrival).days
    said = tail.year is not None or (tail.month is not None and arrival.year == departure.year)
    if 0 < nights <= LONGEST_GUESSED or (nights > 0 and said):
        return [stay(arrival, departure)]
    if nights > LONGEST_GUESSED:
        return [StayHint(arrival=arrival), *_swapped(arrival, departure)]
    return [StayHint(arrival=arrival), *([stay(departure, arrival)] if nights < 0 else [])]


def _swapped(arrival: date, departure: date) -> list[StayHint]:
    """ "27/12 al 24/12": perhaps the two were exchanged."""
    if departure.month == 2 and departure.day == 29:
        return []
    earlier = departure.replace(year=departure.year - 1)
    return [stay(earlier, arrival)] if earlier < arrival else []


def _by_role(first: Said, second: Said, context: Context, anchor: date) -> Phrase:
    leaving, arriving = (first, second) if first.role == "leave" else (second, first)
    found = _range(arriving.mark, leaving.mark, context, anchor)
    spans = ((first.mark.start, first.mark.end), (second.mark.start, second.mark.end))
    return replace(found, start=first.mark.start, spans=spans)


def _nights_of(first: Mark, second: Mark, context: Context, anchor: date) -> Phrase | None:
    """ "Friday and Saturday" are two nights, to most; to some, arrival and departure."""
    plain = _range(first, second, context, anchor)
    hints: list[StayHint] = []
    for hint in plain.hints:
        if hint.nights == 1 and hint.arrival:
            hints.append(stay(hint.arrival, hint.arrival + timedelta(days=2)))
        hints.append(hint)
    return replace(plain, hints=tuple(hints))


def _single(said: Said, context: Context, anchor: date) -> Phrase | None:
    mark = said.mark
    spans = ((mark.start, mark.end),)
    if mark.part:
        nights = moments.part_of_month(mark, context.today)
        part = (stay(*nights),) if nights else ()
        return Phrase(hints=part, start=mark.start, spans=spans)
    if mark.bridge and not mark.weekend:
        return _long_weekend(mark, context, anchor)
    if mark.weekend:
        both = moments.weekend(mark, context.today, context.language)
        hints = tuple(stay(*nights) for nights in both)
        return Phrase(hints=hints, start=mark.start, spans=spans)
    if not _stands_alone(said, context):
        return None
    days = _read(mark, context, anchor)
    if re.search(words.NIGHT_OF, context.text[: mark.start]):
        hints = tuple(stay(day, day + timedelta(days=1)) for day in days)
    elif said.role == "leave":
        hints = tuple(StayHint(departure=day) for day in days)
    else:
        hints = tuple(StayHint(arrival=day) for day in days)
    return Phrase(hints=hints, start=mark.start, spans=spans)


def _stands_alone(said: Said, context: Context) -> bool:
    """Whether a mark names a date without another: "el 24", "llego 24", or a bare one asked for."""
    text = context.text
    alone = text.strip(" .,!?").isdecimal()
    led = bool(_role(text[max(said.mark.start - NEAR, 0) : said.mark.start]))
    led = led and bool(said.role) and text[said.mark.start].isdecimal()
    night = re.search(words.NIGHT_OF, text[: said.mark.start]) is not None
    return said.mark.sure or led or night or (context.awaited and not alone)


def _long_weekend(mark: Mark, context: Context, anchor: date) -> Phrase | None:
    days = _read(replace(mark, bridge=False), context, anchor)
    if not days:
        return None
    free = around.bridge(days[0])
    hint = stay(*free) if free else StayHint(arrival=days[0])
    return Phrase(hints=(hint,), start=mark.start, spans=((mark.start, mark.end),))


def _read(mark: Mark, context: Context, anchor: date) -> list[date]:
    floor = anchor if mark.month is None and mark.weekday is None else context.today
    return moments.readings(mark, context.today, floor, context.language)
