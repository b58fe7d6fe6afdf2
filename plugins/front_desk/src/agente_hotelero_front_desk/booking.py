"""Quoting and booking: dates, party, offer, guest, summary, an explicit yes, a reservation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from agente_hotelero import Decision, Focus, Frame, Handler, HandlerRequest, Handover
from agente_hotelero.errors import (
    HoteleroError,
    OutcomeUnknown,
    PermanentError,
    PriceChanged,
    Rejected,
    SoldOut,
    TemporaryError,
)
from agente_hotelero.events import ReservationMade, TaskForStaff
from agente_hotelero.messages import Option, Priced, Reply
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    Offer,
    OfferQuery,
    Reservation,
    ReservationDraft,
)

from agente_hotelero_front_desk import answers, nearest, telling
from agente_hotelero_front_desk import draft as drafts
from agente_hotelero_front_desk import offers as sales
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.draft import Draft, Step
from agente_hotelero_front_desk.finding import is_sure, is_theirs
from agente_hotelero_front_desk.person import offer_a_person, unproved

EXPECTS: dict[Step, tuple[str, ...]] = {
    "dates": ("stay", "party", "room_type", "rooms"),
    "nights": ("nights", "stay", "party", "room_type", "rooms"),
    "party": ("party", "stay", "room_type", "rooms"),
    "ages": ("ages", "party", "stay"),
    "choose": ("option", "room_type", "rate", "stay", "party", "rooms", "yes_no"),
    "name": ("person", "email", "stay", "party", "rate"),
    "email": ("email", "yes_no", "person", "stay", "party", "rate"),
    "confirm": ("yes_no", "stay", "party", "room_type", "rate", "person", "email", "rooms"),
}
NONE_OF_THEM = "offer:none"
KEY_SHOWN = 8


class Booking(Handler[FrontDeskConfig]):
    """Owns everything on the way from a question about rooms to a reservation."""

    config_class = FrontDeskConfig
    name = "front_desk.booking"
    intents = frozenset({"check_availability", "make_reservation", "price_quote", "provide_info"})

    async def handle(self, request: HandlerRequest) -> Decision:
        if request.first("rooms") is not None:
            return offer_a_person(request, (), "front_desk/several_rooms")
        if request.frame is None and _asks_of_what_is_booked(request):
            shown = await _what_is_booked(request)
            if shown is not None:
                return shown
        frame = request.frame
        step = cast("Step | None", frame.step if frame else None)
        before = Draft.model_validate(frame.data) if frame else drafts.begin(request.focus)
        told = drafts.absorb(before, request.entities, step)
        same = told.searches_like(before)
        if step == "confirm" and told == before:
            answer = answers.yes_or_no(request)
            if answer is not None:
                return await self._close(request, told, answer)
        if step == "choose" and told.stay == before.stay:
            if same and told.rate == before.rate and _declines(request):
                return self._nothing_booked()
            told = _with_offer(told, _picked(request, told.shown))
            searches = request.first("stay") or request.first("party")
            live = sales.still_valid(request.focus.offers, request.now)
            if told == before and live and not searches:
                return self._ask(request, told)
        if step == "email" and told.email is None and answers.yes_or_no(request) is False:
            told = told.with_(email="")
        if told.rate != before.rate and told.offer is not None:
            told = _at_rate(told, request.focus.offers)
        return await self._proceed(request, told)

    def question(self, frame: Frame, focus: Focus, hotel_now: datetime) -> Reply | None:
        draft = Draft.model_validate(frame.data)
        if frame.step == "choose":
            return _choice(focus.offers[: draft.shown])
        if frame.step == "confirm" and draft.offer is not None:
            return _summary(draft, draft.offer)
        values = {"arrival": draft.arrival, "children": draft.children}
        return Reply(template=f"front_desk/ask_{frame.step}", values=values)

    async def _proceed(self, request: HandlerRequest, draft: Draft) -> Decision:
        """Say what follows from what is known, and ask the next question."""
        if draft.arrival is not None and draft.arrival < request.now.date():
            reply = Reply(template="front_desk/past_date", values={"arrival": draft.arrival})
            return self._ask(request, draft.with_(arrival=None), (reply,))
        if drafts.missing(draft) == "choose":
            return await self._offer(request, draft)
        return self._ask(request, draft)

    async def _offer(
        self, request: HandlerRequest, draft: Draft, first: tuple[Reply, ...] = ()
    ) -> Decision:
        """Search, and show what is for sale."""
        stay, party = draft.stay, draft.occupancy
        if stay is None or party is None:
            return self._ask(request, draft, first)
        query = OfferQuery(
            property_id=request.hotel.property_id,
            stay=stay,
            occupancies=(party,),
            room_type_id=draft.room_type,
            locale=request.language,
        )
        try:
            found = await request.pms.search_offers(query)
            if not found and draft.room_type is not None:
                found = await request.pms.search_offers(replace(query, room_type_id=None))
                if found:
                    first = (*first, Reply(template="front_desk/other_rooms"))
                draft = draft.with_(room_type=None)
        except Rejected:
            reply = Reply(template="front_desk/stay_refused", values=_stay_values(draft))
            return self._ask(request, draft.with_(arrival=None, nights=None), (*first, reply))
        except TemporaryError:
            return self._away(request, draft, first)
        shown = sales.worth_showing(
            found, draft.room_type, self.config.offers_shown, rate=draft.rate
        )
        if not shown and await _is_too_large(request, party):
            return offer_a_person(request, first, "front_desk/several_rooms")
        if not shown:
            return await self._nearest(request, draft, query, first)
        focus = request.focus.with_(offers=sales.with_other_rates(shown, found))
        intro = Reply(template="front_desk/offers", values=_stay_values(draft))
        replies = (*first, intro, *(sales.card(offer) for offer in shown))
        return self._ask(replace(request, focus=focus), draft.with_(shown=len(shown)), replies)

    async def _nearest(
        self,
        request: HandlerRequest,
        draft: Draft,
        query: OfferQuery,
        first: tuple[Reply, ...],
    ) -> Decision:
        """Nothing is left: say so, and show the nearest stays that are for sale."""
        full = Reply(template="front_desk/no_rooms", values=_stay_values(draft))
        near = await nearest.stays(request, query, self.config.offers_shown)
        if not near:
            return self._ask(request, draft.with_(arrival=None, nights=None), (*first, full))
        lines = (
            Reply(template="front_desk/nearest_offer", values=sales.described(offer))
            for offer in near
        )
        replies = (*first, full, Reply(template="front_desk/nearest"), *lines)
        focus = request.focus.with_(offers=near)
        return self._ask(replace(request, focus=focus), draft.with_(shown=len(near)), replies)

    def _away(
        self, request: HandlerRequest, draft: Draft, first: tuple[Reply, ...] = ()
    ) -> Decision:
        """The PMS does not answer: said honestly, and what is known is kept for later."""
        reply = Reply(template="front_desk/system_away")
        focus = _remember(request.focus, draft)
        return Decision(replies=(*first, reply), frame=None, focus=focus)

    def _ask(
        self, request: HandlerRequest, draft: Draft, replies: tuple[Reply, ...] = ()
    ) -> Decision:
        step = drafts.missing(draft)
        if step == "confirm" and draft.key is None:
            draft = draft.with_(key=uuid.uuid4().hex)
        frame = Frame(
            handler=self.name,
            step=step,
            data=draft.model_dump(mode="json"),
            expects=EXPECTS[step],
            expires_at=request.now + timedelta(hours=self.config.question_hours),
        )
        return Decision(replies=replies, frame=frame, focus=_remember(request.focus, draft))

    async def _close(self, request: HandlerRequest, draft: Draft, answer: bool) -> Decision:
        """The guest answered the summary."""
        if not answer:
            return self._nothing_booked()
        if not is_sure(request):
            return unproved()
        offer, key = draft.offer, draft.key
        if offer is None or key is None:
            return await self._proceed(request, draft.without_offer())
        order = ReservationDraft(
            offer=offer, guest=_guest(request, draft), external_ref=f"AH-{key[:12].upper()}"
        )
        try:
            made = await request.pms.book(order, key)
        except PriceChanged as error:
            return self._at_new_price(request, draft, error.offer)
        except SoldOut:
            gone = (Reply(template="front_desk/just_sold", values=sales.described(offer)),)
            return await self._offer(request, draft.without_offer(), gone)
        except TemporaryError:
            return self._ask(request, draft, (Reply(template="front_desk/not_booked_yet"),))
        except OutcomeUnknown:
            reply = Reply(template="front_desk/outcome_unknown")
            return Decision(
                replies=(reply,),
                handover=Handover(reason="unknown booking outcome"),
                events=(TaskForStaff(kind="unknown_booking"),),
            )
        except PermanentError as error:
            reply = Reply(template="front_desk/booking_refused")
            reason = f"booking refused: {type(error).__name__}"
            return Decision(replies=(reply,), handover=Handover(reason=reason))
        return _booked(request, offer, made)

    def _at_new_price(self, request: HandlerRequest, draft: Draft, now: object) -> Decision:
        """The same sale at its present price: the guest must say yes again."""
        if not isinstance(now, Offer):
            raise TypeError("a booking's new price is an offer")
        reply = Reply(template="front_desk/price_changed", values=sales.described(now))
        return self._ask(request, draft.with_(offer=now, key=None), (reply,))

    def _nothing_booked(self) -> Decision:
        return Decision(replies=(Reply(template="front_desk/nothing_booked"),))


def _asks_of_what_is_booked(request: HandlerRequest) -> bool:
    """Whether "how much is it?" is about the reservation of this conversation."""
    other = any(request.first(kind) for kind in ("stay", "party", "room_type", "rooms"))
    return bool(request.focus.reservation) and request.wants("price_quote") and not other


async def _what_is_booked(request: HandlerRequest) -> Decision | None:
    """None while it cannot be read, or is not known to be the guest's."""
    try:
        made = await request.pms.reservation(request.focus.reservation or "")
    except HoteleroError:
        return None
    if not is_theirs(request, made):
        return None
    reply = Reply(template="front_desk/reservation", values=telling.of_reservation(made))
    return Decision(replies=(reply,))


