from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from agente_hotelero import Decision, Focus, Frame, Handler, HandlerRequest, Hotel
from agente_hotelero.errors import (
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
    Unavailable,
)
from agente_hotelero.events import ReservationCancelled, ReservationChanged, TaskForStaff
from agente_hotelero.messages import Entity, EntityValue, Intent, PartyHint, Priced, StayHint
from agente_hotelero.pms import Capability
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Money,
    Occupancy,
    Page,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Service,
    ServiceKind,
    Stay,
    StayChange,
)
from agente_hotelero.stays import Guest as Person
from agente_hotelero.testing import lend
from agente_hotelero_front_desk import person
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.house import House
from agente_hotelero_front_desk.reservations import Reservations

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=30)
STAY = Stay(arrival=date(2026, 12, 24), departure=date(2026, 12, 27))
ALL = Capability.CANCEL | Capability.AMEND_STAY | Capability.AMEND_GUESTS | Capability.SERVICES


def dollars(amount: int) -> Money:
    return Money(currency="USD", amount=Decimal(amount))


def a_reservation(reference: str, **changes: Any) -> Reservation:
    made = Reservation(
        reference=reference,
        property_id="1",
        status=ReservationStatus.CONFIRMED,
        version="1",
        external_ref=None,
        room_type_id="double",
        room_type_name="Double",
        rate_plan_id="flex",
        stay=STAY,
        occupancies=(Occupancy(adults=2, child_ages=(7,)),),
        guest=Person(name="Ana María García Pérez", email="ana@example.com", phone="+54911"),
        total=dollars(300),
        balance=dollars(120),
    )
    return replace(made, **changes)


LATE = Service(
    id="late",
    kind=ServiceKind.LATE_CHECK_OUT,
    name="Late check-out",
    price=dollars(30),
    at=time(16),
)


@dataclass
class DeskPms:
    """Reservations of a hotel; `errors` are raised by the operations of these names, once each."""

    held: dict[str, Reservation] = field(default_factory=dict)
    capabilities: Capability = ALL
    fee: Money | None = field(default_factory=lambda: dollars(0))
    errors: dict[str, HoteleroError] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def _enter(self, operation: str) -> None:
        if operation in self.errors:
            raise self.errors.pop(operation)

    async def reservation(self, reference: str) -> Reservation:
        self._enter("reservation")
        for made in self.held.values():
            if made.reference.casefold() == reference.casefold():
                return made
        raise NotFound(reference)

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        """One a page, so that whoever forgets the cursor is found out."""
        self._enter("find_reservations")
        found = [
            one
            for one in self.held.values()
            if query.phone in (None, one.guest.phone) and query.email in (None, one.guest.email)
        ]
        at = int(cursor or 0)
        more = str(at + 1) if at + 1 < len(found) else None
        return Page(items=found[at : at + 1], next_cursor=more)

    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment:
        self._enter("preview_amendment")
        total = dollars(100 * change.stay.nights)
        return an_amendment(self.held[reference], change, total)

    async def amend(self, amendment: Amendment, key: str) -> Reservation:
        self._enter("amend")
        self.writes.append(("amend", key))
        change = amendment.change
        return self._now(
            amendment.reference,
            stay=change.stay,
            occupancies=change.occupancies,
            total=amendment.total,
        )

    async def preview_cancellation(self, reference: str) -> Cancellation:
        self._enter("preview_cancellation")
        return a_cancellation(self.held[reference], self.fee)

    async def cancel(self, cancellation: Cancellation, key: str) -> Reservation:
        self._enter("cancel")
        self.writes.append(("cancel", key))
        return self._now(cancellation.reference, status=ReservationStatus.CANCELLED)

    async def list_services(self, reference: str, locale: str) -> Sequence[Service]:
        return [LATE]

    async def book_service(self, reference: str, service: Service, key: str) -> Reservation:
        self._enter("book_service")
        self.writes.append(("service", key))
        return self._now(reference, services=(service.id,))

    def _now(self, reference: str, **changes: Any) -> Reservation:
        self.held[reference] = replace(self.held[reference], **changes)
        return self.held[reference]


def an_amendment(made: Reservation, change: StayChange, total: Money) -> Amendment:
    return Amendment(
        id="amendment",
        reference=made.reference,
        version=made.version,
        change=change,
        before=made.total,
        total=total,
        expires_at=LATER,
    )


def a_cancellation(made: Reservation, fee: Money | None) -> Cancellation:
    return Cancellation(
        id="cancellation",
        reference=made.reference,
        version=made.version,
        fee=fee,
        expires_at=LATER,
    )


