"""What must be read back to a guest before anything is done with what was heard. Pure.

A room number, an amount or a reference that was misheard is fluent and wrong, so these are always
read back. Dates, counts, times and a yes only where a word of theirs is unsure or what they say is
unlikely: whatever they lead to is shown in a summary and needs a yes of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from agente_hotelero._runtime import number_words
from agente_hotelero.messages import Content, Entity, PartyHint, StayHint, Understanding

SURE = 0.5
# Entities in which a wrong word would be acted upon.
FACTS = frozenset(
    {"stay", "party", "room_type", "rate", "rooms", "option", "yes_no", "time", "nights", "ages"}
)
ANSWERS = frozenset({"yes_no", "option"})
ALWAYS = frozenset({"money", "reference", "email", "phone"})
# Entities that are made of counts: there the smallest word may be one.
COUNTED = frozenset({"party", "rooms", "nights", "ages"})
LONG_NUMBER = re.compile(r"\d(?:[ .,-]?\d){2,}")
NUMBER = re.compile(r"\d+")
OF_YEAR = re.compile(r"\b(?:de|del|do|of|en|em|in)\s+$", re.IGNORECASE)
YEARS_AHEAD = 3
SMALL_WORD = 2
MOST_NIGHTS, MOST_PEOPLE = 21, 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A word that was heard, and where it stands in the text of the turn."""

    begin: int
    end: int
    probability: float
    number: bool = False
    counts: bool = False


def doubts(contents: Sequence[Content], understood: Understanding, today: date) -> tuple[str, ...]:
    """What to read back, as it stands in the text, each once. `contents` are those whose texts the
    understanding was made of, in order."""
    text, spots, heard = _laid_out(contents)
    if not heard:
        return ()
    found = [
        *_of_entities(understood.entities, spots, heard, today),
        *_of_numbers(text, spots, heard, understood.entities, today),
    ]
    return tuple(dict.fromkeys(one for one in found if not _is_part(one, found)))


def _is_part(one: str, found: Sequence[str]) -> bool:
    return any(one in other and one != other for other in found)


def _of_entities(
    entities: Sequence[Entity], spots: Sequence[Spot], heard: Sequence[tuple[int, int]], today: date
) -> Iterator[str]:
    for entity in entities:
        if not any(first <= entity.span[0] < last for first, last in heard):
            continue
        unsure = _unsure(entity, spots) or _unlikely(entity, today)
        if entity.type in ALWAYS or (entity.type in FACTS and unsure):
            yield entity.text


def _of_numbers(
    text: str,
    spots: Sequence[Spot],
    heard: Sequence[tuple[int, int]],
    entities: Sequence[Entity],
    today: date,
) -> Iterator[str]:
    """Numbers, in digits or words: long ones always unless they were read as something else that a
    summary shows, short ones where they are unsure."""
    read = [one.span for one in entities if one.type in FACTS and one.type not in ANSWERS]
    for begin, end, long in _numbers(text):
        inside = any(first <= begin < last for first, last in heard)
        known = any(first <= begin and end <= last for first, last in read)
        known = known or _is_year(text, begin, end, today)
        if inside and ((long and not known) or _least(begin, end, spots) < SURE):
            yield text[begin:end]


def _is_year(text: str, begin: int, end: int, today: date) -> bool:
    """Whether it is a year in which guests come, said as such: "de 2026"."""
    number = text[begin:end]
    near = {str(today.year + more) for more in range(YEARS_AHEAD + 1)}
    return number in near and OF_YEAR.search(text[:begin]) is not None


def _numbers(text: str) -> Iterator[tuple[int, int, bool]]:
    for found in LONG_NUMBER.finditer(text):
        yield found.start(), found.end(), True
    for found in NUMBER.finditer(text):
        yield found.start(), found.end(), False
    yield from number_words.runs(text)


def _unsure(entity: Entity, spots: Sequence[Spot]) -> bool:
    """Whether some word of weight in it is; articles and the like weigh only in a short answer, or
    where they may be a count."""
    shortest = 0 if entity.type in ANSWERS else SMALL_WORD
    begin, end = entity.span
    return any(
        spot.probability < SURE
        for spot in spots
        if spot.begin < end and begin < spot.end
        if spot.end - spot.begin > shortest
        or spot.number
        or (entity.type in COUNTED and spot.counts)
    )


def _least(begin: int, end: int, spots: Sequence[Spot]) -> float:
    return min(
        (one.probability for one in spots if one.begin < end and begin < one.end), default=1.0
    )


def _unlikely(entity: Entity, today: date) -> bool:
    """Whether people seldom mean this: then it was rather misheard."""
    value = entity.value
    if isinstance(value, StayHint):
        first, last = value.arrival, value.departure
        backwards = first is not None and last is not None and last <= first
        long = first is not None and last is not None and (last - first).days > MOST_NIGHTS
        past = first is not None and first < today
        return backwards or long or past or (value.nights or 0) > MOST_NIGHTS
    if isinstance(value, PartyHint):
        return (value.adults or 0) + (value.children or 0) > MOST_PEOPLE
    return False


def _laid_out(
    contents: Sequence[Content],
) -> tuple[str, list[Spot], list[tuple[int, int]]]:
    """The text of a turn, the words that were heard in it, and which stretches were."""
    lines: list[str] = []
    spots: list[Spot] = []
    heard: list[tuple[int, int]] = []
    at = 0
    for content in contents:
        if not content.text:
            continue
        if content.heard is not None:
            heard.append((at, at + len(content.text)))
            spots += _spots(content, at)
        lines.append(content.text)
        at += len(content.text) + 1
    return "\n".join(lines), spots, heard


def _spots(content: Content, at: int) -> Iterator[Spot]:
    place = 0
    for word in content.heard.words if content.heard else ():
        found = content.text.find(word.text, place)
        if found < 0:
            continue
        place = found + len(word.text)
        bare = word.text.rstrip(".,;:!?…")
        yield Spot(
            begin=at + found,
            end=at + found + len(bare),
            probability=word.probability,
            number=bool(NUMBER.search(bare)),
            counts=number_words.is_number(bare.strip("¿¡ ")),
        )
