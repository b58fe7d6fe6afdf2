from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from agente_hotelero import Decision, Focus, Frame, HandlerRequest, Hotel
from agente_hotelero.errors import (
    HoteleroError,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
    Unavailable,
    Unsupported,
)
from agente_hotelero.messages import Entity, EntityValue, Intent, PartyHint, Priced, StayHint
from agente_hotelero.stays import (
    Image,
    Money,
    Occupancy,
    Offer,
    OfferQuery,
    Property,
    RatePlan,
    Reservation,
    ReservationDraft,
    ReservationStatus,
    RoomType,
    Stay,
)
from agente_hotelero.testing import lend
from agente_hotelero_front_desk.booking import Booking
from agente_hotelero_front_desk.config import FrontDeskConfig

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
STAY = Stay(arrival=date(2026, 12, 24), departure=date(2026, 12, 27))


def an_offer(room: str, total: str) -> Offer:
    photo = Image(url=f"https://images.example/{room}.jpg")
    return Offer(
        id=f"offer-{room}-{total}",
        property_id="1",
        room_type=RoomType(id=room, name=room.title(), max_adults=2, max_guests=3, images=(photo,)),
        rate_plan=RatePlan(id="flex", name="Flexible"),
        stay=STAY,
        occupancies=(Occupancy(adults=2),),
        total=Money(amount=Decimal(total), currency="USD"),
        expires_at=NOW + timedelta(minutes=30),
    )


DOUBLE, SUITE = an_offer("double", "300"), an_offer("suite", "700")


@dataclass
class DeskPms:
    """A PMS whose answers the test sets; only stays that begin on a `free` day are for sale."""

    offers: Sequence[Offer] = (DOUBLE, SUITE)
    free: set[date] | None = None
    search_error: HoteleroError | None = None
    book_error: HoteleroError | None = None
    searches: list[OfferQuery] = field(default_factory=list)
    booked: dict[str, ReservationDraft] = field(default_factory=dict)
    made: Reservation | None = None

    async def property(self) -> Property:
        raise Unavailable

    async def room_types(self, locale: str) -> Sequence[RoomType]:
        return [DOUBLE.room_type, SUITE.room_type]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        self.searches.append(query)
        if self.search_error:
            raise self.search_error
        if self.free is not None and query.stay.arrival not in self.free:
            return []
        wanted = query.room_type_id
        return [
            replace(offer, stay=query.stay)
            for offer in self.offers
            if wanted in (None, offer.room_type.id)
        ]

    async def book(self, draft: ReservationDraft, key: str) -> Reservation:
        if self.book_error:
            raise self.book_error
        self.booked[key] = draft
        offer = draft.offer
        return Reservation(
            reference="SOL-1",
            property_id="1",
            status=ReservationStatus.CONFIRMED,
            version="1",
            external_ref=draft.external_ref,
            room_type_id=offer.room_type.id,
            room_type_name=offer.room_type.name,
            rate_plan_id=offer.rate_plan.id,
            stay=offer.stay,
            occupancies=offer.occupancies,
            guest=draft.guest,
            total=offer.total,
        )

    async def reservation(self, reference: str) -> Reservation:
        if self.made is None:
            raise Unavailable
        return self.made