def _at_rate(draft: Draft, offers: Sequence[Offer]) -> Draft:
    """The same room at another rate, if that is on offer; else the choice is open again."""
    room = draft.offer.room_type.id if draft.offer else ""
    found = [one for one in offers if (one.room_type.id, one.rate_plan.id) == (room, draft.rate)]
    return draft.with_(offer=found[0] if found else None, key=None)


async def _is_too_large(request: HandlerRequest, party: Occupancy) -> bool:
    """Whether no room of the house holds these people, sold out or not."""
    try:
        rooms = await request.pms.room_types(request.language)
    except TemporaryError:
        return False
    return all(party.guests > room.max_guests or party.adults > room.max_adults for room in rooms)


def _picked(request: HandlerRequest, shown: int) -> Offer | None:
    """The offer that was chosen; a plain yes is enough where there is only one."""
    offers = request.focus.offers
    if shown == 1 and offers and answers.yes_or_no(request):
        return offers[0]
    return sales.picked(offers, shown, request.choice, request.entities)


def _with_offer(draft: Draft, offer: Offer | None) -> Draft:
    """The draft with what was picked, whose dates may be others than those that were asked for."""
    if offer is None:
        return draft.with_(offer=None)
    return draft.with_(offer=offer, arrival=offer.stay.arrival, nights=offer.stay.nights)


