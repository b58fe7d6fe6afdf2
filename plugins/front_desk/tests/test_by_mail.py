"""Anybody may write a mail, so only the address a reservation was made with speaks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from agente_hotelero import Focus
from agente_hotelero.messages import StayHint

from plugins.front_desk.tests import test_booking as booking
from plugins.front_desk.tests.test_reservations import (
    STAY,
    DeskPms,
    Guest,
    a_reservation,
    tasks,
    templates,
)

pytestmark = pytest.mark.anyio
HERS = "ana@example.com"
WISHES = (
    "reservation_status",
    "cancel_reservation",
    "modify_reservation",
    "late_checkout",
    "early_checkin",
)


def writer(email: str = HERS, *, verified: bool = True) -> Guest:
    """Somebody at an address, and two reservations: Ana's, and one of somebody else."""
    other = a_reservation("SOL-2")
    other = replace(other, guest=replace(other.guest, email="luis@example.com"))
    held = {"SOL-1": a_reservation("SOL-1"), "SOL-2": other}
    return Guest(pms=DeskPms(held=held), email=email, verified=verified)


async def test_the_own_address_is_enough() -> None:
    ana = writer(HERS.upper())
    ana.email = HERS
    assert templates(await ana.says("reservation_status")) == ["reservation"]


async def test_a_reference_of_ones_own_is_enough_without_a_name() -> None:
    assert templates(await writer().says("reservation_status", reference="sol-1")) == [
        "reservation"
    ]


@pytest.mark.parametrize("wish", WISHES)
async def test_an_unproved_mail_shows_and_touches_nothing(wish: str) -> None:
    ana = writer(verified=False)
    said = await ana.says(wish, reference="SOL-1", person="García", email=HERS)
    assert templates(said) == ["mail_unproved"]
    assert said.handover is not None
    assert len(tasks(said)) == 1
    assert ana.pms.writes == []


async def test_a_strangers_reservation_and_none_are_told_alike() -> None:
    one = await writer().says("reservation_status", reference="SOL-2", person="García")
    none = await writer().says("reservation_status", reference="NONE", person="García")
    unknown = await writer("eva@example.com").says("reservation_status")
    assert templates(one) == templates(none) == templates(unknown) == ["mail_unproved"]
    assert one.handover == none.handover == unknown.handover


async def test_knowing_somebodys_address_proves_nothing_in_a_mail() -> None:
    said = await writer("eva@example.com").says(
        "reservation_status", reference="SOL-1", email=HERS, person="García"
    )
    assert templates(said) == ["mail_unproved"]


async def test_a_yes_that_is_not_proved_cancels_nothing() -> None:
    ana = writer()
    await ana.says("cancel_reservation")
    sure = ana.sure()
    ana.verified = False
    for answer in ({"choice": f"{sure}:yes"}, {"yes_no": True}):
        frame = ana.frame
        said = await ana.says(**answer)
        assert templates(said) == ["mail_unproved"]
        ana.frame = frame
    assert ana.pms.writes == []
    ana.verified = True
    assert templates(await ana.says(yes_no=True)) == ["cancelled"]


async def test_what_was_found_before_is_not_shown_to_an_unproved_mail() -> None:
    ana = writer()
    await ana.says("modify_reservation")
    ana.verified = False
    said = await ana.says(stay=StayHint(nights=4))
    assert templates(said) == ["mail_unproved"]


async def test_what_was_booked_in_this_conversation_is_the_guests() -> None:
    eva = writer("eva@example.com")
    eva.focus = Focus(reservation="SOL-1")
    assert templates(await eva.says("reservation_status")) == ["reservation"]
    eva.verified = False
    assert templates(await eva.says("reservation_status")) == ["mail_unproved"]


async def test_rooms_are_offered_to_anybody_and_booked_for_who_is_proved() -> None:
    guest = booking.Guest(email=HERS, verified=False)
    await guest.reaches_the_summary()
    assert guest.step == "confirm"
    said = await guest.says(yes_no=True)
    assert booking.templates(said) == ["mail_unproved"]
    assert said.handover is not None
    assert guest.pms.booked == {}
    sure = booking.Guest(email=HERS)
    await sure.reaches_the_summary()
    assert booking.templates(await sure.says(yes_no=True)) == ["booked"]


async def test_the_price_of_what_is_booked_is_not_told_to_an_unproved_mail() -> None:
    guest = booking.Guest(email=HERS)
    await guest.reaches_the_summary()
    await guest.says(yes_no=True)
    (order,) = guest.pms.booked.values()
    guest.pms.made = replace(a_reservation("SOL-1"), guest=order.guest, stay=STAY)
    assert booking.templates(await guest.says("price_quote")) == ["reservation"]
    guest.verified = False
    assert "reservation" not in booking.templates(await guest.says("price_quote"))
