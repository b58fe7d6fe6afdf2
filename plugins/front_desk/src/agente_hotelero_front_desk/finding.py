"""Whose reservation: the one of this conversation, of the guest's own number, or proved by name.

In a mail a name proves nothing, since anybody may write one: there it must have been made with the
address that the mail is surely from, or in this conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from agente_hotelero import HandlerRequest
from agente_hotelero.errors import NotFound
from agente_hotelero.messages import Option
from agente_hotelero.stays import Reservation, ReservationQuery, ReservationStatus

from agente_hotelero_front_desk.cases import Case, proves

LIVE = (ReservationStatus.CONFIRMED, ReservationStatus.IN_HOUSE)
PICK = "reservation:"
MOST_SHOWN = 5
MOST_WORDS = 3
SHORTEST_REFERENCE = 6


async def candidates(request: HandlerRequest, case: Case) -> Sequence[Reservation]:
    """The reservations that are the guest's, as far as that is known; those to come, soonest first.

    One that was named and proved is the only one. Raises TemporaryError.
    """
    if case.found:
        made = await request.pms.reservation(case.found)
        return [made] if is_theirs(request, made) else []
    if case.reference and (case.surname or case.email or request.email):
        named = await _named(request, case.reference)
        proved = named and is_theirs(request, named) and (request.email or proves(case, named))
        return [named] if named and proved else []
    known = await _known(request)
    if case.reference:
        said = case.reference.casefold()
        return [one for one in known if one.reference.casefold() == said]
    return known


async def with_reference(request: HandlerRequest, case: Case) -> Case:
    """Some systems' references are letters alone, and look like a name: where the PMS knows one of
    the words that were said as a name, that word is the reference."""
    if case.found or case.reference or not case.surname:
        return case
    said = case.surname.split()
    for word in said[:MOST_WORDS]:
        could_be = len(word) >= SHORTEST_REFERENCE and word.isascii() and word.isalpha()
        if could_be and await _named(request, word) is not None:
            others = " ".join(one for one in said if one != word)
            return case.with_(reference=word.upper(), surname=others or None)
    return case


async def _named(request: HandlerRequest, reference: str) -> Reservation | None:
    try:
        return await request.pms.reservation(reference)
    except NotFound:
        return None


async def _known(request: HandlerRequest) -> Sequence[Reservation]:
    """What was booked or proved in this conversation, else what belongs to the guest's number."""
    if request.focus.reservation:
        made = await _named(request, request.focus.reservation)
        if made is not None and is_live(made, request) and is_theirs(request, made):
            return [made]
    if not (request.phone or request.email) or not is_sure(request):
        return []
    query = ReservationQuery(
        property_id=request.hotel.property_id, phone=request.phone, email=request.email
    )
    found: list[Reservation] = []
    cursor: str | None = None
    for _ in range(MOST_SHOWN):
        page = await request.pms.find_reservations(query, cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    live = [one for one in found if is_live(one, request)]
    return sorted(live, key=lambda one: one.stay.arrival)[:MOST_SHOWN]


def is_sure(request: HandlerRequest) -> bool:
    """Whether the channel vouches that the guest is who he says."""
    return request.email is None or request.verified


def is_theirs(request: HandlerRequest, made: Reservation) -> bool:
    """Whether nothing speaks against a reservation being the guest's: over mail, only its own
    address speaks for it."""
    if request.email is None:
        return True
    same = (made.guest.email or "").casefold() == request.email.casefold()
    return is_sure(request) and (same or made.reference == request.focus.reservation)


def is_live(made: Reservation, request: HandlerRequest) -> bool:
    """Whether it is still to come, or going on."""
    return made.status in LIVE and made.stay.departure >= request.now.date()


def options(several: Sequence[tuple[str, date]]) -> tuple[Option, ...]:
    """A button for each."""
    return tuple(
        Option(
            id=f"{PICK}{reference}",
            phrase="front_desk/option_reservation",
            values={"reference": reference, "arrival": arrival},
        )
        for reference, arrival in several
    )