def _declines(request: HandlerRequest) -> bool:
    return request.choice == NONE_OF_THEM or answers.yes_or_no(request) is False


def _choice(offers: Sequence[Offer]) -> Reply:
    if len(offers) != 1:
        return Reply(template="front_desk/ask_choice", options=sales.options(offers))
    return Reply(
        template="front_desk/ask_one",
        options=(
            Option(id="offer:0", phrase="front_desk/option_yes"),
            Option(id=NONE_OF_THEM, phrase="front_desk/option_no"),
        ),
    )


def _summary(draft: Draft, offer: Offer) -> Reply:
    values = {**sales.described(offer), "name": draft.name, "email": draft.email}
    return Reply(
        template="front_desk/summary",
        values=values,
        options=answers.options(f"confirm-{(draft.key or '')[:KEY_SHOWN]}"),
    )


def _booked(request: HandlerRequest, offer: Offer, made: Reservation) -> Decision:
    values = sales.described(offer) | {
        "reference": made.reference,
        "total": Priced(source_id=made.reference, money=made.total),
        "name": made.guest.name,
        "email": made.guest.email,
    }
    focus = request.focus.with_(
        reservation=made.reference,
        topic=made.stay.arrival,
        offers=(),
        stay=None,
        guest=made.guest,
    )
    return Decision(
        replies=(Reply(template="front_desk/booked", values=values),),
        focus=focus,
        events=(ReservationMade(reservation=made),),
    )


def _guest(request: HandlerRequest, draft: Draft) -> Guest:
    return Guest(
        name=draft.name or request.profile_name,
        email=draft.email or None,
        phone=request.phone,
        language=request.language,
    )


def _remember(focus: Focus, draft: Draft) -> Focus:
    guest = Guest(name=draft.name, email=draft.email) if draft.name else focus.guest
    return focus.with_(
        stay=draft.stay or focus.stay, occupancy=draft.occupancy or focus.occupancy, guest=guest
    )


def _stay_values(draft: Draft) -> dict[str, object]:
    stay = draft.stay
    return {
        "arrival": draft.arrival,
        "departure": stay.departure if stay else None,
        "nights": draft.nights,
        "adults": draft.adults,
        "children": draft.children,
    }
