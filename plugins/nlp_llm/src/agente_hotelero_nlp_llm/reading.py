"""From the model's answer to an understanding, believing only what the guest's text shows. Pure.

What is not in the text was not said, and is dropped; so is a value that cannot be. The value is
made anew here: from the quoted words, from ISO dates, or from the list that a number points into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from agente_hotelero.messages import (
    Entity,
    EntityValue,
    Intent,
    PartyHint,
    StayHint,
    Understanding,
    UnderstandRequest,
    Verdict,
)

from agente_hotelero_nlp_llm import agreeing
from agente_hotelero_nlp_llm.answers import (
    Answer,
    Numbered,
    PartySaid,
    StaySaid,
    Wish,
    YesNoSaid,
)

CONFIDENCES = {"high": 0.95, "medium": 0.7, "low": 0.3}
NOT_AN_INTENT = "out_of_scope"
# While a question waits these say no more than its answer does; if that was not believed, another
# engine may read it.
ANSWERING = frozenset({"affirm", "deny", "acknowledge", "provide_info"})
BESIDE_AN_ANSWER = frozenset({"thanks", "human_handoff"})
ANSWERED = 0.66
MOST_INTENTS = 10
# Of a stay that has just been one may still speak; farther away, the model took a wrong year.
BACK, AHEAD = timedelta(days=31), timedelta(days=3 * 366)
MOST_NIGHTS, MOST_PEOPLE, MOST_ROOMS, OLDEST_CHILD = 365, 50, 50, 17
LONGEST_NAME, LONGEST_REFERENCE = 80, 20
EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24}")
PHONE = re.compile(r"\+?[\d ().-]{8,24}")
REFERENCE = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
NAME = re.compile(r"[^\W\d_][^\n@<>{}\[\]\d]*")
Span = tuple[int, int]


def read(answer: Answer, request: UnderstandRequest, text: str, act_above: float) -> Understanding:
    """What the answer says of `text`, as far as it can be believed."""
    said = tuple(sorted(_entities(answer, request, text), key=lambda entity: entity.span))
    wanted = _in_context(tuple(_intents(answer.intents, text)), said, request.expects, text)
    return Understanding(
        language=answer.language if answer.language in request.languages else known(request),
        intents=wanted,
        entities=said,
        verdict=_verdict(wanted, said, request.expects, act_above),
    )


def known(request: UnderstandRequest) -> str:
    """The language of the conversation so far."""
    return request.language or request.languages[0]


def find(quote: str, text: str) -> Span | None:
    """Where whole words were written, whatever their case and blanks; None if they were not."""
    words = quote.split()
    if not words or len(" ".join(words)) > len(text):
        return None
    pattern = r"\s+".join(re.escape(word) for word in words)
    found = re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)
    return found.span() if found else None


def _intents(wishes: Sequence[Wish], text: str) -> Iterator[Intent]:
    """The surest first, each once."""
    seen = set[str]()
    for wish in sorted(wishes[:MOST_INTENTS], key=lambda wish: -CONFIDENCES[wish.certainty]):
        span = find(wish.quote, text)
        if span is not None and wish.name not in seen:
            seen.add(wish.name)
            yield Intent(name=wish.name, confidence=CONFIDENCES[wish.certainty], at=span[0])


def _entities(answer: Answer, request: UnderstandRequest, text: str) -> Iterator[Entity]:
    yield from _stay(answer.stay, request, text)
    yield from _party(answer.party, text)
    yield from _rooms(answer.rooms, text)
    yield from _chosen("room_type", answer.room_type, list(request.vocabulary), text)
    yield from _chosen("rate", answer.rate, list(request.rates), text)
    yield from _chosen("option", answer.option, [one.id for one in request.options], text)
    if "yes_no" in request.expects:
        yield from _yes_no(answer.yes_no, request.expects, text)
    yield from _words("person", answer.person, text, _person)
    yield from _words("email", answer.email, text, _email)
    yield from _words("phone", answer.phone, text, _phone)
    yield from _words("reference", answer.reference, text, _reference)


def _entity(
    kind: str, quote: str, text: str, value: EntityValue, *others: EntityValue
) -> Iterator[Entity]:
    span = find(quote, text)
    if span is not None:
        said = text[slice(*span)]
        yield Entity(type=kind, text=said, span=span, value=value, alternatives=others)


def _stay(said: StaySaid | None, request: UnderstandRequest, text: str) -> Iterator[Entity]:
    if said is None:
        return
    today = request.reference.astimezone(request.zone).date()
    try:
        readings = _readings(said, today)
    except ValueError:
        return
    yield from _entity("stay", said.quote, text, *readings)


def _readings(said: StaySaid, today: date) -> list[StayHint]:
    """Nights fill in a missing departure; against a written one they are a second reading.

    Raises ValueError for what cannot be a stay.
    """
    arrival, departure = _day(said.arrival, today), _day(said.departure, today)
    nights = _counted(said.nights, 1, MOST_NIGHTS)
    if arrival is None:
        if departure is None and nights is None:
            raise ValueError("nothing was said")
        return [StayHint(departure=departure, nights=nights)]
    dated = None if departure is None else _counted((departure - arrival).days, 1, MOST_NIGHTS)
    lengths = [length for length in dict.fromkeys((dated, nights)) if length is not None]
    if not lengths:
        return [StayHint(arrival=arrival)]
    return [_of_length(arrival, length) for length in lengths]


def _of_length(arrival: date, nights: int) -> StayHint:
    return StayHint(arrival=arrival, departure=arrival + timedelta(days=nights), nights=nights)


def _day(said: str | None, today: date) -> date | None:
    if said is None:
        return None
    day = date.fromisoformat(said)
    if not today - BACK <= day <= today + AHEAD:
        raise ValueError("of another time")
    return day


def _counted(number: int | None, least: int, most: int) -> int | None:
    if number is not None and not least <= number <= most:
        raise ValueError("no such count")
    return number


def _party(said: PartySaid | None, text: str) -> Iterator[Entity]:
    if said is None:
        return
    try:
        party = _people(said)
    except ValueError:
        return
    yield from _entity("party", said.quote, text, party)


def _people(said: PartySaid) -> PartyHint:
    """Raises ValueError for what cannot be a party."""
    ages = tuple(_counted(age, 0, OLDEST_CHILD) or 0 for age in said.child_ages)
    adults = _counted(said.adults, 1, MOST_PEOPLE)
    children = _counted(said.children, len(ages), MOST_PEOPLE)
    if adults is None and not children and not ages:
        raise ValueError("nobody was named")
    if children is None and ages:
        children = len(ages)
    return PartyHint(adults=adults, children=children, child_ages=ages)


def _rooms(said: Numbered | None, text: str) -> Iterator[Entity]:
    """One room is what everybody wants; only several are worth a word."""
    if said is not None and 2 <= said.number <= MOST_ROOMS:
        yield from _entity("rooms", said.quote, text, said.number)


def _chosen(kind: str, said: Numbered | None, ids: Sequence[str], text: str) -> Iterator[Entity]:
    if said is not None and 1 <= said.number <= len(ids):
        yield from _entity(kind, said.quote, text, ids[said.number - 1])


def _yes_no(said: YesNoSaid | None, expects: Sequence[str], text: str) -> Iterator[Entity]:
    """A yes may book a room: one that depends on something, or comes with a question, is none, and
    a word for it must have been written, whatever the model takes for one."""
    if said is None or said.answer == "conditional":
        return
    if said.answer == "yes" and not agreeing.agrees(said.quote, expects, text):
        return
    yield from _entity("yes_no", said.quote, text, said.answer == "yes")


def _words(
    kind: str, quote: str | None, text: str, made: Callable[[str], str | None]
) -> Iterator[Entity]:
    """What the guest wrote himself; the value is made from his letters, not from the model's."""
    span = find(quote, text) if quote else None
    value = made(text[slice(*span)]) if span else None
    if span is not None and value is not None:
        yield Entity(type=kind, text=text[slice(*span)], span=span, value=value)


