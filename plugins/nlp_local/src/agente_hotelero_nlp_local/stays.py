"""The grammar of stays: marks joined into arrival, departure and nights. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from agente_hotelero.messages import StayHint

from agente_hotelero_nlp_local import moments
from agente_hotelero_nlp_local.date_patterns import marks, next_week_said
from agente_hotelero_nlp_local.dates import Mark, valid
from agente_hotelero_nlp_local.numerals import COUNT, DIGITS, value
from agente_hotelero_nlp_local.text import mask

LONGEST_GUESSED = 60
# "28 al 3 de enero" begins in December; "20 al 18 de diciembre" is a slip, not four weeks.
LEAST_CROSSING = 10
_SOFT = r"(?:[\s¤,.]|\b(?:del|al|dia|el|la|o|os|a|the|on|at|no|na)\b)*"
_STRONG_TO = r"(?:\bal\b|\bao\b|\bhasta\b|\bate\b|\btill?\b|\buntil\b|\bthrough\b|\bthru\b|\bto\b)"
_WEAK_TO = r"(?:\ba\b|[-/>]+|\bp/|\bpara\b|\bpra\b)"
_ARRIVE = (
    r"\b(?:llega\w*|llego|llegue\w*|entro|entra\w*|ingres\w+|arriv\w+|arribo|cheg\w+|entrando|"
    r"check(?:ing)?[ -]?in|desde|from|a partir de\w*|starting|empezando|comecando|coming)\b"
)
_LEAVE = (
    r"(?<!cuanto )\b(?:sal(?:e|go|imos|id[ao]|iendo|ida|gamos|dria\w*)|"
    r"sa(?:io|ir|ida|indo|imos|iremos)|leav\w+|depart\w*|partida|partimos|parto|"
    r"check(?:ing)?[ -]?out|out|nos vamos|me voy|retir\w+|hasta|ate|until|till?|through|"
    r"vou embora)\b"
)
_INSTEAD = r"\b(?:en vez|en lugar|em vez|no lugar|ao inves|instead|rather than)\b[^,;.]{0,12}$"
# "Una noche más" adds to a stay; it is not how long the stay is.
_MORE_AFTER = r"\s+(?:mas|more|extra|a mais|adicional\w*|additional)\b"
_MORE_BEFORE = r"\b(?:otras?|outras?|mais|another|extra|additional)\s+$"
_DENIED = r"\b(?:no|nao|not)\s+(?:es\s+|para\s+|on\s+|from\s+)?(?:del?\s+|el\s+)?$"
_CORRECTING = (
    r"\b(?:cambi\w+|mud\w+|modific\w+|change|move|perdon|digo|mejor|sorry|actually|sino)\b"
)
_NIGHT_OF = r"\b(?:la noche|a noite|noite|the night|one night|night) (?:del?|do|of|on)(?: dia)?\s*$"
_GOODBYE = r"\W*(?:hasta manana|ate amanha|see you tomorrow|nos vemos manana)\W*"


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
    """A mark with its part in the sentence: "arrive", "leave" or none."""

    mark: Mark
    role: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Phrase:
    """One way in which the text names a stay; empty `hints`: a date that cannot be."""

    hints: tuple[StayHint, ...]
    start: int
    spans: tuple[tuple[int, int], ...]


def read(
    text: str, today: date, language: str, awaited: bool = False, topic: date | None = None
) -> StayRead | None:
    """The stay in folded `text`; `awaited` when dates were asked for, so bare numbers count.

    Days without a month are looked for from the month of `topic`, if a stay was spoken of.
    """
    if re.fullmatch(_GOODBYE, text):
        return None
    context = _Context(text=text, today=today, language=language, awaited=awaited, topic=topic)
    found = [mark for mark in marks(text, language) if not _adds(mark, text)]
    found = _meant(found, text)
    if next_week_said(text):
        found = [_in_next_week(mark) for mark in found]
    lengths = [mark for mark in found if mark.nights]
    phrases = _phrases([mark for mark in found if not mark.nights], context)
    if not phrases:
        return _of_nights(lengths)
    return _with_nights(_chosen(phrases, context), lengths)


def _adds(mark: Mark, text: str) -> bool:
    """Whether these are nights more than before, however many those were."""
    after = re.match(_MORE_AFTER, text[mark.end :]) is not None
    return bool(mark.nights) and (after or re.search(_MORE_BEFORE, text[: mark.start]) is not None)


def _meant(found: list[Mark], text: str) -> list[Mark]:
    """All but what shall be replaced ("the 14th instead of the 13th"), unless nothing else was
    said. A bare number that takes the place of nights counts nights."""
    kept = [mark for mark in found if not re.search(_INSTEAD, text[: mark.start])]
    refused = [mark for mark in found if mark not in kept]
    unsure = not any(mark.sure or mark.nights for mark in kept)
    if unsure and len(refused) == 1 and refused[0].nights:
        rest = mask(text, [(refused[0].start, refused[0].end)])
        counts = list(re.finditer(rf"(?<![\w¤]){DIGITS}(?![\w¤])", rest))
        if len(counts) == 1:
            at = counts[0]
            return [replace(refused[0], start=at.start(), end=at.end(), nights=(value(at[0]),))]
    return kept or found


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
    if lengths and (hints[0].departure is None or _is_weekend_guess(phrase)):
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
            phrases.append(phrase)
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
    return [_Said(mark=mark, role=role) for mark, role in zip(found, roles, strict=True)]


def _role(piece: str) -> str:
    last = 0
    role = ""
    for name, pattern in (("arrive", _ARRIVE), ("leave", _LEAVE)):
        for match in re.finditer(pattern, piece):
            if match.end() > last:
                last, role = match.end(), name
    return role


def _implied(first: _Said, second: _Said) -> bool:
    """One of two dates is a departure: the other must be the arrival."""
    return (first.role, second.role) in {("", "leave"), ("leave", "")} and (
        first.mark.sure and second.mark.sure
    )


def _linked(first: _Said, second: _Said, context: _Context) -> bool:
    between = context.text[first.mark.end : second.mark.start]
    before = context.text[: first.mark.start]
    if re.fullmatch(rf"{_SOFT}{_STRONG_TO}{_SOFT}", between):
        return True
    opened = re.search(r"\b(?:entre|between)\s+(?:el\s+|o\s+|the\s+)?(?:dia\s+)?$", before)
    if opened and re.fullmatch(rf"{_SOFT}(?:\by\b|\be\b|\band\b){_SOFT}", between):
        return True
    if re.fullmatch(rf"{_SOFT}(?:\bp/|\bpara\b|\bpra\b){_SOFT}", between) and not second.mark.sure:
        return False  # "para dos" counts people
    firm = first.mark.sure or second.mark.sure or context.awaited
    firm = firm or re.search(r"\b(?:del?|from|desde)\s+$", before) is not None
    joined = re.fullmatch(rf"{_SOFT}{_WEAK_TO}{_SOFT}", between) is not None
    if not joined and first.mark.sure and second.mark.sure:
        joined = re.fullmatch(r"[\s,]+", between) is not None
    return firm and joined


def _consecutive(first: Mark, second: Mark, context: _Context) -> bool:
    between = context.text[first.end : second.start]
    firm = (first.sure and second.sure) or second.month is not None
    return firm and re.fullmatch(r"\s+(?:y|e|and|&)\s+(?:el\s+|o\s+)?", between) is not None


def _range(first: Mark, second: Mark, context: _Context, anchor: date) -> _Phrase:
    """From one date to another; missing months and years come from the other date."""
    head, tail = _completed(first, second)
    arrivals = _read(head, context, anchor)
    hints = [hint for day in arrivals for hint in _until(day, tail, context)]
    return _Phrase(hints=tuple(hints), start=first.start, spans=((first.start, second.end),))


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
    if mark.weekend:
        both = moments.weekend(mark, context.today, context.language)
        hints = tuple(stay(*nights) for nights in both)
        return _Phrase(hints=hints, start=mark.start, spans=spans)
    alone = context.text.strip(" .,!?").isdecimal()
    if not (mark.sure or said.role or (context.awaited and not alone)):
        return None
    days = _read(mark, context, anchor)
    if re.search(_NIGHT_OF, context.text[: mark.start]):
        hints = tuple(stay(day, day + timedelta(days=1)) for day in days)
    elif said.role == "leave":
        hints = tuple(StayHint(departure=day) for day in days)
    else:
        hints = tuple(StayHint(arrival=day) for day in days)
    return _Phrase(hints=hints, start=mark.start, spans=spans)


def _read(mark: Mark, context: _Context, anchor: date) -> list[date]:
    floor = anchor if mark.month is None and mark.weekday is None else context.today
    return moments.readings(mark, context.today, floor, context.language)


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────


def _chosen(phrases: list[_Phrase], context: _Context) -> _Phrase:
    """One of several: whole stays before single dates, the last when something is corrected."""
    kept = [phrase for phrase in phrases if not _refused(phrase, context.text)] or phrases
    whole = [phrase for phrase in kept if _is_whole(phrase)] or kept
    if len(whole) == 1:
        return whole[0]
    text = context.text
    between = text[whole[0].spans[-1][1] : whole[1].start]
    if re.fullmatch(r"\s*,?\s*(?:o|ou|or)\s+(?:\w+\s+){0,2}", between):
        hints = tuple(hint for phrase in whole[:2] for hint in phrase.hints)
        return replace(whole[0], hints=hints, spans=whole[0].spans + whole[1].spans)
    corrected = len(kept) < len(phrases) or re.search(_CORRECTING, text) is not None
    return whole[-1] if corrected or _is_whole(whole[0]) else whole[0]


def _is_whole(phrase: _Phrase) -> bool:
    return any(hint.arrival and hint.departure for hint in phrase.hints)


def _refused(phrase: _Phrase, text: str) -> bool:
    before = text[: phrase.start]
    return re.search(_INSTEAD, before) is not None or re.search(_DENIED, before) is not None


def nights_alone(text: str) -> StayRead | None:
    """A bare number as nights, where nights were asked for."""
    match = re.fullmatch(rf"\W*(?P<n>{COUNT})\W*", text)
    if match is None or value(match["n"]) == 0:
        return None
    return StayRead(hint=StayHint(nights=value(match["n"])), spans=(match.span("n"),))