@dataclass
class Guest:
    """Says things to the handler that has the floor."""

    pms: DeskPms = field(default_factory=DeskPms)
    phone: str | None = None
    email: str | None = None
    verified: bool = True
    house: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    frame: Frame | None = None
    focus: Focus = field(default_factory=Focus)

    def __post_init__(self) -> None:
        self.handlers: dict[str, Handler[Any]] = {
            one.name: one(FrontDeskConfig(), lend()) for one in (Reservations, person.Person, House)
        }

    async def says(
        self, *intents: str, choice: str | None = None, **entities: EntityValue
    ) -> Decision:
        request = self._request(
            intents=tuple(Intent(name=name, confidence=1) for name in intents),
            entities=tuple(
                Entity(type=kind, text="", span=(0, 0), value=value)
                for kind, value in entities.items()
            ),
            choice=choice,
            frame=None if intents and self._other() else self.frame,
        )
        name = Reservations.name if intents or not self.frame else self.frame.handler
        decision = await self.handlers[name].handle(request)
        self.frame = decision.frame
        self.focus = decision.focus or self.focus
        return decision

    async def asks_the_house(self, intent: str) -> Decision:
        """A question of another handler's, who has not the floor."""
        request = self._request(intents=(Intent(name=intent, confidence=1),), frame=None)
        return await self.handlers[House.name].handle(request)

    def _request(
        self,
        *,
        intents: tuple[Intent, ...],
        frame: Frame | None,
        entities: tuple[Entity, ...] = (),
        choice: str | None = None,
    ) -> HandlerRequest:
        pms: Any = self.pms
        return HandlerRequest(
            intents=intents,
            entities=entities,
            text="",
            language="es",
            choice=choice,
            focus=self.focus,
            frame=frame,
            hotel=Hotel(
                tenant="sol", name="Sol", languages=("es",), property_id="1", house=self.house
            ),
            pms=pms,
            now=NOW,
            phone=self.phone,
            email=self.email,
            verified=self.verified,
        )

    def _other(self) -> bool:
        return self.frame is not None and self.frame.handler != Reservations.name

    def sure(self) -> str:
        """How the ids of the buttons of the present question begin."""
        assert self.frame is not None
        question = self.handlers[Reservations.name].question(self.frame, self.focus, NOW)
        assert question is not None
        return question.options[0].id.removesuffix(":yes")

    def step(self) -> str | None:
        return self.frame.step if self.frame else None


def templates(decision: Decision) -> list[str]:
    return [reply.template.removeprefix("front_desk/") for reply in decision.replies]


def tasks(decision: Decision) -> list[str]:
    return [event.kind for event in decision.events if isinstance(event, TaskForStaff)]


@pytest.fixture
def ana() -> Guest:
    """Known by her number, with one reservation to come."""
    past = Stay(arrival=date(2026, 1, 2), departure=date(2026, 1, 5))
    over = a_reservation("OLD-1", stay=past, status=ReservationStatus.DEPARTED)
    gone = a_reservation("GONE-1", status=ReservationStatus.CANCELLED)
    held = {one.reference: one for one in (over, gone, a_reservation("SOL-1"))}
    return Guest(pms=DeskPms(held=held), phone="+54911")


@pytest.fixture
def stranger() -> Guest:
    """No number that the hotel knows."""
    return Guest(pms=DeskPms(held={"SOL-1": a_reservation("SOL-1")}), phone="+1000")


# ── whose it is ──────────────────────────────────────────────────────────────────────────────────


async def test_the_own_number_is_enough(ana: Guest) -> None:
    shown = await ana.says("reservation_status")
    assert templates(shown) == ["reservation"]
    (reply,) = shown.replies
    assert reply.values["total"] == Priced(source_id="SOL-1", money=dollars(300))
    assert reply.values["balance"] == Priced(source_id="SOL-1", money=dollars(120))
    assert ana.focus.reservation == "SOL-1"


async def test_others_give_reference_and_surname(stranger: Guest) -> None:
    assert templates(await stranger.says("reservation_status")) == []
    assert stranger.step() == "identify"
    assert (await stranger.says(reference="sol-1")).replies == ()
    shown = await stranger.says(person="garcia")
    assert templates(shown) == ["reservation"]


