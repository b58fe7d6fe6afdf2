"""What is done to a reservation after the guest's yes, and what is said of how it went."""

from __future__ import annotations

from collections.abc import Mapping

from agente_hotelero import Decision, HandlerRequest, Handover
from agente_hotelero.errors import (
    OutcomeUnknown,
    PermanentError,
    PriceChanged,
    SoldOut,
    TemporaryError,
)
from agente_hotelero.events import (
    DomainEvent,
    ReservationCancelled,
    ReservationChanged,
    TaskForStaff,
)
from agente_hotelero.messages import Reply
from agente_hotelero.stays import Amendment, Cancellation, Reservation, Service

from agente_hotelero_front_desk import telling
from agente_hotelero_front_desk.cases import Case, Wish
from agente_hotelero_front_desk.house import told_of
from agente_hotelero_front_desk.person import offer_a_person

TASKS: Mapping[Wish, str] = {
    "show": "find_reservation",
    "cancel": "cancel_reservation",
    "change": "change_reservation",
    "late_checkout": "late_checkout",
    "early_checkin": "early_checkin",
}
Preview = Amendment | Cancellation | Service


async def do(request: HandlerRequest, case: Case) -> Decision | tuple[Case, Reply]:
    """Do it; at another price than was said, the case with the new one, to ask again."""
    preview, reference, key = case.preview, case.found, case.key
    if preview is None or reference is None or key is None:
        raise ValueError("there is nothing to say yes to")
    try:
        made = await _write(request, preview, reference, key)
    except PriceChanged as error:
        return await _at_new_price(request, case, error.offer, reference)
    except SoldOut:
        return offer_a_person(request, (), "front_desk/cannot_change", TASKS[case.wish])
    except TemporaryError:
        return case, Reply(template="front_desk/not_changed_yet")
    except OutcomeUnknown:
        return Decision(
            replies=(Reply(template="front_desk/change_unknown"),),
            handover=Handover(reason="unknown change outcome"),
            events=(TaskForStaff(kind="unknown_change"),),
        )
    except PermanentError as error:
        return Decision(
            replies=(Reply(template="front_desk/change_refused"),),
            handover=Handover(reason=f"change refused: {type(error).__name__}"),
            events=(TaskForStaff(kind=TASKS[case.wish]),),
        )
    return _done(request, preview, made)


async def _write(
    request: HandlerRequest, preview: Preview, reference: str, key: str
) -> Reservation:
    if isinstance(preview, Amendment):
        return await request.pms.amend(preview, key)
    if isinstance(preview, Cancellation):
        return await request.pms.cancel(preview, key)
    return await request.pms.book_service(reference, preview, key)


async def _at_new_price(
    request: HandlerRequest, case: Case, offer: object, reference: str
) -> Decision | tuple[Case, Reply]:
    """The same thing at its present price: the guest must say yes again."""
    if not isinstance(offer, Amendment | Cancellation | Service):
        raise TypeError("the new price of a change is a change")
    if isinstance(offer, Cancellation) and offer.fee is None:
        return offer_a_person(request, (), "front_desk/fee_unknown", TASKS[case.wish])
    made = await request.pms.reservation(reference)
    return case.with_(preview=offer), told(offer, made, again=True)


def told(preview: Preview, made: Reservation, *, again: bool = False) -> Reply:
    """What it costs; `again`: the price is another than was said before."""
    if isinstance(preview, Amendment):
        template, values = "front_desk/amendment", telling.of_amendment(preview, made)
    elif isinstance(preview, Cancellation):
        template, values = "front_desk/cancellation", telling.of_cancellation(preview, made)
    else:
        template, values = "front_desk/service_offer", telling.of_service(preview, made)
    return Reply(template=template, values=values | {"again": again})


def _done(request: HandlerRequest, preview: Preview, made: Reservation) -> Decision:
    focus = request.focus.with_(reservation=made.reference, topic=made.stay.arrival, stay=None)
    event: DomainEvent = ReservationChanged(reservation=made)
    if isinstance(preview, Amendment):
        reply = Reply(template="front_desk/changed", values=telling.of_reservation(made))
    elif isinstance(preview, Cancellation):
        values = telling.of_cancellation(preview, made)
        reply = Reply(template="front_desk/cancelled", values=values)
        focus = focus.with_(reservation=None)
        event = ReservationCancelled(reservation=made)
    else:
        reply = Reply(template="front_desk/service_added", values=telling.of_service(preview, made))
    return Decision(replies=(reply,), focus=focus, events=(event,))


async def arranged_by_staff(request: HandlerRequest, wish: Wish) -> Decision:
    """What the house says of it, and a person who arranges it."""
    said = told_of(request, wish)
    if said is None:
        return offer_a_person(request, (), "front_desk/topic_unknown", TASKS[wish])
    return offer_a_person(request, (said,), task=TASKS[wish])
