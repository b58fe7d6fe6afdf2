from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from agente_hotelero.dialogue import Focus
from agente_hotelero.messages import Entity, EntityValue, PartyHint, StayHint
from agente_hotelero.stays import Guest, Money, Occupancy, Offer, RatePlan, RoomType, Stay
from agente_hotelero_front_desk.draft import Draft, absorb, begin, missing

D24, D25, D27 = date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 27)
KNOWN = Draft(arrival=D24, nights=3, adults=2)


def said(value: EntityValue, kind: str = "stay") -> tuple[Entity, ...]:
    return (Entity(type=kind, text="", span=(0, 0), value=value),)


def offer() -> Offer:
    return Offer(
        id="o",
        property_id="1",
        room_type=RoomType(id="double", name="Doble", max_adults=2, max_guests=2),
        rate_plan=RatePlan(id="flex", name="Flexible"),
        stay=Stay(arrival=D24, departure=D27),
        occupancies=(Occupancy(adults=2),),
        total=Money(amount=Decimal(1), currency="USD"),
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("before", "heard", "arrival", "nights"),
    [
        pytest.param(Draft(), StayHint(arrival=D24, departure=D27), D24, 3, id="both dates"),
        pytest.param(Draft(), StayHint(arrival=D24, nights=2), D24, 2, id="arrival and nights"),
        pytest.param(Draft(), StayHint(nights=2), None, 2, id="nights alone"),
        pytest.param(KNOWN, StayHint(nights=1), D24, 1, id="other nights"),
        pytest.param(KNOWN, StayHint(arrival=D25), D25, 3, id="other arrival keeps the nights"),
        pytest.param(KNOWN, StayHint(departure=D25), D24, 1, id="other departure"),
        pytest.param(KNOWN, StayHint(departure=D24), D24, 3, id="departure on arrival is no stay"),
    ],
)
def test_what_is_said_of_dates_completes_what_is_known(
    before: Draft, heard: StayHint, arrival: date | None, nights: int
) -> None:
    told = absorb(before, said(heard), None)
    assert (told.arrival, told.nights) == (arrival, nights)


def test_a_lone_date_is_the_departure_when_that_is_what_was_asked() -> None:
    told = absorb(Draft(arrival=D24), said(StayHint(arrival=D27)), "nights")
    assert (told.arrival, told.nights) == (D24, 3)


def test_a_departure_that_was_asked_for_comes_after_the_arrival() -> None:
    before = D24.replace(day=27, month=11)
    told = absorb(Draft(arrival=D24), said(StayHint(departure=before)), "nights")
    assert (told.arrival, told.nights) == (D24, 3)


@pytest.mark.parametrize(
    ("before", "heard", "expected"),
    [
        pytest.param(Draft(), PartyHint(adults=2), (2, 0, ()), id="adults"),
        pytest.param(Draft(), PartyHint(adults=2, children=1), (2, 1, ()), id="age unknown"),
        pytest.param(
            Draft(adults=2, children=1), PartyHint(child_ages=(5,)), (2, 1, (5,)), id="age told"
        ),
        pytest.param(
            Draft(adults=2, children=1, child_ages=(5,)),
            PartyHint(adults=3),
            (3, 0, ()),
            id="a new party forgets the children",
        ),
        pytest.param(
            Draft(), PartyHint(adults=1, child_ages=(4, 7)), (1, 2, (4, 7)), id="ages alone"
        ),
    ],
)
def test_what_is_said_of_people_completes_what_is_known(
    before: Draft, heard: PartyHint, expected: tuple[int, int, tuple[int, ...]]
) -> None:
    told = absorb(before, said(heard, "party"), None)
    assert (told.adults, told.children, told.child_ages) == expected


@pytest.mark.parametrize(
    ("entities", "kept"),
    [
        pytest.param(said(StayHint(nights=2)), False, id="other nights"),
        pytest.param(said(PartyHint(adults=1), "party"), False, id="other party"),
        pytest.param(said("suite", "room_type"), False, id="other room"),
        pytest.param(said(StayHint(nights=3)), True, id="the same nights"),
        pytest.param(said("ana@example.com", "email"), True, id="an address"),
        pytest.param(said("Ana", "person"), True, id="a name"),
    ],
)
def test_an_offer_lasts_as_long_as_its_search(entities: tuple[Entity, ...], kept: bool) -> None:
    told = absorb(KNOWN.with_(offer=offer(), key="k"), entities, "confirm")
    assert (told.offer is not None) is kept


@pytest.mark.parametrize(
    ("entities", "same"),
    [
        pytest.param(said(StayHint(nights=3)), True, id="the same nights"),
        pytest.param(said("ana@example.com", "email"), False, id="an address"),
        pytest.param(said("Ana", "person"), False, id="a name"),
    ],
)
def test_a_wish_is_another_when_what_was_shown_changes(
    entities: tuple[Entity, ...], same: bool
) -> None:
    """A yes to the old summary, or a tap on its button, is no yes to the new one."""
    told = absorb(KNOWN.with_(offer=offer(), key="k"), entities, "confirm")
    assert (told.key == "k") is same


def test_one_thing_is_asked_at_a_time_in_a_fixed_order() -> None:
    steps = []
    draft = Draft()
    answers: list[dict[str, object]] = [
        {"arrival": D24},
        {"nights": 3},
        {"adults": 2, "children": 1},
        {"child_ages": (5,)},
        {"offer": offer()},
        {"name": "Ana"},
        {"email": "ana@example.com"},
    ]
    for answer in answers:
        steps.append(missing(draft))
        draft = draft.with_(**answer)
    assert steps == ["dates", "nights", "party", "ages", "choose", "name", "email"]
    assert missing(draft) == "confirm"


def test_a_new_booking_begins_with_what_the_conversation_is_about() -> None:
    focus = Focus(
        stay=Stay(arrival=D24, departure=D27),
        occupancy=Occupancy(adults=2, child_ages=(3,)),
        guest=Guest(name="Ana", email="ana@example.com"),
    )
    draft = begin(focus)
    assert (draft.arrival, draft.nights, draft.occupancy) == (D24, 3, focus.occupancy)
    assert (draft.name, draft.email) == ("Ana", "ana@example.com")