@pytest.mark.parametrize("proof", ["García", "Ana García", "PEREZ", "maría garcía pérez"])
async def test_a_surname_counts_however_it_is_written(stranger: Guest, proof: str) -> None:
    shown = await stranger.says("reservation_status", reference="SOL-1", person=proof)
    assert templates(shown) == ["reservation"]


@pytest.mark.parametrize("proof", ["Ana", "Gar", "x", "López", ""])
async def test_what_is_no_proof_shows_nothing(stranger: Guest, proof: str) -> None:
    refused = await stranger.says("reservation_status", reference="SOL-1", person=proof)
    assert "reservation" not in templates(refused)
    assert stranger.focus.reservation is None


async def test_the_address_of_the_booking_is_a_proof_too(stranger: Guest) -> None:
    shown = await stranger.says("reservation_status", reference="SOL-1", email="ANA@example.com")
    assert templates(shown) == ["reservation"]


async def test_a_reference_of_letters_alone_is_told_from_a_name(stranger: Guest) -> None:
    stranger.pms.held = {"QHNXGVAAR": a_reservation("QHNXGVAAR")}
    await stranger.says("reservation_status")
    await stranger.says(person="qhnxgvaar")
    assert stranger.step() == "identify"
    assert templates(await stranger.says(person="García")) == ["reservation"]
    other = Guest(pms=stranger.pms)
    both = await other.says("reservation_status", person="QHNXGVAAR García")
    assert templates(both) == ["reservation"]


async def test_a_wrong_name_and_a_wrong_reference_are_told_alike(stranger: Guest) -> None:
    one = await stranger.says("reservation_status", reference="SOL-1", person="López")
    other = await stranger.says(reference="NONE", person="García")
    assert templates(one) == templates(other) == ["reservation_not_found"]


async def test_after_three_wrong_answers_a_person_looks(stranger: Guest) -> None:
    await stranger.says("cancel_reservation", reference="A-1", person="García")
    await stranger.says(reference="A-2", person="García")
    third = await stranger.says(reference="A-3", person="García")
    assert templates(third) == ["reservation_not_found"]
    assert tasks(await stranger.says(yes_no=True)) == ["find_reservation"]


async def test_one_of_several_is_picked(ana: Guest) -> None:
    january = Stay(arrival=date(2027, 1, 2), departure=date(2027, 1, 5))
    ana.pms.held["SOL-2"] = a_reservation("SOL-2", stay=january)
    await ana.says("cancel_reservation")
    assert ana.step() == "pick"
    await ana.says(choice="reservation:SOL-2")
    assert (ana.step(), ana.focus.reservation) == ("confirm", "SOL-2")


async def test_what_was_not_shown_cannot_be_picked(ana: Guest) -> None:
    january = Stay(arrival=date(2027, 1, 2), departure=date(2027, 1, 5))
    ana.pms.held["SOL-2"] = a_reservation("SOL-2", stay=january)
    other = Person(name="Eva Sosa", phone="+2")
    ana.pms.held["SOL-3"] = a_reservation("SOL-3", guest=other)
    await ana.says("cancel_reservation")
    await ana.says(choice="reservation:SOL-3")
    assert (ana.step(), ana.focus.reservation) == ("pick", None)


async def test_another_reference_is_another_reservation(ana: Guest) -> None:
    """Asked whether to cancel one, the guest names somebody's other: nothing of it is proved."""
    other = Person(name="Eva Gómez", phone="+2")
    ana.pms.held["R7K3M9"] = a_reservation("R7K3M9", guest=other)
    await ana.says("cancel_reservation")
    await ana.says("cancel_reservation", reference="R7K3M9", yes_no=True)
    assert (ana.step(), ana.pms.writes) == ("identify", [])
    await ana.says(person="Gómez")
    assert (ana.step(), ana.focus.reservation) == ("confirm", "R7K3M9")
    await ana.says(yes_no=True)
    assert ana.pms.held["SOL-1"].status is ReservationStatus.CONFIRMED


async def test_who_guesses_cannot_go_on_guessing(stranger: Guest) -> None:
    for name in ("López", "Ruiz", "Díaz"):
        await stranger.says("cancel_reservation", reference="SOL-1", person=name)
    right = await stranger.says("cancel_reservation", reference="SOL-1", person="García")
    assert (templates(right), stranger.step()) == (["needs_person"], "offer")


