"""The grammar of stays: what a text says of arrival, departure and nights. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from agente_hotelero.messages import StayHint

from agente_hotelero_nlp_local import stay_words as words
from agente_hotelero_nlp_local.dates import Mark
from agente_hotelero_nlp_local.numerals import COUNT, value
from agente_hotelero_nlp_local.stay_marks import Context, meant, of_the_future
from agente_hotelero_nlp_local.stay_phrases import (
    Phrase,
    lasting,
    phrases_around,
    phrases_of,
    stay,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StayRead:
    """A stay that was said, its other readings, and the places in the text that said it."""

    hint: StayHint
    alternatives: tuple[StayHint, ...] = ()
    spans: tuple[tuple[int, int], ...]


def read(
    text: str, today: date, language: str, awaited: bool = False, topic: date | None = None
) -> StayRead | None:
    """The stay in folded `text`; `awaited` when dates were asked for, so bare numbers count.

    Days without a month are looked for from the month of `topic`, if a stay was spoken of.
    """
    text = of_the_future(text)
    if re.fullmatch(words.GOODBYE, text):
        return None
    context = Context(text=text, today=today, language=language, awaited=awaited, topic=topic)
    dated, lengths = meant(context)
    phrases = phrases_around(dated, context) or phrases_of(dated, context)
    if not phrases:
        return _of_nights(lengths)
    return _with_nights(_chosen(phrases, context), lengths)


def _of_nights(lengths: Sequence[Mark]) -> StayRead | None:
    if not lengths:
        return None
    last = lengths[-1]
    hint, *others = (StayHint(nights=count) for count in last.nights)
    return StayRead(hint=hint, alternatives=tuple(others), spans=((last.start, last.end),))


def _with_nights(phrase: Phrase, lengths: Sequence[Mark]) -> StayRead | None:
    """Nights fill in a missing departure; against a written one they are a second reading."""
    if not phrase.hints:
        return None
    spans = phrase.spans + tuple((mark.start, mark.end) for mark in lengths[-1:])
    hints = list(phrase.hints)
    for count in lengths[-1].nights if lengths else ():
        hints += [lasting(hint, count) for hint in phrase.hints if hint.nights != count]
    half = None in (hints[0].arrival, hints[0].departure)
    if lengths and (half or _is_weekend_guess(phrase)):
        hints = hints[len(phrase.hints) :] or hints
    hints = [hint for hint in dict.fromkeys(hints) if hint is not None]
    return StayRead(hint=hints[0], alternatives=tuple(hints[1:]), spans=tuple(sorted(spans)))


def _is_weekend_guess(phrase: Phrase) -> bool:
    return len(phrase.spans) == 1 and len(phrase.hints) > 1


def _chosen(phrases: list[Phrase], context: Context) -> Phrase:
    """One of several: whole stays before single dates, a day of arrival before a feast beside it,
    the last when something is corrected."""
    if any(phrase.exact for phrase in phrases):
        phrases = [phrase for phrase in phrases if not phrase.vague]
    strict = [phrase for phrase in phrases if not phrase.loose]
    if len(strict) == 1 and strict[0].arrives:
        return strict[0]
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


def _same_nights(phrases: Sequence[Phrase], text: str) -> Phrase | None:
    """ "La quiero pasar al 11, las mismas noches": another arrival for as long a stay."""
    if len(phrases) < 2 or not re.search(words.SAME_NIGHTS, text) or not _is_whole(phrases[0]):
        return None
    nights, last = phrases[0].hints[0].nights, phrases[-1]
    arrival = last.hints[0].arrival if last.hints else None
    if arrival is None or nights is None:
        return None
    return replace(last, hints=(stay(arrival, arrival + timedelta(days=nights)),))


def _is_whole(phrase: Phrase) -> bool:
    return any(hint.arrival and hint.departure for hint in phrase.hints)


def nights_alone(text: str) -> StayRead | None:
    """A bare number as nights, where nights were asked for."""
    match = re.fullmatch(rf"\W*(?P<n>{COUNT})\W*", text)
    if match is None or value(match["n"]) == 0:
        return None
    return StayRead(hint=StayHint(nights=value(match["n"])), spans=(match.span("n"),))
