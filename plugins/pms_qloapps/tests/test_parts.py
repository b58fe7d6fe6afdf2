"""The pure parts, and the client, with answers that QloApps gave (`exchanges-*.jsonl`)."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    Rejected,
    SoldOut,
    Throttled,
    Unavailable,
)
from agente_hotelero.stays import CancellationTerms, Guest, Money, Occupancy, Stay
from agente_hotelero.testing import lend
from agente_hotelero_pms_qloapps import doctor, guests, hotel, pricing, reading, rules, terms, wire
from agente_hotelero_pms_qloapps.adapter import QloAppsPms
from agente_hotelero_pms_qloapps.client import Client
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.shop import default_currency, state
from pydantic import ValidationError

CANARY = "CANARY0000000000000000000000KEY1"
CONFIG = QloAppsConfig.model_validate({"base_url": "https://shop.example", "api_key": CANARY})
BODY: dict[str, Any] = {"id": 1}


@cache
def exchanges() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for version in ("1.7.0", "1.6.1"):
        path = Path(__file__).parent / f"exchanges-{version}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            found[one["name"]] = one
    return found


def exchange(number: str) -> dict[str, Any]:
    return next(one for name, one in exchanges().items() if name.startswith(f"{number}-"))


def answer(number: str) -> Any:
    return wire.parsed(exchange(number)["body"])


def client(response: httpx.Response | Exception) -> Client:
    def answered(request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    return Client(httpx.AsyncClient(transport=httpx.MockTransport(answered)), CONFIG)


async def replay(number: str) -> Any:
    """The same call, answered as it was."""
    one = exchange(number)
    response = httpx.Response(one["status"], headers=one["answered"], text=one["body"])
    shop = client(response)
    path = one["target"].partition("?")[0].removeprefix("/api/")
    resource, _, number = path.partition("/")
    calls = {
        ("POST", "bookings"): lambda: shop.post_booking(BODY),
        ("PUT", "bookings"): lambda: shop.put_booking(BODY),
        ("GET", "bookings"): lambda: shop.booking(1),
        ("POST", "hotel_ari"): lambda: shop.availability(BODY),
        ("GET", "hotel_ari"): lambda: shop.availability(BODY),
        ("PUT", "room_bookings"): lambda: shop.put_line(1, BODY),
        ("POST", "order_histories"): lambda: shop.set_state(1, 4),
    }
    call = calls.get((one["method"], resource), lambda: shop.rows(resource))
    return await call()


# ── the error catalogue ──────────────────────────────────────────────────────────────────────────

CATALOGUE: dict[type[HoteleroError], str] = {
    AuthFailed: "01 04 05 06 07 461 462 463 466 480 481 482",
    Unavailable: "467",
    NotFound: "156 157 158 159",
    SoldOut: "226 227 228 230 231 234 235 255 367 658 661",
    Rejected: (
        "48 49 51 52 53 55 57 59 60 61 64 152 153 154 155 164 207 208 209 210 238 239 240 241 243"
        " 244 245 247 256 259 286 621 622"
    ),
    OutcomeUnknown: "246 248 249 251 252 253 254 285 293 303 161-15 161-16",
}
CASES = [(number, kind) for kind, numbers in CATALOGUE.items() for number in numbers.split()]


@pytest.mark.anyio
@pytest.mark.parametrize(("number", "kind"), CASES)
async def test_each_failure_that_was_recorded_has_its_class(
    number: str, kind: type[HoteleroError]
) -> None:
    with pytest.raises(HoteleroError) as told:
        await replay(number)
    assert type(told.value) is kind
    assert "example.com" not in str(told.value)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "reads", "writes"),
    [
        (500, Unavailable, OutcomeUnknown),
        (502, Unavailable, OutcomeUnknown),
        (503, Unavailable, OutcomeUnknown),
        (429, Throttled, Throttled),
        (418, Rejected, Rejected),
        (204, Unavailable, OutcomeUnknown),
    ],
)
async def test_what_a_proxy_answers_depends_on_whether_something_was_sent(
    status: int, reads: type[HoteleroError], writes: type[HoteleroError]
) -> None:
    with pytest.raises(reads):
        await client(httpx.Response(status)).rows("orders")
    with pytest.raises(writes):
        await client(httpx.Response(status)).post_booking(BODY)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "body", ["", "{", "<html>", '{"orders": 1}', '{"other": []}', "null", "[1]", '"x"']
)
async def test_an_answer_of_another_kind_is_no_success(body: str) -> None:
    response = httpx.Response(200, headers={"content-type": "application/json"}, text=body)
    with pytest.raises(OutcomeUnknown):
        await client(response).post_booking(BODY)
    if body not in ('{"orders": 1}',):
        with pytest.raises(Unavailable):
            await client(response).rows("orders")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("x"), Unavailable),
        (httpx.ConnectTimeout("x"), Unavailable),
        (httpx.PoolTimeout("x"), Unavailable),
        (httpx.ReadTimeout("x"), OutcomeUnknown),
        (httpx.WriteTimeout("x"), OutcomeUnknown),
        (httpx.RemoteProtocolError("x"), OutcomeUnknown),
    ],
)
async def test_silence_is_unknown_only_once_something_was_sent(
    error: Exception, kind: type[HoteleroError]
) -> None:
    with pytest.raises(kind):
        await client(error).post_booking(BODY)
    with pytest.raises(Unavailable):
        await client(error).rows("orders")


@pytest.mark.anyio
async def test_a_shop_that_asks_for_patience_says_how_long() -> None:
    with pytest.raises(Throttled) as told:
        await client(httpx.Response(429, headers={"retry-after": "7"})).rows("orders")
    assert told.value.retry_after == 7


@pytest.mark.anyio
async def test_redirects_are_not_followed_and_name_the_shops_own_host() -> None:
    asked: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://right.example/index.php"})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answered), follow_redirects=True)
    with pytest.raises(AuthFailed, match=r"right\.example"):
        await Client(http, CONFIG).post_booking(BODY)
    assert asked == ["shop.example"]


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["54", "58", "63"])
async def test_availability_that_says_nothing_is_not_full(number: str) -> None:
    assert "room_types" not in await replay(number)


# ── the key ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_the_key_is_in_a_header_and_nowhere_else(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    urls: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        raise httpx.ReadTimeout("slow", request=request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answered))
    pms = QloAppsPms(CONFIG, lend(http=http))
    told = [repr(CONFIG), str(CONFIG), repr(pms), repr(vars(pms)), repr(pms._shop)]
    for work in (pms.properties(), pms.reservation("ABC"), pms.diagnose(), pms.health()):
        try:
            told.append(repr(await work))
        except HoteleroError as error:
            told += [repr(error), "".join(traceback.format_exception(error))]
    out = capsys.readouterr()
    seen = "\n".join([*urls, *told, caplog.text, out.out, out.err])
    assert urls
    assert CANARY not in seen
    assert "Q0FOQVJZ" not in seen


@pytest.mark.anyio
async def test_the_cookie_of_one_answer_is_not_sent_with_the_next_call() -> None:
    sent: list[str | None] = []

    def answered(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("cookie"))
        headers = {"content-type": "application/json", "set-cookie": "QloApps-1=guest; path=/"}
        return httpx.Response(200, headers=headers, text="[]")

    shop = Client(httpx.AsyncClient(transport=httpx.MockTransport(answered)), CONFIG)
    for _ in range(2):
        await shop.rows("orders")
    assert sent == [None, None]


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"base_url": "shop.example"}, "pattern"),
        ({"base_url": f"https://{CANARY}@shop.example"}, "pattern"),
        ({"base_url": f"https://shop.example/?ws_key={CANARY}"}, "pattern"),
        ({"api_key": "short"}, "32 letters"),
        ({"placeholder_email": "guest@shop.example"}, "one customer"),
        ({"placeholder_email": "guest{ref}@localhost"}, "not an e-mail"),
        ({"placeholder_phone": "none"}, "not a telephone"),
        ({"booking_window_days": 0}, "greater"),
        ({"colour": "red"}, "Extra"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], why: str) -> None:
    given = {"base_url": "https://shop.example", "api_key": CANARY} | settings
    with pytest.raises(ValidationError, match=why):
        QloAppsConfig.model_validate(given)


@pytest.mark.parametrize("address", ["https://a.example/shop/", "https://a.example/shop/api/"])
def test_the_address_may_be_that_of_the_shop_or_of_its_webservice(address: str) -> None:
    config = QloAppsConfig.model_validate({"base_url": address, "api_key": CANARY})
    assert config.base_url == "https://a.example/shop"


# ── values ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", [7, "7", Decimal(7)])
def test_numbers_come_in_every_dress(value: Any) -> None:
    assert wire.number(value) == 7
    assert wire.amount(value) == 7
    absent: tuple[Any, ...] = ("", None, False, "x", [])
    assert [wire.number(value) for value in absent] == [0] * 5


def test_amounts_are_never_floats() -> None:
    told = wire.parsed('{"a": 632.5, "b": 0.1, "c": "2460.000000"}')
    assert told["a"] == Decimal("632.5")
    assert wire.amount(told["b"]) == Decimal("0.1")
    assert wire.amount(told["c"]) == 2460


def test_texts_are_plain_or_per_language() -> None:
    told = [{"id": 1, "value": "Room"}, {"id": 2, "value": "Camera"}, {"id": 3, "value": ""}]
    assert [wire.text(told, language) for language in (1, 2, 3)] == ["Room", "Camera", "Room"]
    assert wire.text("Room", 2) == "Room"
    assert wire.text(False) == ""


def test_descriptions_lose_their_markup() -> None:
    markup = "<div><h4>Sea &amp; sun</h4><p>Two\n   <b>beds</b></p><script>x</script></div>"
    assert wire.plain(markup) == "Sea & sun\nTwo\nbeds\nx"


@pytest.mark.parametrize(
    ("value", "ages"),
    [('["7"]', (7,)), ("[5,9]", (5, 9)), ("[]", ()), ("", ()), (None, ()), ("x", ()), ([3], (3,))],
)
def test_ages_come_as_text(value: Any, ages: tuple[int, ...]) -> None:
    assert wire.ages(value) == ages


def test_a_child_without_age_counts() -> None:
    row = {"adults": "2", "children": "2", "child_ages": "[5]"}
    assert reading.party_of(row) == Occupancy(adults=2, child_ages=(5, 0))


@pytest.mark.parametrize("text", ["[1|2]", "%[a]%", "a%", "", "[", ">[1]"])
def test_what_a_guest_says_is_never_an_expression(text: str) -> None:
    assert wire.literal(text) is None


def test_xml_is_escaped() -> None:
    assert wire.xml("b", {"a": "<&>", "n": 1}).endswith(
        "<qloapps><b><a>&lt;&amp;&gt;</a><n>1</n></b></qloapps>"
    )


def test_free_rooms_are_an_object_or_an_empty_list() -> None:
    free = answer("44")["hotel_ari"]["room_types"][0]["rooms"]["available"]
    full = answer("376")["hotel_ari"]["room_types"][0]["rooms"]["available"]
    assert [wire.number(one["id_room"]) for one in wire.items(free)] == [6, 7, 8, 9, 10]
    assert wire.items(full) == []


@pytest.mark.parametrize("number", ["108", "161-08"])
def test_a_line_is_the_same_in_both_versions(number: str) -> None:
    line = reading.line_of(answer(number)["bookings"][0])
    assert (line.room, line.room_type, line.party) == (1, 1, Occupancy(adults=2, child_ages=(0, 0)))
    assert (line.arrival, line.dead, line.total) == (date(2026, 12, 10), False, Decimal(2460))


def test_a_back_order_is_dead() -> None:
    row = answer("108")["bookings"][0]
    assert reading.line_of({**row, "is_back_order": "1"}).dead


# ── prices ───────────────────────────────────────────────────────────────────────────────────────


def quoted(ari: str, nights: int, rooms: int) -> Decimal:
    """By the website's rule, from recorded answers alone."""
    kind = hotel._kind("sol", answer("26")["room_type"], LIMITS, 1)
    extras = pricing.extras_of(answer("29")["services"], kind)
    fees = [extra for extra in extras if extra.automatic and not extra.folded]
    (row,) = answer(ari)["hotel_ari"]["room_types"]
    rates = pricing.Rates(room_group=1, room=pricing.room_factor(row), others={})
    return pricing.price(row, fees, rates, nights, rooms).total