async def test_what_the_own_number_proves_is_no_guess(ana: Guest) -> None:
    ana.pms.held["X-1"] = a_reservation("X-1", guest=Person(name="Eva Gómez", phone="+2"))
    for name in ("López", "Ruiz", "Díaz"):
        await ana.says("reservation_status", reference="X-1", person=name)
    assert templates(await ana.says("reservation_status")) == ["reservation"]
    refused = await ana.says("cancel_reservation", reference="X-1", person="Gómez")
    assert (templates(refused), ana.step()) == (["needs_person"], "offer")


async def test_after_a_wrong_surname_the_reference_is_still_known(stranger: Guest) -> None:
    await stranger.says("reservation_status", reference="SOL-1", person="López")
    assert templates(await stranger.says(person="García")) == ["reservation"]


@pytest.mark.parametrize("proof", ["de la", "la", "Guest", "Booking.com Guest", "Juan"])
async def test_words_that_anybody_has_in_a_name_are_no_proof(stranger: Guest, proof: str) -> None:
    name = "Juan de la Cruz Guest" if "uest" not in proof else "Booking.com Guest"
    stranger.pms.held["SOL-1"] = a_reservation("SOL-1", guest=Person(name=name))
    refused = await stranger.says("reservation_status", reference="SOL-1", person=proof)
    assert "reservation" not in templates(refused)


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────


async def test_the_fee_is_said_before_anything_is_cancelled(ana: Guest) -> None:
    ana.pms.fee = dollars(100)
    asked = await ana.says("cancel_reservation")
    (reply,) = asked.replies
    assert reply.values["fee"] == Priced(source_id="cancellation", money=dollars(100))
    assert ana.pms.writes == []
    done = await ana.says(yes_no=True)
    assert templates(done) == ["cancelled"]
    assert [type(event) for event in done.events] == [ReservationCancelled]
    assert [what for what, _ in ana.pms.writes] == ["cancel"]


async def test_a_no_leaves_it_as_it_was(ana: Guest) -> None:
    await ana.says("cancel_reservation")
    assert templates(await ana.says(choice=f"{ana.sure()}:no")) == ["nothing_changed"]
    assert (ana.pms.writes, ana.step()) == ([], None)


async def test_each_wish_has_buttons_of_its_own(ana: Guest) -> None:
    """An old "yes" that is tapped after the question changed is on offer no more."""
    await ana.says("modify_reservation", stay=StayHint(nights=5))
    first = ana.sure()
    await ana.says("cancel_reservation")
    assert first != ana.sure()


async def test_a_fee_that_became_unknown_is_a_persons_business(ana: Guest) -> None:
    await ana.says("cancel_reservation")
    ana.pms.errors["cancel"] = PriceChanged(a_cancellation(ana.pms.held["SOL-1"], None))
    assert templates(await ana.says(yes_no=True)) == ["fee_unknown"]
    assert ana.pms.writes == []


async def test_a_reservation_of_several_rooms_is_changed_by_a_person(ana: Guest) -> None:
    rooms = (Occupancy(adults=2), Occupancy(adults=2))
    ana.pms.held["SOL-1"] = a_reservation("SOL-1", occupancies=rooms)
    asked = await ana.says("modify_reservation", party=PartyHint(adults=5))
    assert templates(asked) == ["needs_person"]


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ("modify_reservation", "nothing_changed"),
        ("cancel_reservation", "nothing_changed"),
        ("reservation_status", "acknowledged"),
    ],
)
async def test_a_no_ends_every_question_on_the_way(stranger: Guest, wish: str, word: str) -> None:
    assert (await stranger.says(wish)).frame is not None
    assert templates(await stranger.says(yes_no=False)) == [word]
    assert stranger.step() is None


async def test_a_no_to_the_dates_ends_the_change(ana: Guest) -> None:
    await ana.says("modify_reservation")
    await ana.says(choice="change:dates")
    assert templates(await ana.says(yes_no=False)) == ["nothing_changed"]


async def test_only_the_last_question_of_a_change_takes_the_word_for_a_yes(ana: Guest) -> None:
    asked = await ana.says("modify_reservation")
    assert asked.frame is not None
    assert "change" not in asked.frame.expects
    sure = await ana.says(stay=StayHint(nights=5))
    assert sure.frame is not None
    assert "change" in sure.frame.expects


async def test_a_fee_that_nobody_knows_is_a_persons_business(ana: Guest) -> None:
    ana.pms.fee = None
    assert templates(await ana.says("cancel_reservation")) == ["fee_unknown"]
    assert tasks(await ana.says(yes_no=True)) == ["cancel_reservation"]


