"""The grammar of stays: marks joined into arrival, departure and nights. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from agente_hotelero.messages import StayHint

from agente_hotelero_nlp_local import around, moments
from agente_hotelero_nlp_local import stay_words as words
from agente_hotelero_nlp_local.date_patterns import lone_month, marks, next_week_said
from agente_hotelero_nlp_local.dates import Mark, valid
from agente_hotelero_nlp_local.numerals import COUNT, DIGITS, NUMBER, value
from agente_hotelero_nlp_local.text import mask

LONGEST_GUESSED = 60
# "28 al 3 de enero" begins in December; "20 al 18 de diciembre" is a slip, not four weeks.
LEAST_CROSSING = 10
NEAR = 24
_OFF = words.OFF.replace("{number}", NUMBER)


@dataclass(frozen=True, kw_only=True, slots=True)
class StayRead:
    """A stay that was said, its other readings, and the places in the text that said it."""

    hint: StayHint
    alternatives: tuple[StayHint, ...] = ()
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Context:
    text: str
    today: date
    language: str
    awaited: bool
    topic: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """A mark with its part in the sentence: "arrive", "leave" or none; `dated`: a date was said
    before it."""

    mark: Mark
    role: str = ""
    dated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Phrase:
    """One way in which the text names a stay; empty `hints`: a date that cannot be. `vague`: said
    by days of the week alone; `exact`: with a month."""

    hints: tuple[StayHint, ...]
    start: int
    spans: tuple[tuple[int, int], ...]
    vague: bool = False
    exact: bool = False


def read(
    text: str, today: date, language: str, awaited: bool = False, topic: date | None = None
) -> StayRead | None:
    """The stay in folded `text`; `awaited` when dates were asked for, so bare numbers count.

    Days without a month are looked for from the month of `topic`, if a stay was spoken of.
    """
    text = _of_the_future(text)
    if re.fullmatch(words.GOODBYE, text):
        return None
    context = _Context(text=text, today=today, language=language, awaited=awaited, topic=topic)
    found = [mark for mark in marks(text, language) if not _adds(mark, text)]
    found = [mark for mark in found if mark.ahead is None or mark.ahead >= 0]
    found = _meant(_without_hours(found, context), text)
    found = _in_month_said(_joined([_off(mark, text) for mark in found], context), text)
    if next_week_said(text):
        found = [_in_next_week(mark) for mark in found]
    lengths = [mark for mark in found if mark.nights]
    dated = _bridged([mark for mark in found if not mark.nights], context)
    if any(mark.month for mark in dated):
        dated = [mark for mark in dated if not (mark.weekend and _is_undated(mark))]
    phrases = _around(dated, context) or _phrases(dated, context)
    if not phrases:
        return _of_nights(lengths)
    return _with_nights(_chosen(phrases, context), lengths)


def _of_the_future(text: str) -> str:
    """The text without its clauses about the past: "estuve del 10 al 12 y me dejé el abrigo"."""
    spans = [
        match.span()
        for match in re.finditer(r"[^.!?;:,\n]+", text)
        if re.search(words.PAST, match.group())
    ]
    return mask(text, spans)


def _joined(found: list[Mark], context: _Context) -> list[Mark]:
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
        elif last and _is_weekday(last) and _is_dated(mark) and _way(between):
            near = (last.weekday or 0, _way(between))
            joined[-1] = replace(mark, start=last.start, near=near)
        else:
            joined.append(mark)
    return joined


def _says_again(last: Mark, mark: Mark, between: str) -> bool:
    """ "Mañana lunes", "hoje, véspera do 25": a day, and which one that is."""
    near = (last.ahead is not None and not last.week_of) or last.month is not None
    again = _is_weekday(mark) or (mark.shift != 0 and last.month is None)
    return near and again and re.fullmatch(r",?\s+\(?", between) is not None


def _is_weekday(mark: Mark) -> bool:
    return mark.weekday is not None and mark.day is None


def _way(between: str) -> int:
    if re.fullmatch(words.BEFORE, between):
        return -1
    return 1 if re.fullmatch(words.AFTER, between) else 0


def _off(mark: Mark, text: str) -> Mark:
    """ "Véspera do 25 de abril" is the day before, "dos días después de Navidad" another; "la boda
    es el 9 de enero" is what other days lie around."""
    if not _is_dated(mark):
        return mark
    match = re.search(_OFF, text[: mark.start])
    if match is None:
        event = re.search(words.EVENT, text[: mark.start]) is not None
        return replace(mark, event=event)
    count = 1 if match["eve"] or match["n"] in (None, "el", "o", "the", "al") else value(match["n"])
    early = bool(match["eve"] or match["before"])
    return replace(mark, start=match.start(), shift=-count if early else count)


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


