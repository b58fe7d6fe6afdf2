"""All that was said, as entities in the order of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace

from agente_hotelero.messages import Entity, Intent, UnderstandRequest

from agente_hotelero_nlp_local import amounts, answers, clock_times, contacts, parties, rooms, stays
from agente_hotelero_nlp_local.text import MASK, Folded, fold, mask, plain
from agente_hotelero_nlp_local.typos import mended

Span = tuple[int, int]
SURE_OF_A_WISH = 0.6
NO_WISH = frozenset({"provide_info", "out_of_scope", "acknowledge", "greeting"})
OFTEN = 4
_ONE_WORD = re.compile(r"[^\W\d_]+")


def ordinary(texts: Iterable[str]) -> frozenset[str]:
    """Words that occur a few times in texts, folded; capitals inside a text are names."""
    written = Counter(
        word
        for text in texts
        for number, word in enumerate(_ONE_WORD.findall(text))
        if number == 0 or not word[0].isupper()
    )
    counts = Counter[str]()
    for word, times in written.items():
        counts[plain(word)] += times
    return frozenset(word for word, times in counts.items() if times >= OFTEN and len(word) > 1)


def read(
    text: str, request: UnderstandRequest, language: str, common: Set[str], top: Intent | None
) -> tuple[Entity, ...]:
    """Entities with spans in the guest's own text."""
    folded = mended(fold(text), common)
    booking = contacts.reference(text, expected="reference" in request.expects)
    folded = _without(_without(folded, booking), contacts.introduced(text, common))
    counted = list(_times_and_amounts(folded))
    dated = _without_spans(folded, counted)
    found = [
        *(entity for entity, _ in counted),
        *_stay(dated, request, language),
        *_people_and_rooms(dated, request, language),
        *_answers(folded, request),
        *_contacts(text, request, common, top),
    ]
    return tuple(sorted(_without_echoes(found), key=lambda entity: entity.span))


def _without(folded: Folded, said: contacts.Found | None) -> Folded:
    """The text without a booking's reference or a name, whose letters and digits mean nothing
    else: "a nombre de Domingo Marzo"."""
    if said is None:
        return folded
    first, last = said.span
    pairs = zip(folded.text, folded.offsets, strict=True)
    text = "".join(MASK if first <= at < last else char for char, at in pairs)
    return replace(folded, text=text)


def _times_and_amounts(folded: Folded) -> Iterator[tuple[Entity, Span]]:
    """Times of day and amounts, with their places in the folded text: no dates, no people."""
    text = _without_contacts(folded)
    sums = amounts.read(text)
    for one in sums:
        yield _entity("money", folded, folded.span(*one.span), one.money), one.span
    for said in clock_times.read(mask(text, [one.span for one in sums])):
        span = folded.span(*said.span)
        yield _entity("time", folded, span, said.at, said.others), said.span


def _without_spans(folded: Folded, counted: Iterable[tuple[Entity, Span]]) -> Folded:
    return replace(folded, text=mask(folded.text, [span for _, span in counted]))


def _without_echoes(found: Sequence[Entity]) -> Iterator[Entity]:
    """All but the dates and people that are really a chosen option ("the second one")."""
    chosen = [entity.span for entity in found if entity.type == "option"]
    for entity in found:
        start, end = entity.span
        inside = any(start < last and first < end for first, last in chosen)
        if not (inside and entity.type in ("stay", "party")):
            yield entity


def _stay(folded: Folded, request: UnderstandRequest, language: str) -> Iterator[Entity]:
    today = request.reference.astimezone(request.zone).date()
    awaited = bool({"stay", "nights"} & set(request.expects[:1]))
    text = _without_contacts(folded)
    people = parties.read(text) if awaited else None
    if people is not None and stays.read(text, today, language) is None:
        # Where nights are asked a number is a day, but not that of "somos 2".
        text = mask(text, people.spans)
    found = stays.read(text, today, language, awaited, request.topic)
    if found is None and request.expects[:1] == ("nights",):
        found = stays.nights_alone(folded.text)
    if found is not None:
        span = folded.span(found.spans[0][0], found.spans[-1][1])
        yield _entity("stay", folded, span, found.hint, found.alternatives)