LIMITS = hotel._limits(
    {"id_product": 1, "max_adults": "2", "max_children": 2, "max_guests": 4, "min_los": 1}
)


def charged(number: str) -> Decimal:
    told = answer(number)["booking"]["associations"]["price_details"]
    return wire.amount(told["total_price_without_tax"]) + wire.amount(told["total_tax"])


def test_the_quote_of_trace_310_is_what_trace_311_was_charged() -> None:
    assert quoted("310", 2, 1) == charged("311") == Decimal("3382.50")


def test_the_quote_of_trace_601_is_what_trace_600_was_charged_for_two_rooms() -> None:
    assert quoted("601", 2, 2) == charged("600") == Decimal("6765.00")


def test_a_hotel_without_services_is_charged_what_availability_says() -> None:
    row = {"total_price": "100.00", "total_price_with_tax": "109.50"}
    rates = pricing.Rates(room_group=1, room=pricing.room_factor(row), others={})
    assert pricing.price(row, [], rates, 1, 1).total == Decimal("109.50")


def test_a_room_type_may_have_its_own_price_for_a_service() -> None:
    room = answer("26")["room_type"]
    room["associations"]["services"][1] |= {"price": "100.000000", "id_tax_rules_group": "0"}
    kind = hotel._kind("sol", room, LIMITS, 1)
    fee = pricing.extras_of(answer("29")["services"], kind)[1]
    assert (fee.id, fee.price, fee.tax_group) == (6, Decimal(100), 0)


