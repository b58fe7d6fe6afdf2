"""Contract: what every adapter promises, whatever it can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import get_currency_precision

from agente_hotelero.components import Finding, Health
from agente_hotelero.errors import NotFound, Rejected
from agente_hotelero.pms import INTERFACE_VERSION, AdapterInfo, Capability
from agente_hotelero.stays import CancellationTerms, Money, Offer, Reservation, ReservationQuery
from agente_hotelero.testing.pms.visit import Bench, Visit

LOCALES = ("es", "pt", "en", "pt-BR", "xx")
NOBODY = "KIT-NO-SUCH-THING-0"


class Contract:
    """Types, ids, prices, properties, pages."""

    def test_what_it_is_stays_the_same_and_asks_nobody(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            before = visit.transport.asked if visit.transport else 0
            info = visit.info
            assert isinstance(info, AdapterInfo)
            assert (info.interface_version, info) == (INTERFACE_VERSION, visit.info)
            assert info.name
            if Capability.WEBHOOK in info.capabilities:
                assert Capability.POLL in info.capabilities, "a bell without POLL rings for nothing"
            assert (visit.transport.asked if visit.transport else 0) == before

        bench.run(work)

    def test_health_is_told_in_words(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            assert isinstance(await visit.adapter.health(), Health)
            findings = await visit.adapter.diagnose()
            assert all(isinstance(one, Finding) and one.what for one in findings)

        bench.run(work)

    def test_the_property_is_among_those_it_reaches(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            reached = {one.id: one for one in await visit.adapter.properties()}
            assert visit.hotel.property_id in reached
            found = reached[visit.hotel.property_id]
            assert found.currency == visit.hotel.currency
            assert ZoneInfo(found.time_zone)

        bench.run(work)

    @pytest.mark.parametrize("locale", LOCALES)
    def test_room_types_have_an_id_a_name_and_space(self, bench: Bench, locale: str) -> None:
        async def work(visit: Visit) -> None:
            rooms = await visit.adapter.room_types(visit.hotel.property_id, locale)
            assert rooms
            assert_different(rooms)
            for room in rooms:
                assert room.name.strip()
                assert 1 <= room.max_adults <= room.max_guests

        bench.run(work)

    def test_offers_come_cheapest_first(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            totals = [one.total.amount for one in await free_offers(visit)]
            assert totals == sorted(totals)

        bench.run(work)

    def test_an_offer_is_what_was_asked_for(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            query, offers = visit.hotel.free, await free_offers(visit)
            rooms = {one.id for one in await visit.adapter.room_types(query.property_id, "en")}
            assert_different(offers)
            for offer in offers:
                assert offer.property_id == query.property_id
                assert (offer.stay, offer.occupancies) == (query.stay, query.occupancies)
                assert offer.room_type.id in rooms
                assert offer.units_left is None or offer.units_left >= len(query.occupancies)

        bench.run(work)

    def test_amounts_are_exact_and_in_the_hotels_currency(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            for offer in await free_offers(visit):
                assert offer.total.amount > 0
                for money in amounts(offer):
                    assert_exact(money, visit.hotel.currency)

        bench.run(work)

    def test_taxes_add_up(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            for offer in await free_offers(visit):
                assert all(tax.name and tax.amount.amount >= 0 for tax in offer.taxes)
                inside = sum(tax.amount.amount for tax in offer.taxes if tax.included)
                extra = [tax.amount.amount for tax in offer.taxes if not tax.included]
                assert inside < offer.total.amount
                due = offer.due_at_property
                assert sum(extra) <= (due.amount if due else 0), "extra taxes are due on site"

        bench.run(work)

    def test_an_offer_has_an_end_and_terms_in_time(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            now = visit.services.clock.now()
            for offer in await free_offers(visit):
                assert offer.expires_at.tzinfo is not None
                assert offer.expires_at > now
                assert_terms(offer.cancellation)

        bench.run(work)

    def test_one_room_type_can_be_asked_for(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            wanted = (await free_offers(visit))[-1].room_type.id
            query = replace(visit.hotel.free, room_type_id=wanted)
            offers = await visit.adapter.search_offers(query)
            assert {one.room_type.id for one in offers} == {wanted}

        bench.run(work)

    def test_a_sold_out_stay_has_no_offers(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            assert list(await visit.adapter.search_offers(visit.hotel.need("sold_out"))) == []

        bench.run(work)

    def test_a_stay_that_is_not_sold_is_refused(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            with pytest.raises(Rejected):
                await visit.adapter.search_offers(visit.hotel.need("refused"))

        bench.run(work)

    def test_another_property_has_neither_rooms_nor_offers(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            with pytest.raises((NotFound, Rejected)):
                await visit.adapter.room_types(NOBODY, "en")
            with pytest.raises((NotFound, Rejected)):
                await visit.adapter.search_offers(replace(visit.hotel.free, property_id=NOBODY))

        bench.run(work)

    def test_another_property_has_none_of_its_reservations(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            made = await visit.some_reservation()
            query = ReservationQuery(property_id=NOBODY, external_ref=made.external_ref)
            try:
                assert await visit.find(query) == []
            except (NotFound, Rejected):
                return

        bench.run(work)

    def test_a_reservation_of_another_property_is_not_shown_as_its_own(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            foreign = visit.hotel.need("foreign")
            try:
                found = await visit.adapter.reservation(foreign)
            except NotFound:
                return
            assert found.property_id != visit.hotel.property_id

        bench.run(work)

    def test_a_reservation_that_is_not_there_is_not_found(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            with pytest.raises(NotFound):
                await visit.adapter.reservation(NOBODY)
            query = ReservationQuery(property_id=visit.hotel.property_id, external_ref=NOBODY)
            assert await visit.find(query) == []

        bench.run(work)

    def test_a_guests_words_are_a_reference_and_nothing_else(self, bench: Bench) -> None:
        """Not a path, not a query: whatever is typed leads to this reservation or to none."""

        async def work(visit: Visit) -> None:
            held = (await visit.some_reservation()).reference
            for words in ("", "..", f"../{held}", f"{held}/", f"{held}?a=1", f"{held}#a", "¿cuál?"):
                with pytest.raises(NotFound):
                    await visit.adapter.reservation(words)

        bench.run(work)

    def test_a_reference_is_read_in_any_case(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            made = await visit.some_reservation()
            assert_sound(made, visit)
            for reference in (made.reference.lower(), made.reference.upper()):
                assert await visit.adapter.reservation(reference) == made

        bench.run(work)

    @pytest.mark.parametrize(
        "field", ["external_ref", "email", "phone", "guest_name", "arrival", "departure"]
    )
    def test_a_reservation_is_found_by(self, bench: Bench, field: str) -> None:
        async def work(visit: Visit) -> None:
            made = await visit.some_reservation()
            asked = said(made)[field]
            if asked is None:
                pytest.skip(f"not here: this reservation has no {field}")
            query = ReservationQuery(property_id=visit.hotel.property_id, **{field: asked})
            found = await visit.find(query)
            assert made.reference in {one.reference for one in found}
            everything = {**said(made), "guest_name": "Kit Nobody Else"}
            nobody = ReservationQuery(property_id=visit.hotel.property_id, **everything)
            assert await visit.find(nobody) == []

        bench.run(work)

    def test_pages_end_and_repeat_nothing(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            query = visit.hotel.need("many")
            first = await visit.adapter.find_reservations(query)
            assert first.next_cursor is not None, "KnownHotel.many fits one page"
            found = [one.reference for one in await visit.find(query)]
            assert len(found) == len(set(found)), "a reservation came twice"
            assert len(found) > len(first.items)

        bench.run(work)


async def free_offers(visit: Visit) -> Sequence[Offer]:
    await visit.offer()
    return await visit.adapter.search_offers(visit.hotel.free)


def said(made: Reservation) -> dict[str, Any]:
    """A reservation as its guest names it: without case, accents, and all of the name."""
    guest = made.guest
    return {
        "external_ref": made.external_ref,
        "email": guest.email.swapcase() if guest.email else None,
        "phone": guest.phone.removeprefix("+") if guest.phone else None,
        "guest_name": "zoe nandu" if guest.name.startswith("Zoë Ñandú") else guest.name.upper(),
        "arrival": made.stay.arrival,
        "departure": made.stay.departure,
    }


def amounts(offer: Offer) -> list[Money]:
    found = [offer.total, *(tax.amount for tax in offer.taxes)]
    return found + [one for one in (offer.due_at_property, offer.cancellation.fee) if one]


def assert_exact(money: Money, currency: str) -> None:
    """In this currency, and to its minor unit: more places are the trace of a float."""
    assert isinstance(money, Money)
    assert money.currency == currency
    exponent = money.amount.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    assert -exponent <= get_currency_precision(currency), f"{money} has too many places"


def assert_terms(terms: CancellationTerms) -> None:
    assert terms.free_until is None or terms.free_until.tzinfo is not None
    assert terms.fee is None or terms.fee.amount >= 0


def assert_different(things: Sequence[Any]) -> None:
    ids = [one.id for one in things]
    assert all(isinstance(one, str) and one for one in ids)
    assert len(ids) == len(set(ids)), "two have the same id"


def assert_sound(made: Reservation, visit: Visit) -> None:
    """What the core relies on in any reservation."""
    assert isinstance(made, Reservation)
    assert made.reference
    assert made.version
    assert made.property_id == visit.hotel.property_id
    assert_terms(made.cancellation)
    for money in (made.total, made.balance, made.cancellation.fee):
        if money is not None:
            assert_exact(money, visit.hotel.currency)