def _people_and_rooms(
    folded: Folded, request: UnderstandRequest, language: str
) -> Iterator[Entity]:
    today = request.reference.astimezone(request.zone).date()
    taken = stays.read(_without_contacts(folded), today, language)
    free = mask(_without_contacts(folded), taken.spans if taken else ())
    several = rooms.how_many(free)
    if several is not None:
        yield _entity("rooms", folded, folded.span(*several[1]), several[0])
        free = mask(free, [several[1]])
    awaited = next((kind for kind in request.expects[:1] if kind in ("party", "ages")), "")
    party = parties.read(free, awaited)
    if party is not None:
        span = folded.span(party.spans[0][0], party.spans[-1][1])
        yield _entity("party", folded, span, party.hint)
    # Where offers are shown, who asks about one has not taken it.
    named = answers.choosing(folded.text, request.options) if request.options else folded.text
    rate = rooms.rate(named, request.rates)
    if rate is not None:
        yield _entity("rate", folded, folded.span(*rate.span), rate.ids[0])
    room = rooms.room_type(named, request.vocabulary)
    if room is not None:
        yield _entity("room_type", folded, folded.span(*room.span), room.ids[0], room.ids[1:])


def _answers(folded: Folded, request: UnderstandRequest) -> Iterator[Entity]:
    chosen = answers.option(folded.text, request.options)
    if chosen is not None:
        yield _entity("option", folded, folded.span(*chosen.span), chosen.id)
    if "yes_no" in request.expects:
        said = answers.yes_or_no(
            folded.text,
            to_cancel="cancel" in request.expects,
            to_change="change" in request.expects,
        )
        if said is not None:
            yield _entity("yes_no", folded, folded.span(*said.span), said.value)


def _contacts(
    text: str, request: UnderstandRequest, common: Set[str], top: Intent | None
) -> Iterator[Entity]:
    mail = contacts.email(text)
    if mail is not None:
        yield Entity(type="email", text=mail.value, span=mail.span, value=mail.value)
    booking = contacts.reference(text, expected="reference" in request.expects)
    if booking is not None:
        yield Entity(
            type="reference", text=booking.value, span=booking.span, value=booking.value.upper()
        )
    number = contacts.phone(text)
    if number is not None and not (booking and _overlap(number.span, booking.span)):
        yield Entity(type="phone", text=number.value, span=number.span, value=number.value)
    name = contacts.introduced(text, common)
    if name is None and "person" in request.expects and not _is_wish(top):
        name = contacts.bare(text, common, but=[booking.span] if booking else ())
    if name is None and booking is not None:
        name = contacts.beside(text, booking, common)
    if name is not None:
        yield Entity(type="person", text=text[slice(*name.span)], span=name.span, value=name.value)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_wish(top: Intent | None) -> bool:
    """Whether the text says clearly something else than a name."""
    return top is not None and top.name not in NO_WISH and top.confidence >= SURE_OF_A_WISH


def _without_contacts(folded: Folded) -> str:
    """The text with addresses and long numbers blotted out: digits in them are no dates."""
    spans = [match.span() for match in contacts.EMAIL.finditer(folded.text)]
    spans += [
        match.span()
        for match in contacts.PHONE.finditer(folded.text)
        if sum(char.isdigit() for char in match.group()) >= 9 and not _looks_like_dates(match)
    ]
    return mask(folded.text, spans)


def _looks_like_dates(match: re.Match[str]) -> bool:
    return re.search(r"\b20\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", match.group()) is not None


def _entity(
    kind: str,
    folded: Folded,
    span: Span,
    value: object,
    alternatives: Iterable[object] = (),
) -> Entity:
    return Entity(
        type=kind,
        text=folded.original[span[0] : span[1]],
        span=span,
        value=value,  # type: ignore[arg-type]
        alternatives=tuple(alternatives),  # type: ignore[arg-type]
    )