async def test_a_fee_that_rose_needs_another_yes_with_another_key(ana: Guest) -> None:
    await ana.says("cancel_reservation")
    risen = a_cancellation(ana.pms.held["SOL-1"], dollars(50))
    ana.pms.errors["cancel"] = PriceChanged(risen)
    again = await ana.says(yes_no=True)
    assert again.replies[0].values["fee"] == Priced(source_id="cancellation", money=dollars(50))
    assert again.replies[0].values["again"] is True
    assert ana.pms.writes == []
    assert templates(await ana.says(yes_no=True)) == ["cancelled"]


async def test_while_the_pms_is_away_the_yes_can_be_said_again_for_the_same_wish(
    ana: Guest,
) -> None:
    await ana.says("cancel_reservation")
    assert ana.frame is not None
    key = ana.frame.data["key"]
    ana.pms.errors["cancel"] = Unavailable()
    assert templates(await ana.says(yes_no=True)) == ["not_changed_yet"]
    await ana.says(yes_no=True)
    assert ana.pms.writes == [("cancel", key)]


async def test_an_unknown_outcome_goes_to_a_person(ana: Guest) -> None:
    await ana.says("cancel_reservation")
    ana.pms.errors["cancel"] = OutcomeUnknown()
    left = await ana.says(yes_no=True)
    assert (templates(left), tasks(left)) == (["change_unknown"], ["unknown_change"])
    assert left.handover is not None


async def test_a_refusal_goes_to_a_person(ana: Guest) -> None:
    await ana.says("cancel_reservation")
    ana.pms.errors["cancel"] = Rejected()
    left = await ana.says(yes_no=True)
    assert (templates(left), tasks(left)) == (["change_refused"], ["cancel_reservation"])


@pytest.mark.parametrize("wish", ["cancel_reservation", "modify_reservation"])
async def test_where_the_pms_cannot_a_person_does_it(ana: Guest, wish: str) -> None:
    ana.pms.capabilities = Capability.NONE
    assert templates(await ana.says(wish)) == ["needs_person"]
    assert ana.step() == "offer"


async def test_what_is_over_is_not_cancelled(stranger: Guest) -> None:
    stranger.pms.held["SOL-1"] = a_reservation("SOL-1", status=ReservationStatus.CANCELLED)
    told = await stranger.says("cancel_reservation", reference="SOL-1", person="García")
    assert (templates(told), stranger.pms.writes) == (["reservation_over"], [])


async def test_a_pms_that_is_away_is_said_honestly(ana: Guest) -> None:
    ana.pms.errors["find_reservations"] = Unavailable()
    assert templates(await ana.says("cancel_reservation")) == ["system_away"]


# ── changing ─────────────────────────────────────────────────────────────────────────────────────


async def test_what_shall_change_is_asked(ana: Guest) -> None:
    await ana.says("modify_reservation")
    assert ana.step() == "what"
    await ana.says(choice="change:dates")
    assert ana.step() == "dates"
    asked = await ana.says(stay=StayHint(arrival=date(2026, 12, 26), departure=date(2026, 12, 28)))
    values = asked.replies[0].values
    assert values["before"] == Priced(source_id="amendment", money=dollars(300))
    assert values["total"] == Priced(source_id="amendment", money=dollars(200))
    done = await ana.says(yes_no=True)
    assert templates(done) == ["changed"]
    assert [type(event) for event in done.events] == [ReservationChanged]
    made = ana.pms.held["SOL-1"]
    assert (made.stay.arrival, made.stay.nights) == (date(2026, 12, 26), 2)
    assert made.occupancies == (Occupancy(adults=2, child_ages=(7,)),)


@pytest.mark.parametrize(
    ("said", "arrival", "nights"),
    [
        (StayHint(arrival=date(2026, 12, 30)), date(2026, 12, 30), 3),
        (StayHint(departure=date(2026, 12, 29)), date(2026, 12, 24), 5),
        (StayHint(nights=5), date(2026, 12, 24), 5),
    ],
)
async def test_what_is_not_said_of_the_dates_stays(
    ana: Guest, said: StayHint, arrival: date, nights: int
) -> None:
    await ana.says("modify_reservation", stay=said)
    await ana.says(yes_no=True)
    stay = ana.pms.held["SOL-1"].stay
    assert (stay.arrival, stay.nights) == (arrival, nights)


async def test_guests_are_changed_and_known_ages_kept(ana: Guest) -> None:
    await ana.says("modify_reservation", party=PartyHint(adults=3))
    await ana.says(yes_no=True)
    assert ana.pms.held["SOL-1"].occupancies == (Occupancy(adults=3, child_ages=(7,)),)


