"""Capabilities: what is declared works, what is not raises Unsupported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agente_hotelero.components import WebhookRequest
from agente_hotelero.errors import NotFound, Rejected, SoldOut, Unsupported
from agente_hotelero.pms import Capability
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Money,
    Reservation,
    ReservationStatus,
    Service,
    ServiceKind,
    StayChange,
)
from agente_hotelero.testing.pms.contract import (
    NOBODY,
    assert_different,
    assert_exact,
    assert_sound,
)
from agente_hotelero.testing.pms.facts import NO_FACT
from agente_hotelero.testing.pms.operations import AMEND
from agente_hotelero.testing.pms.visit import Bench, Visit, fresh, is_as_asked, people, same_guest

FAR = datetime(2999, 1, 1, tzinfo=UTC)
POLLS = 100


class Capabilities:
    """Each operation does what its docstring says, for adapters that declare it."""

    def test_what_is_not_declared_is_unsupported(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            await assert_unsupported(visit)

        bench.run(work)

    def test_images_can_be_fetched(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.IMAGES)
            rooms = await visit.adapter.room_types(visit.hotel.property_id, "en")
            urls = [image.url for room in rooms for image in room.images]
            assert urls
            assert all(url.startswith(("https://", "/")) for url in urls)

        bench.run(work)

    def test_the_present_price_of_an_offer_is_its_price(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.REPRICE)
            offer = await visit.offer()
            now = await visit.adapter.reprice(offer)
            assert (now.room_type.id, now.rate_plan.id) == (offer.room_type.id, offer.rate_plan.id)
            assert (now.stay, now.occupancies, now.total) == (
                offer.stay,
                offer.occupancies,
                offer.total,
            )

        bench.run(work)

    def test_what_is_booked_is_what_was_ordered(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.CREATE)
            draft = visit.draft(await visit.offer())
            made = await visit.create(draft)
            assert_sound(made, visit)
            offer = draft.offer
            assert made.status is ReservationStatus.CONFIRMED
            assert (made.room_type_id, made.stay) == (offer.room_type.id, offer.stay)
            assert people(made.occupancies) == people(offer.occupancies)
            assert made.total == offer.total
            assert same_guest(made.guest, draft.guest)
            assert await visit.adapter.reservation(made.reference) == made

        bench.run(work)

    def test_what_is_sold_cannot_be_sold_again(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.CREATE)
            offer = await visit.offer(visit.hotel.need("last"))
            await visit.create(visit.draft(offer))
            with pytest.raises(SoldOut):
                await visit.create(visit.draft(offer))
            if Capability.REPRICE in visit.info.capabilities:
                with pytest.raises(SoldOut):
                    await visit.adapter.reprice(offer)

        bench.run(work)

    @pytest.mark.parametrize(
        ("needs", "fact"),
        [(Capability.AMEND_STAY, "change"), (Capability.AMEND_GUESTS, "guest_change")],
        ids=["the_stay", "the_guests"],
    )
    def test_a_change_is_made_as_it_was_previewed(
        self, bench: Bench, needs: Capability, fact: str
    ) -> None:
        async def work(visit: Visit) -> None:
            visit.need(needs)
            change, made = visit.hotel.need(fact), await visit.book()
            preview = await visit.adapter.preview_amendment(made.reference, change)
            assert_amendment(preview, made, change, visit)
            assert await visit.adapter.reservation(made.reference) == made
            changed = await visit.adapter.amend_reservation(preview, fresh())
            assert_sound(changed, visit)
            assert is_as_asked(changed, change)
            assert changed.total == preview.total
            assert changed.version != made.version
            assert await visit.adapter.reservation(made.reference) == changed

        bench.run(work)

    def test_a_change_that_is_made_already_is_left_as_it_is(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            preview, _ = await change_of(visit)
            changed = await visit.adapter.amend_reservation(preview, fresh())
            assert await visit.adapter.amend_reservation(preview, fresh()) == changed

        bench.run(work)

    def test_a_change_of_an_older_version_is_refused(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            preview, made = await change_of(visit)
            await visit.adapter.amend_reservation(preview, fresh())
            back = StayChange(stay=made.stay, occupancies=made.occupancies)
            undo = await visit.adapter.preview_amendment(made.reference, back)
            again = await visit.adapter.amend_reservation(undo, fresh())
            with pytest.raises(Rejected):
                await visit.adapter.amend_reservation(preview, fresh())
            assert await visit.adapter.reservation(made.reference) == again

        bench.run(work)

    def test_a_refused_change_leaves_everything_as_it_was(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(AMEND)
            change, made = visit.hotel.need("refused_change"), await visit.book()
            try:
                preview = await visit.adapter.preview_amendment(made.reference, change)
                with pytest.raises((Rejected, SoldOut)):
                    await visit.adapter.amend_reservation(preview, fresh())
            except (Rejected, SoldOut):
                pass
            assert await visit.adapter.reservation(made.reference) == made

        bench.run(work)

    def test_cancelling_is_previewed_then_done(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.CANCEL)
            made = await visit.book()
            preview = await visit.adapter.preview_cancellation(made.reference)
            assert (preview.reference, preview.version) == (made.reference, made.version)
            assert preview.expires_at > visit.services.clock.now()
            for money in (preview.fee, preview.refund):
                if money is not None:
                    assert_exact(money, visit.hotel.currency)
            assert await visit.adapter.reservation(made.reference) == made
            gone = await visit.adapter.cancel_reservation(preview, fresh())
            assert gone.status is ReservationStatus.CANCELLED
            assert gone.version != made.version
            assert await visit.adapter.reservation(made.reference) == gone

        bench.run(work)

    def test_cancelling_twice_is_fine(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.CANCEL)
            made = await visit.book()
            preview = await visit.adapter.preview_cancellation(made.reference)
            gone = await visit.adapter.cancel_reservation(preview, fresh())
            assert await visit.adapter.cancel_reservation(preview, fresh()) == gone

        bench.run(work)

    def test_a_cancelled_room_is_for_sale_again(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.CANCEL)
            made = await visit.book(visit.hotel.need("last"))
            assert list(await visit.adapter.search_offers(visit.hotel.need("last"))) == []
            await visit.cancel(made.reference)
            assert await visit.adapter.search_offers(visit.hotel.need("last"))

        bench.run(work)

    def test_services_are_listed_and_added_once(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.SERVICES)
            made = await visit.book()
            services = await visit.adapter.list_services(made.reference, "en")
            if not services:
                pytest.skip(f"{NO_FACT}no service is sold with a reservation of KnownHotel.free")
            assert_different(services)
            for service in services:
                assert service.name.strip()
                assert_exact(service.price, visit.hotel.currency)
            with_it = await visit.adapter.book_service(made.reference, services[0], fresh())
            assert services[0].id in with_it.services
            again = await visit.adapter.book_service(made.reference, services[0], fresh())
            assert again == with_it

        bench.run(work)

    def test_what_is_not_there_cannot_be_changed(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            free, has = visit.hotel.free, visit.info.capabilities
            change = StayChange(stay=free.stay, occupancies=free.occupancies)
            if has & AMEND:
                with pytest.raises(NotFound):
                    await visit.adapter.preview_amendment(NOBODY, change)
            if Capability.CANCEL in has:
                with pytest.raises(NotFound):
                    await visit.adapter.preview_cancellation(NOBODY)
            if Capability.SERVICES in has:
                with pytest.raises(NotFound):
                    await visit.adapter.list_services(NOBODY, "en")

        bench.run(work)

    def test_without_a_cursor_nothing_has_changed_yet(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.POLL)
            start = await visit.adapter.poll_changes(visit.hotel.property_id, None)
            assert (list(start.reservations), bool(start.cursor)) == ([], True)

        bench.run(work)

    def test_no_change_is_missed(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.POLL)
            start = (await visit.adapter.poll_changes(visit.hotel.property_id, None)).cursor
            first, second = await visit.book(), await visit.book()
            if Capability.CANCEL in visit.info.capabilities:
                first = await visit.cancel(first.reference)
            for _ in range(2):
                seen = await changes_since(visit, start)
                assert seen[first.reference] == first
                assert seen[second.reference] == second

        bench.run(work)

    def test_a_genuine_bell_is_told_from_a_forged_one(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            visit.need(Capability.WEBHOOK)
            bell: WebhookRequest = visit.hotel.need("bell")
            assert visit.adapter.verify_webhook(bell) is True
            bare = WebhookRequest(query={}, headers={}, body=bell.body)
            assert visit.adapter.verify_webhook(bare) is False

        bench.run(work)


async def change_of(visit: Visit) -> tuple[Amendment, Reservation]:
    """A new reservation, and the preview of a change to it."""
    visit.need(AMEND)
    stays = Capability.AMEND_STAY in visit.info.capabilities
    change, made = visit.hotel.need("change" if stays else "guest_change"), await visit.book()
    return await visit.adapter.preview_amendment(made.reference, change), made


async def changes_since(visit: Visit, cursor: str) -> dict[str, Reservation]:
    """Everything up to now, the latest state of each."""
    seen: dict[str, Reservation] = {}
    for _ in range(POLLS):
        changes = await visit.adapter.poll_changes(visit.hotel.property_id, cursor)
        seen |= {one.reference: one for one in changes.reservations}
        if not changes.reservations or changes.cursor == cursor:
            return seen
        cursor = changes.cursor
    raise AssertionError(f"after {POLLS} polls there is still something new")


def assert_amendment(
    preview: Amendment, made: Reservation, change: StayChange, visit: Visit
) -> None:
    assert (preview.reference, preview.version) == (made.reference, made.version)
    assert preview.change == change
    assert preview.before == made.total
    assert preview.expires_at > visit.services.clock.now()
    for money in (preview.before, preview.total, preview.fee):
        if money is not None:
            assert_exact(money, visit.hotel.currency)


async def assert_unsupported(visit: Visit) -> None:
    """Called as they are, without anything behind them."""
    adapter, has = visit.adapter, visit.info.capabilities
    nothing = Money(currency=visit.hotel.currency, amount=Decimal(0))
    change = StayChange(stay=visit.hotel.free.stay, occupancies=visit.hotel.free.occupancies)
    amendment = Amendment(
        id="a",
        reference=NOBODY,
        version="1",
        change=change,
        before=nothing,
        total=nothing,
        expires_at=FAR,
    )
    cancellation = Cancellation(id="c", reference=NOBODY, version="1", fee=nothing, expires_at=FAR)
    service = Service(id="s", kind=ServiceKind.OTHER, name="s", price=nothing)
    offer = await visit.offer()
    calls = (
        (Capability.REPRICE, lambda: adapter.reprice(offer)),
        (Capability.CREATE, lambda: visit.create(replace(visit.draft(offer)))),
        (AMEND, lambda: adapter.preview_amendment(NOBODY, change)),
        (AMEND, lambda: adapter.amend_reservation(amendment, "k")),
        (Capability.CANCEL, lambda: adapter.preview_cancellation(NOBODY)),
        (Capability.CANCEL, lambda: adapter.cancel_reservation(cancellation, "k")),
        (Capability.SERVICES, lambda: adapter.list_services(NOBODY, "en")),
        (Capability.SERVICES, lambda: adapter.book_service(NOBODY, service, "k")),
        (Capability.POLL, lambda: adapter.poll_changes(visit.hotel.property_id, None)),
    )
    for needs, call in calls:
        if not has & needs:
            with pytest.raises(Unsupported):
                await call()
    if Capability.WEBHOOK not in has:
        with pytest.raises(Unsupported):
            adapter.verify_webhook(WebhookRequest(query={}, headers={}, body=b""))
