"""What tests of an adapter rely on, beyond the recorded exchanges."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import uvicorn
from agente_hotelero.testing import SettableClock
from agente_hotelero_pms_qloapps.testing import (
    FULL_KEY,
    MINIMAL_KEY,
    Shop,
    create_app,
    demo_shop,
    plain_shop,
)
from agente_hotelero_pms_qloapps.testing.state import Currency, Service

pytestmark = pytest.mark.anyio
FIRST, LAST = date(2027, 4, 1), date(2027, 4, 4)
CANCEL = (
    "<qloapps><order_history><id_order>{}</id_order>"
    "<id_order_state>4</id_order_state></order_history></qloapps>"
)
SEARCH = (
    "<qloapps><hotel_ari><id_hotel>{}</id_hotel><date_from>2027-04-01</date_from>"
    "<date_to>2027-04-04</date_to></hotel_ari></qloapps>"
)


class Api:
    """A client of a shop that speaks JSON."""

    def __init__(self, shop: Shop, key: str = FULL_KEY) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=create_app(shop)),
            base_url=f"http://{shop.host}/api",
            auth=(key, ""),
            headers={"Output-Format": "JSON"},
        )

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def search(self, hotel: int = 1) -> Any:
        answer = await self.client.post("hotel_ari", content=SEARCH.format(hotel))
        return answer.json()["hotel_ari"]

    async def book(self, **changes: Any) -> httpx.Response:
        return await self.client.post("bookings", json=body(**changes))

    async def cancel(self, order: int) -> httpx.Response:
        return await self.client.post("order_histories", content=CANCEL.format(order))


def body(
    *,
    hotel: int = 1,
    room_type: int = 1,
    email: str = "anna@example.com",
    room: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    guest = {"firstname": "Anna", "lastname": "Rossi", "email": email, "phone": "+353871234567"}
    stay = {
        "id_room_type": room_type,
        "checkin_date": f"{FIRST}",
        "checkout_date": f"{LAST}",
        "number_of_rooms": 1,
        "rooms": [{"adults": 1, "child": 0, **(room or {})}],
    }
    asked = {"customer_detail": guest, "room_types": [stay]}
    booking = {"id_property": hotel, "currency": "EUR", **more, "associations": asked}
    return {"booking": booking}


async def test_in_a_plain_hotel_search_and_booking_agree_to_the_cent() -> None:
    shop = plain_shop(price=Decimal("99.99"), percent=Decimal(21))
    found = (await Api(shop).search())["room_types"][0]
    prices = (await Api(shop).book()).json()["booking"]["associations"]["price_details"]
    assert found["total_price_with_tax"] == 362.96
    assert prices == {"total_paid": 0, "total_price_without_tax": 299.97, "total_tax": 62.99}


async def test_each_hotel_has_its_own_rooms() -> None:
    api = Api(plain_shop(hotels=2, rooms=2))
    assert (await api.book(hotel=2, room_type=2)).status_code == 200
    first, second = await api.search(1), await api.search(2)
    assert [one["id_room_type"] for one in first["room_types"]] == [1]
    assert (first["total_available_rooms"], second["total_available_rooms"]) == (2, 1)


async def test_the_last_room_is_sold_once_if_nobody_else_asks_at_that_moment() -> None:
    shop = plain_shop(rooms=3)
    shop.fill(1, FIRST, LAST, leave=1)
    api = Api(shop)
    assert (await api.search())["total_available_rooms"] == 1
    assert (await api.book()).status_code == 200
    late = await api.book(email="late@example.com")
    assert late.status_code == 400
    assert late.json()["errors"][0]["message"] == "Requested room(s) not available."
    assert not shop.overlaps()
    assert "late@example.com" not in {one.email for one in shop.customers.values()}


@pytest.mark.parametrize(("action", "cancelled"), [(1, True), (2, False)])
async def test_rivals_for_the_last_room_all_hear_yes(action: int, cancelled: bool) -> None:
    shop = plain_shop(rooms=1)
    shop.overbooking_action = action
    api = Api(shop)
    answers = await asyncio.gather(*(api.book(email=f"g{n}@example.com") for n in range(4)))
    assert [one.status_code for one in answers] == [200] * 4
    assert len(shop.live_lines()) == 3
    assert len(shop.overlaps()) == 3
    (caught,) = [one for one in shop.lines.values() if one.back_order]
    assert (caught.refunded, caught.cancelled) == (cancelled, cancelled)
    assert await api.get(f"bookings/{caught.order}") == answers[caught.order - 1].json()
    assert shop.orders[caught.order].state == 1
    assert [one.state for one in shop.histories if one.order == caught.order] == [1, 11, 1]


async def test_a_late_check_that_sees_everything_leaves_one_booking() -> None:
    shop = plain_shop(rooms=1)
    shop.late_check_blind = 0
    api = Api(shop)
    await asyncio.gather(*(api.book(email=f"g{n}@example.com") for n in range(3)))
    assert len(shop.live_lines()) == 1
    assert not shop.overlaps()


async def test_a_race_happens_in_a_half_empty_house_too() -> None:
    shop = plain_shop(rooms=3)
    shop.race_seconds = 0.001
    api = Api(shop)
    await asyncio.gather(*(api.book(email=f"g{n}@example.com") for n in range(2)))
    assert len(shop.overlaps()) == 1


@pytest.mark.parametrize(
    ("after_work", "error", "orders"),
    [(True, httpx.ReadTimeout, 1), (False, httpx.ConnectError, 0)],
)
async def test_an_answer_can_get_lost(
    after_work: bool, error: type[httpx.TransportError], orders: int
) -> None:
    shop = plain_shop()
    shop.lose_answer("POST", "bookings", after_work=after_work, error=error)
    with pytest.raises(error):
        await Api(shop).book()
    assert len(shop.orders) == orders
    assert (await Api(shop).book()).status_code == 200


async def test_requests_can_fail_and_be_slow() -> None:
    shop = plain_shop()
    shop.fail("GET", "hotels", 503)
    shop.delay("GET", "orders", 0.05)
    answer = await Api(shop).client.get("hotels")
    assert (answer.status_code, answer.text) == (503, "")
    start = time.monotonic()
    await Api(shop).get("orders")
    assert time.monotonic() - start >= 0.05
    await Api(shop).get("hotels")
    assert not shop.faults


async def test_calls_are_written_down() -> None:
    shop = plain_shop()
    api = Api(shop)
    await api.get("orders?display=[id]")
    await api.book()
    assert [(one.method, one.path) for one in shop.calls] == [
        ("GET", "/api/orders"),
        ("POST", "/api/bookings"),
    ]
    assert (shop.called("POST", "bookings"), shop.called("PUT", "bookings")) == (1, 0)
    assert json.loads(shop.calls[1].body) == body()


async def test_what_was_never_recorded_is_not_made_up() -> None:
    api = Api(plain_shop())
    assert (await api.client.get("carts")).status_code == 501
    assert (await api.client.delete("orders/1")).status_code == 501


async def test_a_guest_who_has_checked_in_can_be_cancelled() -> None:
    shop = plain_shop(clock=SettableClock(datetime(2027, 4, 1, 12, 30, tzinfo=UTC)))
    order = shop.book(1, FIRST, LAST)
    shop.check_in(order.id)
    api = Api(shop)
    lines = await api.get(f"room_bookings?filter[id_order]={order.id}&display=full")
    assert lines["bookings"][0]["id_status"] == 2
    assert lines["bookings"][0]["check_in"] == "2027-04-01 12:30:00"
    assert (await api.cancel(order.id)).status_code == 201
    assert not shop.live_lines()
    shop.check_out(order.id)
    assert shop.lines_of(order.id)[0].status == 3


async def test_states_may_have_other_ids() -> None:
    shop = plain_shop()
    shop.renumber_state("canceled", 40)
    api = Api(shop)
    order = (await api.book()).json()["booking"]["id"]
    assert (await api.cancel(order)).text == "Invalid new order status"
    change = body(id=order, booking_status=3)
    assert (await api.client.put("bookings", json=change)).status_code == 200
    states = await api.get("order_states?filter[name]=Canceled&display=[id]")
    assert states["order_states"] == [{"id": 40}]
    assert shop.orders[order].state == 40
    assert not shop.live_lines()


async def test_a_room_that_is_named_is_not_given_to_another_of_the_same_booking() -> None:
    asked = body()
    stay = asked["booking"]["associations"]["room_types"][0]
    stay["number_of_rooms"] = 2
    stay["rooms"] = [{"adults": 1, "child": 0}, {"adults": 1, "child": 0, "id_room": 1}]
    shop = plain_shop()
    assert (await Api(shop).client.post("bookings", json=asked)).status_code == 200
    assert [one.room for one in shop.lines.values()] == [2, 1]


async def test_activating_a_cancelled_booking_does_not_take_the_room_back() -> None:
    shop = plain_shop(rooms=1)
    api = Api(shop)
    order = (await api.book()).json()["booking"]["id"]
    await api.cancel(order)
    change = body(id=order, booking_status=1, payment_status=3)
    assert (await api.client.put("bookings", json=change)).status_code == 200
    assert shop.orders[order].state == 1
    assert not shop.live_lines()
    assert (await api.search())["total_available_rooms"] == 1


async def test_seasons_limits_and_closed_rooms_show_in_the_search() -> None:
    shop = plain_shop(rooms=2, percent=Decimal(0))
    shop.add_season(1, date(2027, 4, 3), date(2027, 4, 30), Decimal(50))
    shop.close_room(2, date(2027, 4, 3), date(2027, 4, 5))
    api = Api(shop)
    found = await api.search()
    assert found["room_types"][0]["total_price"] == 350
    assert set(found["room_types"][0]["rooms"]["available"]) == {"1"}
    shop.open_room(2)
    assert (await api.search())["total_available_rooms"] == 2
    shop.limit(1, min_los=4)
    assert (await api.search())["room_types"][0]["rooms"]["available"] == []
    assert (await api.book()).status_code == 400
    shop.limit(1, max_los=2)
    assert (await api.search())["total_available_rooms"] == 0


async def test_the_last_day_of_a_season_belongs_to_it() -> None:
    shop = plain_shop(percent=Decimal(0))
    shop.add_season(1, date(2027, 4, 1), date(2027, 4, 2), Decimal(-10))
    assert (await Api(shop).search())["room_types"][0]["total_price"] == 280


async def test_a_service_that_a_change_keeps_stays_as_it_was_charged() -> None:
    api = Api(demo_shop())
    room = {"services": [{"id_service": 5}]}
    booked = (await api.book(room=room)).json()["booking"]
    changed = await api.client.put("bookings", json=body(room=room, id=booked["id"]))
    assert changed.json()["booking"] == booked
    assert booked["associations"]["price_details"]["total_tax"] == 3750 * 0.23


@pytest.mark.parametrize("guest", [{"firstname": "A" * 33}, {"phone": "1" * 33}])
async def test_what_is_too_long_for_a_column_breaks_the_shop(guest: dict[str, str]) -> None:
    shop = plain_shop()
    asked = body()
    asked["booking"]["associations"]["customer_detail"].update(guest)
    answer = await Api(shop).client.post("bookings", json=asked)
    assert (answer.status_code, answer.text, shop.orders) == (500, "", {})


async def test_a_fee_is_taxed_by_its_own_group() -> None:
    fee = Service(id=6, name="Cleaning", price=Decimal(100), auto=True, addition=2, tax_group=3)
    shop = demo_shop(services=[fee])
    api = Api(shop)
    found = (await api.search())["room_types"][0]
    assert found["total_price"] == 3000
    booked = (await api.book(room={"services": [{"id_service": 6}]})).json()["booking"]
    prices = booked["associations"]["price_details"]
    assert prices["total_price_without_tax"] == 3100
    assert prices["total_tax"] == 3000 * 0.23 + 9


async def test_a_service_that_the_type_does_not_have_is_refused() -> None:
    api, room = Api(plain_shop()), {"services": [{"id_service": 5}]}
    assert (await api.book(room=room)).status_code == 400
    order = (await api.book()).json()["booking"]["id"]
    change = await api.client.put("bookings", json=body(room=room, id=order))
    assert change.status_code == 400


async def test_another_currency_can_be_the_shops() -> None:
    peso = Currency(id=1, name="Peso", iso="ARS", number="032", sign="$")
    api = Api(plain_shop(currency=peso))
    assert (await api.search())["currency"] == "ARS"
    assert (await api.book()).status_code == 400
    assert (await api.book(currency="ARS")).json()["booking"]["currency"] == "ARS"


async def test_the_minimal_key_books_and_cancels_and_reads_no_taxes() -> None:
    shop = demo_shop()
    api = Api(shop, MINIMAL_KEY)
    order = (await api.book()).json()["booking"]["id"]
    assert (await api.get(f"orders/{order}"))["order"]["current_state"] == 1
    line = (await api.get(f"room_bookings?filter[id_order]={order}"))["bookings"][0]["id"]
    record = await api.client.get(f"room_bookings/{line}", headers={"Output-Format": "XML"})
    assert (await api.client.put(f"room_bookings/{line}", content=record.content)).is_success
    assert (await api.cancel(order)).status_code == 201
    assert (await api.client.get("taxes")).status_code == 401
    assert (await api.client.delete("orders/1")).status_code == 405


@pytest.mark.parametrize(("version", "planned"), [("1.7.0", True), ("1.6.1", False)])
async def test_the_synopsis_tells_the_version(version: str, planned: bool) -> None:
    api = Api(demo_shop(version))
    answer = await api.client.get("room_bookings?schema=synopsis")
    assert ("planned_check_out" in answer.text) == planned


async def test_taxes_can_be_read_with_rights() -> None:
    api = Api(plain_shop(percent=Decimal("13.5")))
    rule = (await api.get("tax_rules?filter[id_tax_rules_group]=1&display=full"))["tax_rules"][0]
    tax = (await api.get(f"taxes/{rule['id_tax']}"))["tax"]
    assert (rule["id_country"], tax["rate"]) == (26, "13.500")


async def test_the_shop_writes_its_own_wall_clock() -> None:
    shop = plain_shop(clock=SettableClock(datetime(2027, 1, 1, 2, tzinfo=UTC)))
    shop.zone = "America/Argentina/Buenos_Aires"
    booked = (await Api(shop).book()).json()["booking"]
    assert booked["booking_date"] == "2026-12-31 23:00:00"


async def test_references_are_nine_letters_and_differ() -> None:
    shop = plain_shop(rooms=3)
    found = {one.reference for one in shop.fill(1, FIRST, LAST)}
    assert len(found) == 3
    assert all(len(one) == 9 and one.isalpha() and one.isupper() for one in found)


async def test_it_can_be_served_over_a_socket() -> None:
    shop = plain_shop()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        shop.host = f"127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(shop), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        async with httpx.AsyncClient(base_url=f"http://{shop.host}/api") as client:
            answer = await client.get("hotels", params={"ws_key": FULL_KEY})
        server.should_exit = True
        thread.join(10)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