@dataclass
class Guest:
    """Says things to the booking handler as the dialogue would pass them on."""

    pms: DeskPms = field(default_factory=DeskPms)
    handler: Booking = field(default_factory=lambda: Booking(FrontDeskConfig(), lend()))
    frame: Frame | None = None
    focus: Focus = field(default_factory=Focus)
    email: str | None = None
    verified: bool = True

    async def says(
        self, *intents: str, choice: str | None = None, **entities: EntityValue | None
    ) -> Decision:
        request = HandlerRequest(
            intents=tuple(Intent(name=name, confidence=1) for name in intents),
            entities=tuple(
                Entity(type=kind, text="", span=(0, 0), value=value)
                for kind, value in entities.items()
                if value is not None
            ),
            text="",
            language="es",
            choice=choice,
            focus=self.focus,
            frame=self.frame,
            hotel=Hotel(tenant="sol", name="Sol", languages=("es",), property_id="1"),
            pms=self.pms,
            now=NOW,
            phone="+5491155550101",
            email=self.email,
            verified=self.verified,
        )
        decision = await self.handler.handle(request)
        self.frame = decision.frame
        self.focus = decision.focus or self.focus
        return decision

    @property
    def step(self) -> str | None:
        return self.frame.step if self.frame else None

    async def reaches_the_summary(self) -> None:
        await self.says("make_reservation", stay=WHEN, party=PartyHint(adults=2))
        await self.says(choice="offer:0")
        await self.says(person="Ana García", email="ana@example.com")


WHEN = StayHint(arrival=STAY.arrival, departure=STAY.departure)


def templates(decision: Decision) -> list[str]:
    return [reply.template.removeprefix("front_desk/") for reply in decision.replies]


@pytest.fixture
def guest() -> Guest:
    return Guest()


async def test_what_is_missing_is_asked_one_by_one(guest: Guest) -> None:
    steps = []
    await guest.says("make_reservation")
    steps.append(guest.step)
    await guest.says(stay=StayHint(arrival=STAY.arrival))
    steps.append(guest.step)
    await guest.says(stay=StayHint(nights=3))
    steps.append(guest.step)
    await guest.says(party=PartyHint(adults=2, children=1))
    steps.append(guest.step)
    await guest.says(party=PartyHint(child_ages=(5,)))
    steps.append(guest.step)
    assert steps == ["dates", "nights", "party", "ages", "choose"]
    assert guest.pms.searches[0].occupancies == (Occupancy(adults=2, child_ages=(5,)),)


async def test_offers_are_shown_with_price_terms_and_photo(guest: Guest) -> None:
    decision = await guest.says("check_availability", stay=WHEN, party=PartyHint(adults=2))
    assert templates(decision) == ["offers", "offer", "offer"]
    card = decision.replies[1]
    assert card.values["total"] == Priced(source_id=DOUBLE.id, money=DOUBLE.total)
    assert card.image == DOUBLE.room_type.images[0]
    assert guest.focus.offers == (DOUBLE, SUITE)


@pytest.mark.parametrize("how", ["button", "name"])
async def test_an_offer_is_chosen_by_button_or_by_name(guest: Guest, how: str) -> None:
    await guest.says("make_reservation", stay=WHEN, party=PartyHint(adults=2))
    if how == "button":
        await guest.says(choice="offer:1")
    else:
        await guest.says(room_type="suite")
    assert guest.step == "name"
    assert guest.frame is not None
    assert guest.frame.data["offer"]["id"] == SUITE.id  # type: ignore[index]


async def test_a_single_offer_is_taken_with_a_yes(guest: Guest) -> None:
    guest.pms.offers = (DOUBLE,)
    await guest.says("make_reservation", stay=WHEN, party=PartyHint(adults=2))
    await guest.says(yes_no=True)
    assert guest.step == "name"


async def test_the_summary_shows_all_that_will_be_booked(guest: Guest) -> None:
    await guest.reaches_the_summary()
    assert guest.frame is not None
    question = guest.handler.question(guest.frame, guest.focus, NOW)
    assert question is not None
    shown = question.values
    assert (shown["arrival"], shown["departure"]) == (STAY.arrival, STAY.departure)
    assert (shown["adults"], shown["room"], shown["name"]) == (2, "Double", "Ana García")
    assert shown["total"] == Priced(source_id=DOUBLE.id, money=DOUBLE.total)


async def test_an_explicit_yes_books_what_was_shown(guest: Guest) -> None:
    await guest.reaches_the_summary()
    decision = await guest.says(yes_no=True)
    (order,) = guest.pms.booked.values()
    assert (order.offer, order.guest.name, order.guest.email) == (
        DOUBLE,
        "Ana García",
        "ana@example.com",
    )
    assert order.guest.phone == "+5491155550101"
    assert templates(decision) == ["booked"]
    assert guest.focus.reservation == "SOL-1"
    assert [type(event).__name__ for event in decision.events] == ["ReservationMade"]