# ── the shop ─────────────────────────────────────────────────────────────────────────────────────


def test_order_states_are_known_by_template_by_name_or_by_their_usual_number() -> None:
    states = answer("35")["order_states"]
    assert [state(states, kind) for kind in ("cancelled", "refunded", "failed")] == [4, 5, 6]
    other = [{"id": 20, "name": "Cancelado"}, {"id": 21, "name": [{"id": 1, "value": "Reembolso"}]}]
    assert [state(other, kind) for kind in ("cancelled", "refunded", "failed")] == [20, 21, 6]
    templates = [{"id": 30, "template": [{"id": 1, "value": "order_canceled"}]}]
    assert state(templates, "cancelled") == 30


def test_the_default_currency_is_the_one_of_rate_one() -> None:
    assert default_currency(answer("37")["currencies"]) == "EUR"
    assert default_currency([]) == ""


@pytest.mark.parametrize("number", ["22", "161-01"])
def test_a_hotel_is_read_in_both_versions(number: str) -> None:
    told = answer(number)
    found = hotel.hotel_of(told["hotels"][0] if "hotels" in told else told["hotel"])
    assert (found.id, found.name, found.check_in.hour) == (1, "The Hotel Prime", 12)
    assert (found.last_departure, found.departure_within, found.notice) == (None, None, None)
    assert (found.latitude, found.refunds) == (None, False)