def _person(words: str) -> str | None:
    name = " ".join(words.split())
    return name if len(name) <= LONGEST_NAME and NAME.fullmatch(name) else None


def _email(words: str) -> str | None:
    return words if EMAIL.fullmatch(words) else None


def _phone(words: str) -> str | None:
    digits = sum(char.isdigit() for char in words)
    return words if 8 <= digits <= 15 and PHONE.fullmatch(words) else None


def _reference(words: str) -> str | None:
    fits = len(words) <= LONGEST_REFERENCE and REFERENCE.fullmatch(words)
    return words.upper() if fits else None


def _in_context(
    found: tuple[Intent, ...], said: Iterable[Entity], expects: Sequence[str], text: str
) -> tuple[Intent, ...]:
    """Where the answer to a question is nearly all of the text, it is nothing but that answer."""
    covered = sum(entity.span[1] - entity.span[0] for entity in said if entity.type in expects)
    if covered and covered >= ANSWERED * len(text.strip()):
        return tuple(intent for intent in found if intent.name in BESIDE_AN_ANSWER)
    return found


def _verdict(
    wanted: Sequence[Intent], said: Sequence[Entity], expects: Sequence[str], act_above: float
) -> Verdict:
    if any(entity.type in expects for entity in said):
        return "act"
    vain = {NOT_AN_INTENT, *(ANSWERING if expects else ())}
    clear = (intent.confidence for intent in wanted if intent.name not in vain)
    best = max(clear, default=0.0)
    if best >= act_above:
        return "act"
    return "confirm" if best >= act_above / 2 else "reject"