def _without_hours(found: list[Mark], context: _Context) -> list[Mark]:
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


def _bridged(found: list[Mark], context: _Context) -> list[Mark]:
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
    named = plain and (mark.feast or (last.bridge and _is_dated(mark)))
    return named or (last.feast and mark.weekend and mark.day is None)


def _is_dated(mark: Mark) -> bool:
    return mark.feast or (mark.day is not None and mark.weekday is None and not mark.weekend)


def _around(found: list[Mark], context: _Context) -> list[_Phrase]:
    """Days beside a feast or a week: "para carnaval, del sábado al martes"."""
    held = around.anchor(found, context.today, context.language)
    if held is None:
        return []
    said = _roles([mark for mark in found if mark is not held.mark], context.text)
    said = [one for one in said if one.mark.sure or one.role or one.dated] or said
    last = said[1].mark if len(said) > 1 else None
    ranged = last is not None and (_linked(said[0], said[1], context) or _parted(said))
    if not ranged and (len(said) > 1 or said[0].role == "leave" or not _is_weekday(said[0].mark)):
        return []
    day = around.arrival(said[0].mark, last, held, context.today)
    if day is None:
        return []
    hints = _until(day, last, context) if last is not None else [StayHint(arrival=day)]
    spans = [(mark.start, mark.end) for mark in found]
    return [_Phrase(hints=tuple(hints), start=spans[0][0], spans=tuple(spans))]


def _parted(said: Sequence[_Said]) -> bool:
    return (said[0].role, said[1].role) == ("arrive", "leave")


def _adds(mark: Mark, text: str) -> bool:
    """Whether these are nights more than before, however many those were."""
    after = re.match(words.MORE_AFTER, text[mark.end :]) is not None
    return bool(mark.nights) and (
        after or re.search(words.MORE_BEFORE, text[: mark.start]) is not None
    )


def _meant(found: list[Mark], text: str) -> list[Mark]:
    """All but what is taken back ("not the 13th", "no 4 noches, 3"), unless all is."""
    refused = [mark for mark in found if _is_refused(mark, text)]
    kept = [mark for mark in found if mark not in refused]
    nights = [_counted_instead(mark, text) for mark in refused if mark.nights]
    kept += [mark for mark in nights if mark is not None]
    months = [mark.month for mark in refused if mark.month]
    if months and not any(mark.month for mark in kept):
        bare = [mark for mark in kept if mark.day is not None and mark.weekday is None]
        kept = [replace(one, month=months[0]) if one in bare else one for one in kept]
    return kept or found


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


def _of_nights(lengths: Sequence[Mark]) -> StayRead | None:
    if not lengths:
        return None
    last = lengths[-1]
    hint, *others = (StayHint(nights=count) for count in last.nights)
    return StayRead(hint=hint, alternatives=tuple(others), spans=((last.start, last.end),))


def _with_nights(phrase: _Phrase, lengths: Sequence[Mark]) -> StayRead | None:
    """Nights fill in a missing departure; against a written one they are a second reading."""
    if not phrase.hints:
        return None
    spans = phrase.spans + tuple((mark.start, mark.end) for mark in lengths[-1:])
    hints = list(phrase.hints)
    for count in lengths[-1].nights if lengths else ():
        hints += [_lasting(hint, count) for hint in phrase.hints if hint.nights != count]
    half = None in (hints[0].arrival, hints[0].departure)
    if lengths and (half or _is_weekend_guess(phrase)):
        hints = hints[len(phrase.hints) :] or hints
    hints = [hint for hint in dict.fromkeys(hints) if hint is not None]
    return StayRead(hint=hints[0], alternatives=tuple(hints[1:]), spans=tuple(sorted(spans)))


def _is_weekend_guess(phrase: _Phrase) -> bool:
    return len(phrase.spans) == 1 and len(phrase.hints) > 1


def _lasting(hint: StayHint, nights: int) -> StayHint:
    if hint.arrival is None and hint.departure is not None:
        return stay(hint.departure - timedelta(days=nights), hint.departure)
    if hint.arrival is None:
        return StayHint(nights=nights)
    return stay(hint.arrival, hint.arrival + timedelta(days=nights))


def stay(arrival: date, departure: date) -> StayHint:
    return StayHint(arrival=arrival, departure=departure, nights=(departure - arrival).days)


# ── phrases ──────────────────────────────────────────────────────────────────────────────────────


def _phrases(found: list[Mark], context: _Context) -> list[_Phrase]:
    said = _roles(found, context.text)
    phrases: list[_Phrase] = []
    anchor = max(context.today, (context.topic or context.today).replace(day=1))
    at = 0
    while at < len(said):
        phrase, used = _phrase_at(said, at, context, anchor)
        if phrase is not None:
            marks_used = [one.mark for one in said[at : at + used]]
            vague = all(_is_weekday(mark) for mark in marks_used)
            exact = any(mark.month and not mark.feast for mark in marks_used)
            phrases.append(replace(phrase, vague=vague, exact=exact))
            anchor = _anchor(phrase, said[at].mark, anchor)
        at += used
    return phrases