@pytest.mark.anyio
async def test_the_rights_of_a_key_are_read_without_trying_them() -> None:
    one = exchange("02")
    shop = client(httpx.Response(200, headers=one["answered"], text=one["body"]))
    rights = await shop.rights()
    assert rights["bookings"] == {"GET", "PUT", "POST", "DELETE"}
    findings = doctor.check_rights({"hotels": frozenset({"GET"})})
    assert "GET on hotel_refund_rules is missing" in [one.what for one in findings]
    least = {name: frozenset(methods) for name, methods in doctor.RIGHTS.items()}
    assert [one.ok for one in doctor.check_rights(least)] == [True]


# ── guests ───────────────────────────────────────────────────────────────────────────────────────

ROSSI = {
    "id": 2,
    "firstname": "Anna",
    "lastname": "Rossi",
    "email": "a@b.example",
    "phone": "+3538",
}


def test_the_same_guest_is_sent_under_the_stored_name_with_the_new_telephone() -> None:
    guest = Guest(name="anna  ROSSI", email="A@b.example", phone="+3931")
    sent = guests.customer_of(CONFIG, guest, "AH-1", ROSSI)
    assert (sent.firstname, sent.lastname, sent.phone) == ("Anna", "Rossi", "+3931")


def test_another_guest_is_sent_as_the_stored_one_and_stands_in_the_remark() -> None:
    guest = Guest(name="Luca Verdi", email="A@B.example", phone="+3931")
    sent = guests.customer_of(CONFIG, guest, "AH-1", ROSSI)
    assert sent.detail() == {
        "firstname": "Anna",
        "lastname": "Rossi",
        "email": "a@b.example",
        "phone": "+3538",
    }
    read = guests.guest_of(CONFIG, ROSSI, [sent.remark], "en")
    assert (read.name, read.phone) == ("Luca Verdi", "+3931")


@pytest.mark.parametrize("name", ["", "  ", "007", "<>"])
def test_a_name_without_letters_is_refused(name: str) -> None:
    with pytest.raises(Rejected):
        guests.names(name)