async def test_a_yes_said_twice_keeps_the_key_of_the_summary(guest: Guest) -> None:
    await guest.reaches_the_summary()
    summary = replace(guest)
    await guest.says(yes_no=True)
    await summary.says(yes_no=True)
    assert len(guest.pms.booked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="nothing that answers"),
        pytest.param({"yes_no": True, "stay": StayHint(nights=2)}, id="yes with a correction"),
        pytest.param({"person": "Eva"}, id="another name"),
    ],
)
async def test_nothing_but_a_plain_yes_to_this_summary_books(
    guest: Guest, answer: dict[str, Any]
) -> None:
    await guest.reaches_the_summary()
    await guest.says(**answer)
    assert guest.pms.booked == {}
    assert guest.step in ("confirm", "choose")


async def test_a_yes_before_the_summary_books_nothing(guest: Guest) -> None:
    await guest.says("make_reservation", stay=WHEN, party=PartyHint(adults=2))
    await guest.says(yes_no=True)
    assert (guest.pms.booked, guest.step) == ({}, "choose")


async def test_a_no_books_nothing_and_ends_the_matter(guest: Guest) -> None:
    await guest.reaches_the_summary()
    decision = await guest.says(yes_no=False)
    assert (guest.pms.booked, guest.step) == ({}, None)
    assert templates(decision) == ["nothing_booked"]


async def test_a_correction_searches_again(guest: Guest) -> None:
    await guest.reaches_the_summary()
    await guest.says(yes_no=False, stay=StayHint(nights=2))
    assert guest.pms.searches[-1].stay.nights == 2
    assert guest.step == "choose"


async def test_a_changed_price_is_put_to_the_guest(guest: Guest) -> None:
    await guest.reaches_the_summary()
    dearer = an_offer("double", "350")
    guest.pms.book_error = PriceChanged(dearer)
    decision = await guest.says(yes_no=True)
    assert templates(decision) == ["price_changed"]
    assert guest.step == "confirm"
    guest.pms.book_error = None
    await guest.says(yes_no=True)
    assert [order.offer for order in guest.pms.booked.values()] == [dearer]


async def test_the_last_room_gone_shows_what_is_left(guest: Guest) -> None:
    await guest.reaches_the_summary()
    guest.pms.book_error = SoldOut()
    guest.pms.offers = (SUITE,)
    decision = await guest.says(yes_no=True)
    assert templates(decision) == ["just_sold", "offers", "offer"]
    assert guest.step == "choose"


@pytest.mark.parametrize(
    ("error", "template", "step", "handed_over"),
    [
        pytest.param(Unavailable(), "not_booked_yet", "confirm", False, id="away"),
        pytest.param(OutcomeUnknown(), "outcome_unknown", None, True, id="unknown outcome"),
        pytest.param(Unsupported(), "booking_refused", None, True, id="cannot book"),
        pytest.param(Rejected("x"), "booking_refused", None, True, id="refused"),
    ],
)
async def test_a_booking_that_fails_is_told_as_it_is(
    guest: Guest, error: HoteleroError, template: str, step: str | None, handed_over: bool
) -> None:
    await guest.reaches_the_summary()
    guest.pms.book_error = error
    decision = await guest.says(yes_no=True)
    assert templates(decision) == [template]
    assert (guest.step, decision.handover is not None) == (step, handed_over)


async def test_no_rooms_asks_for_other_dates(guest: Guest) -> None:
    guest.pms.offers = ()
    decision = await guest.says("make_reservation", stay=WHEN, party=PartyHint(adults=2))
    assert (templates(decision), guest.step) == (["no_rooms"], "dates")