def _anchor(phrase: _Phrase, mark: Mark, before: date) -> date:
    """Bare days that follow are looked for from the month of the last date said."""
    known = phrase.hints[0].arrival if phrase.hints else None
    return max(before, known.replace(day=1)) if known is not None else before


def _phrase_at(
    said: list[_Said], at: int, context: _Context, anchor: date
) -> tuple[_Phrase | None, int]:
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


def _roles(found: list[Mark], text: str) -> list[_Said]:
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
        _Said(mark=mark, role=role, dated=after)
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


def _implied(first: _Said, second: _Said) -> bool:
    """One of two dates is a departure: the other must be the arrival."""
    if {first.role, second.role} != {"", "leave"}:
        return False
    return (second if first.role else first).mark.sure


def _linked(first: _Said, second: _Said, context: _Context) -> bool:
    between = context.text[first.mark.end : second.mark.start]
    before = context.text[: first.mark.start]
    if re.fullmatch(rf"{words.SOFT}{words.STRONG_TO}{words.SOFT}", between):
        return True
    opened = re.search(r"\b(?:entre|between)\s+(?:el\s+|o\s+|the\s+)?(?:dia\s+)?$", before)
    if opened and re.fullmatch(rf"{words.SOFT}(?:\by\b|\be\b|\band\b){words.SOFT}", between):
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


def _consecutive(first: Mark, second: Mark, context: _Context) -> bool:
    between = context.text[first.end : second.start]
    firm = (first.sure and second.sure) or second.month is not None
    firm = firm or re.search(words.NIGHT_OF, context.text[: first.start]) is not None
    joiner = r"\s*(?:y|e|and|&)\s+(?:del?\s+|el\s+|o\s+|do\s+)?"
    return firm and re.fullmatch(joiner, between) is not None


def _listed(said: Sequence[_Said], context: _Context) -> int:
    """How many days in a row are listed: "24, 25 y 26 de diciembre"."""
    count = 1
    for one, other in pairwise(said):
        between = context.text[one.mark.end : other.mark.start]
        following = one.mark.day is not None and other.mark.day == one.mark.day + 1
        if not following or not re.fullmatch(r"\s*(?:,|y|e|and|&)?\s*(?:el\s+|o\s+)?", between):
            break
        count += 1
    return count


def _each_night(said: Sequence[_Said], context: _Context, anchor: date) -> _Phrase | None:
    """Days that are listed are nights to most, the last one the departure to some."""
    found = _range(said[0].mark, said[-1].mark, context, anchor)
    whole = [hint for hint in found.hints if hint.arrival and hint.departure]
    longer = [_lasting(hint, (hint.nights or 0) + 1) for hint in whole]
    return replace(found, hints=(*longer, *whole))


def _range(first: Mark, second: Mark, context: _Context, anchor: date) -> _Phrase:
    """From one date to another; missing months and years come from the other date."""
    head, tail = _completed(first, second)
    arrivals = _read(head, context, anchor)
    if _is_weekday(head) and not head.week and _is_dated(tail):
        arrivals = [_before(tail, day, context) for day in arrivals]
    hints = [hint for day in arrivals for hint in _until(day, tail, context)]
    return _Phrase(hints=tuple(hints), start=first.start, spans=((first.start, second.end),))


def _before(tail: Mark, arrival: date, context: _Context) -> date:
    """ "De sexta até quarta de cinzas": the last such weekday before the date it lasts to."""
    ends = moments.readings(tail, context.today, arrival, context.language)
    weeks = max((ends[0] - arrival).days - 1, 0) // 7 if ends else 0
    return arrival + timedelta(weeks=weeks)


def _completed(first: Mark, second: Mark) -> tuple[Mark, Mark]:
    """ "24 al 27 de diciembre", "28 al 3 de enero", "24/12 al 2/1/2027": fill in the first."""
    head = first
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


def _until(arrival: date, tail: Mark, context: _Context) -> list[StayHint]:
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


def _by_role(first: _Said, second: _Said, context: _Context, anchor: date) -> _Phrase:
    leaving, arriving = (first, second) if first.role == "leave" else (second, first)
    found = _range(arriving.mark, leaving.mark, context, anchor)
    spans = ((first.mark.start, first.mark.end), (second.mark.start, second.mark.end))
    return replace(found, start=first.mark.start, spans=spans)