def test_remarks_of_others_name_nobody() -> None:
    read = guests.guest_of(CONFIG, ROSSI, ["Late arrival", "Guest: "], None)
    assert read.name == "Anna Rossi"


def test_the_customer_whom_the_shop_would_take_is_neither_deleted_nor_a_passer_by() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 9, "is_guest": 0, "deleted": 0},
        {"id": "3", "is_guest": "1", "deleted": "0"},
        {"id": 4, "is_guest": 0, "deleted": 1},
        {"id": "7", "is_guest": "0", "deleted": "0"},
    ]
    assert guests.known_customer(rows) == rows[3]
    assert guests.known_customer([]) is None


def test_placeholders_are_one_for_each_booking_and_nobodys() -> None:
    one = guests.customer_of(CONFIG, Guest(name="Ana García"), "AH-1", None)
    other = guests.customer_of(CONFIG, Guest(name="Ana García"), "AH-2", None)
    assert one.email != other.email
    assert rules.good_email(one.email)
    row = {"firstname": "Ana", "lastname": "García", "email": one.email, "phone": one.phone}
    assert guests.guest_of(CONFIG, row, [], None) == Guest(name="Ana García")


@pytest.mark.parametrize(
    "address", ["a@b.example", "o'brien+x@b.co.uk", "ü@bücher.example", "a.b_c@x-y.example"]
)
def test_addresses_that_the_shop_takes_pass(address: str) -> None:
    assert rules.good_email(address)


@pytest.mark.parametrize("address", ["a", "a@b", "@b.example", "a b@c.example", "a@b.example\n"])
def test_addresses_that_break_the_shop_do_not(address: str) -> None:
    assert not rules.good_email(address)
    assert not rules.good_email("a" * 120 + "@b.example")


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────

ZONE = ZoneInfo("Europe/Dublin")
STAY = Stay(arrival=date(2027, 3, 10), departure=date(2027, 3, 12))
TOTAL = Money(amount=Decimal(200), currency="EUR")


def rule(days: int, kept: int, *, percent: bool = True, advance: int = 0) -> terms.Rule:
    return terms.Rule(
        days=Decimal(days), kept=Decimal(kept), kept_of_advance=Decimal(advance), percent=percent
    )


def fee_on(listed: list[terms.Rule], days_before: int) -> Decimal | None:
    told = terms.fee(listed, STAY, TOTAL, STAY.arrival - timedelta(days=days_before))
    return None if told is None else told.amount


def test_the_first_rule_that_fits_is_the_fee_and_all_is_kept_where_none_does() -> None:
    listed = [rule(7, 0), rule(2, 50), rule(1, 150, percent=False)]
    assert [fee_on(listed, days) for days in (8, 7, 6, 2, 1, 0)] == [0, 0, 100, 100, 150, 200]
    assert fee_on([], 5) is None
    assert fee_on([rule(0, 999, percent=False)], 5) == 200


def test_terms_are_free_until_the_day_after_the_last_free_one() -> None:
    told = terms.terms([rule(7, 0)], STAY, TOTAL, ZONE)
    assert told == CancellationTerms(free_until=datetime(2027, 3, 4, tzinfo=ZONE), fee=TOTAL)


def test_terms_with_several_fees_name_none() -> None:
    told = terms.terms([rule(7, 0), rule(2, 50)], STAY, TOTAL, ZONE)
    assert (told.free_until, told.fee) == (datetime(2027, 3, 4, tzinfo=ZONE), None)


def test_terms_that_are_never_free_say_so() -> None:
    told = terms.terms([rule(0, 30)], STAY, TOTAL, ZONE)
    assert told == CancellationTerms(fee=Money(amount=Decimal("60.00"), currency="EUR"))
    assert terms.terms([], STAY, TOTAL, ZONE) == CancellationTerms()


def test_rules_come_with_the_most_days_first_and_know_advance_payments() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1, "payment_type": 1, "days": "2.000000", "deduction_value_full_pay": "30"},
        {"id": "2", "payment_type": "2", "days": "7", "deduction_value_full_pay": "0.000000"},
    ]
    rows[1]["deduction_value_adv_pay"] = "100.000000"
    found = terms.rules_of(rows)
    assert found == (rule(7, 0, advance=100), rule(2, 30, percent=False))
    assert terms.of_order(found, {"is_advance_payment": "0"}) == found
    assert [one.kept for one in terms.of_order(found, {"is_advance_payment": "1"})] == [100, 0]