async def test_the_age_of_a_new_child_is_asked(ana: Guest) -> None:
    await ana.says("modify_reservation", party=PartyHint(children=2))
    assert ana.step() == "ages"
    await ana.says(party=PartyHint(child_ages=(7, 3)))
    await ana.says(yes_no=True)
    assert ana.pms.held["SOL-1"].occupancies == (Occupancy(adults=2, child_ages=(7, 3)),)


async def test_other_dates_at_the_summary_are_another_summary(ana: Guest) -> None:
    await ana.says("modify_reservation", stay=StayHint(nights=5))
    again = await ana.says(stay=StayHint(nights=4))
    assert again.replies[0].values["total"] == Priced(source_id="amendment", money=dollars(400))
    assert ana.pms.writes == []


async def test_dates_that_are_full_leave_the_reservation_and_are_asked_again(ana: Guest) -> None:
    ana.pms.errors["preview_amendment"] = SoldOut()
    full = await ana.says("modify_reservation", stay=StayHint(nights=9))
    assert (templates(full), ana.step()) == (["change_full"], "dates")


async def test_dates_that_make_no_stay_are_asked_again(ana: Guest) -> None:
    unclear = await ana.says("modify_reservation", stay=StayHint(departure=date(2026, 12, 1)))
    assert (templates(unclear), ana.step()) == (["dates_unclear"], "dates")


async def test_a_change_to_what_it_is_changes_nothing(ana: Guest) -> None:
    same = await ana.says("modify_reservation", stay=StayHint(nights=3))
    assert (templates(same), ana.step()) == (["is_so"], None)


async def test_something_else_is_for_a_person(ana: Guest) -> None:
    await ana.says("modify_reservation")
    await ana.says(choice="change:else")
    assert tasks(await ana.says(yes_no=True)) == ["change_reservation"]


async def test_another_wish_starts_anew_for_the_same_reservation(ana: Guest) -> None:
    await ana.says("modify_reservation", stay=StayHint(nights=5))
    asked = await ana.says("cancel_reservation")
    assert templates(asked) == ["cancellation"]
    await ana.says(yes_no=True)
    assert [what for what, _ in ana.pms.writes] == ["cancel"]


# ── staying longer ───────────────────────────────────────────────────────────────────────────────


async def test_a_late_check_out_that_is_sold_is_added(ana: Guest) -> None:
    asked = await ana.says("late_checkout")
    assert asked.replies[0].values["price"] == Priced(source_id="late", money=dollars(30))
    assert templates(await ana.says(yes_no=True)) == ["service_added"]
    assert ana.pms.held["SOL-1"].services == ("late",)
    assert templates(await ana.says("late_checkout")) == ["service_there"]


@pytest.mark.parametrize("house", [{}, {"late_checkout": {"es": "Hasta las 14, si hay lugar."}}])
@pytest.mark.parametrize("known", [True, False])
async def test_else_it_becomes_a_task_for_whoever_arranges_it(
    ana: Guest, house: Mapping[str, Mapping[str, str]], known: bool
) -> None:
    ana.house = house
    if known:
        ana.pms.capabilities = Capability.NONE
    else:
        ana.phone = None
    asked = await ana.says("late_checkout")
    assert templates(asked) == ["house" if house else "topic_unknown"]
    agreed = await ana.says(yes_no=True)
    assert (tasks(agreed), agreed.handover is not None) == (["late_checkout"], True)


async def test_bare_days_are_then_looked_for_around_the_reservation(ana: Guest) -> None:
    await ana.says("reservation_status")
    assert ana.focus.topic == STAY.arrival


async def test_what_cancelling_costs_can_be_asked_without_cancelling(ana: Guest) -> None:
    ana.pms.fee = dollars(100)
    await ana.says("reservation_status")
    told = await ana.asks_the_house("refund_cancellation_policy")
    assert templates(told) == ["cancellation"]
    assert told.replies[0].values["fee"] == Priced(source_id="cancellation", money=dollars(100))
    assert (ana.pms.writes, told.frame) == ([], None)


@pytest.mark.parametrize("fee", [None, dollars(100)])
async def test_unless_nobody_knows(ana: Guest, fee: Money | None) -> None:
    ana.pms.fee = fee
    if fee is not None:
        ana.pms.errors["preview_cancellation"] = Unavailable()
    await ana.says("reservation_status")
    assert templates(await ana.asks_the_house("refund_cancellation_policy")) == ["topic_unknown"]