def _nights_of(first: Mark, second: Mark, context: _Context, anchor: date) -> _Phrase | None:
    """ "Friday and Saturday" are two nights, to most; to some, arrival and departure."""
    plain = _range(first, second, context, anchor)
    hints: list[StayHint] = []
    for hint in plain.hints:
        if hint.nights == 1 and hint.arrival:
            hints.append(stay(hint.arrival, hint.arrival + timedelta(days=2)))
        hints.append(hint)
    return replace(plain, hints=tuple(hints))


def _single(said: _Said, context: _Context, anchor: date) -> _Phrase | None:
    mark = said.mark
    spans = ((mark.start, mark.end),)
    if mark.part:
        nights = moments.part_of_month(mark, context.today)
        part = (stay(*nights),) if nights else ()
        return _Phrase(hints=part, start=mark.start, spans=spans)
    if mark.bridge and not mark.weekend:
        return _long_weekend(mark, context, anchor)
    if mark.weekend:
        both = moments.weekend(mark, context.today, context.language)
        hints = tuple(stay(*nights) for nights in both)
        return _Phrase(hints=hints, start=mark.start, spans=spans)
    if not _stands_alone(said, context):
        return None
    days = _read(mark, context, anchor)
    if re.search(words.NIGHT_OF, context.text[: mark.start]):
        hints = tuple(stay(day, day + timedelta(days=1)) for day in days)
    elif said.role == "leave":
        hints = tuple(StayHint(departure=day) for day in days)
    else:
        hints = tuple(StayHint(arrival=day) for day in days)
    return _Phrase(hints=hints, start=mark.start, spans=spans)


def _stands_alone(said: _Said, context: _Context) -> bool:
    """Whether a mark names a date without another: "el 24", "llego 24", or a bare one asked for."""
    text = context.text
    alone = text.strip(" .,!?").isdecimal()
    led = bool(_role(text[max(said.mark.start - NEAR, 0) : said.mark.start]))
    led = led and bool(said.role) and text[said.mark.start].isdecimal()
    return said.mark.sure or led or (context.awaited and not alone)


def _long_weekend(mark: Mark, context: _Context, anchor: date) -> _Phrase | None:
    days = _read(replace(mark, bridge=False), context, anchor)
    if not days:
        return None
    free = around.bridge(days[0])
    hint = stay(*free) if free else StayHint(arrival=days[0])
    return _Phrase(hints=(hint,), start=mark.start, spans=((mark.start, mark.end),))


def _read(mark: Mark, context: _Context, anchor: date) -> list[date]:
    floor = anchor if mark.month is None and mark.weekday is None else context.today
    return moments.readings(mark, context.today, floor, context.language)


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────


def _chosen(phrases: list[_Phrase], context: _Context) -> _Phrase:
    """One of several: whole stays before single dates, the last when something is corrected."""
    if any(phrase.exact for phrase in phrases):
        phrases = [phrase for phrase in phrases if not phrase.vague]
    whole = [phrase for phrase in phrases if _is_whole(phrase)] or phrases
    whole = [phrase for phrase in whole if not _is_weekend_guess(phrase)] or whole
    text = context.text
    if len(whole) == 1:
        return _same_nights(phrases, text) or whole[0]
    between = text[whole[0].spans[-1][1] : whole[1].start]
    if re.fullmatch(r"\s*,?\s*(?:o|ou|or)\s+(?:\w+\s+){0,2}", between):
        hints = tuple(hint for phrase in whole[:2] for hint in phrase.hints)
        return replace(whole[0], hints=hints, spans=whole[0].spans + whole[1].spans)
    corrected = re.search(words.CORRECTING, text) is not None
    leaving = all(hint.arrival is None for phrase in whole for hint in phrase.hints)
    return whole[-1] if corrected or leaving or _is_whole(whole[0]) else whole[0]


def _same_nights(phrases: Sequence[_Phrase], text: str) -> _Phrase | None:
    """ "La quiero pasar al 11, las mismas noches": another arrival for as long a stay."""
    if len(phrases) < 2 or not re.search(words.SAME_NIGHTS, text) or not _is_whole(phrases[0]):
        return None
    nights, last = phrases[0].hints[0].nights, phrases[-1]
    arrival = last.hints[0].arrival if last.hints else None
    if arrival is None or nights is None:
        return None
    return replace(last, hints=(stay(arrival, arrival + timedelta(days=nights)),))


def _is_whole(phrase: _Phrase) -> bool:
    return any(hint.arrival and hint.departure for hint in phrase.hints)


def nights_alone(text: str) -> StayRead | None:
    """A bare number as nights, where nights were asked for."""
    match = re.fullmatch(rf"\W*(?P<n>{COUNT})\W*", text)
    if match is None or value(match["n"]) == 0:
        return None
    return StayRead(hint=StayHint(nights=value(match["n"])), spans=(match.span("n"),))