async def test_a_room_that_is_sold_out_shows_the_others(guest: Guest) -> None:
    guest.pms.offers = (SUITE,)
    decision = await guest.says(
        "make_reservation", stay=WHEN, party=PartyHint(adults=2), room_type="double"
    )
    assert templates(decision) == ["other_rooms", "offers", "offer"]


async def test_a_stay_the_pms_refuses_asks_for_another(guest: Guest) -> None:
    guest.pms.search_error = Rejected("minimum stay")
    decision = await guest.says("make_reservation", stay=WHEN, party=PartyHint(adults=2))
    assert (templates(decision), guest.step) == (["stay_refused"], "dates")


async def test_a_pms_that_is_away_is_told_and_what_is_known_is_kept(guest: Guest) -> None:
    guest.pms.search_error = Unavailable()
    decision = await guest.says("make_reservation", stay=WHEN, party=PartyHint(adults=2))
    assert (templates(decision), guest.step) == (["system_away"], None)
    guest.pms.search_error = None
    await guest.says("make_reservation")
    assert guest.step == "choose"


async def test_a_date_in_the_past_is_not_searched(guest: Guest) -> None:
    past = StayHint(arrival=date(2026, 11, 1), nights=2)
    decision = await guest.says("make_reservation", stay=past, party=PartyHint(adults=2))
    assert (templates(decision), guest.step, guest.pms.searches) == (["past_date"], "dates", [])


async def test_when_full_the_nearest_stays_are_offered_and_can_be_booked(guest: Guest) -> None:
    guest.pms.free = {date(2026, 12, 23), date(2026, 12, 26), date(2026, 12, 31)}
    full = await guest.says("check_availability", stay=WHEN, party=PartyHint(adults=2))
    assert templates(full) == ["no_rooms", "nearest", *["nearest_offer"] * 3]
    near = [offer.stay.arrival for offer in guest.focus.offers]
    assert near == [date(2026, 12, 23), date(2026, 12, 26), date(2026, 12, 31)]
    assert {offer.stay.nights for offer in guest.focus.offers} == {3}
    await guest.says(choice="offer:1")
    await guest.says(person="Ana García", email="ana@example.com")
    assert guest.frame is not None
    question = guest.handler.question(guest.frame, guest.focus, NOW)
    assert question is not None
    assert question.values["arrival"] == date(2026, 12, 26)
    await guest.says(yes_no=True)
    (order,) = guest.pms.booked.values()
    assert order.offer.stay == Stay(arrival=date(2026, 12, 26), departure=date(2026, 12, 29))


async def test_nearest_stays_do_not_begin_in_the_past(guest: Guest) -> None:
    guest.pms.free = set()
    today = StayHint(arrival=NOW.date(), nights=2)
    await guest.says("check_availability", stay=today, party=PartyHint(adults=2))
    assert min(query.stay.arrival for query in guest.pms.searches) == NOW.date()


async def test_when_nothing_near_is_free_other_dates_are_asked(guest: Guest) -> None:
    guest.pms.free = set()
    full = await guest.says("check_availability", stay=WHEN, party=PartyHint(adults=2))
    assert (templates(full), guest.step) == (["no_rooms"], "dates")


async def test_how_much_it_is_after_booking_is_about_what_was_booked(guest: Guest) -> None:
    await guest.reaches_the_summary()
    await guest.says(yes_no=True)
    guest.pms.made = await guest.pms.book(next(iter(guest.pms.booked.values())), "k")
    shown = await guest.says("price_quote")
    assert templates(shown) == ["reservation"]
    assert shown.replies[0].values["total"] == Priced(source_id="SOL-1", money=DOUBLE.total)
    await guest.says("price_quote", room_type="suite")
    assert guest.step == "dates"


async def test_while_it_cannot_be_read_dates_are_asked_as_ever(guest: Guest) -> None:
    await guest.reaches_the_summary()
    await guest.says(yes_no=True)
    await guest.says("price_quote")
    assert guest.step == "dates"
