"""Every recorded exchange, in the order of recording, against the simulator."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from agente_hotelero.testing import SettableClock
from agente_hotelero_pms_qloapps.testing import (
    FULL_KEY,
    INACTIVE_KEY,
    MINIMAL_KEY,
    READ_ONLY_KEY,
    Shop,
    create_app,
    demo_shop,
)

VERSIONS = ("1.7.0", "1.6.1")
KEYS = {
    "full": FULL_KEY,
    "minimal": MINIMAL_KEY,
    "read-only": READ_ONLY_KEY,
    "inactive": INACTIVE_KEY,
    "wrong": "WRONGKEYWRONGKEYWRONGKEYWRONGKEY",
    "short": "abc",
    "empty": "",
}
NOT_REPLAYED = {
    "32-hotel-features-json": "a table the adapter does not use",
    "128-order-details-json": "a table the adapter does not use",
    "266-cart-bookings": "a table the adapter does not use",
    "268-carts": "a table the adapter does not use",
    "380-extra-demand-create": "a table the adapter does not use",
    "381-extra-demands": "a table the adapter does not use",
}
# How the requests of a race took turns: each is resumed three times, to look for a room, to take
# one, and to write. And how many rivals the late re-check did not see.
RACES = {
    "271-race-last-room-": ("3210" * 3, 2),
    "272-race-last-room-same-email-": ("0312" * 3, 0),
    "273-race-explicit-room-": ("3120" + "31" * 2 + "20" * 2, 2),
    "275-race-5-free-no-room-given-": ("111" + "424242" + "333" + "000", 2),
    "276-race-2-free-2-requests-": ("10" * 3, 2),
    "670-race-overbooking-mode-2-": ("3120" * 3, 0),
    "161-25-race-": ("3201" * 3, 1),
}
# References that only payments show.
REFERENCES = {60: "LTCRXYYDC", 75: "PKRIQREPG", 210: "IWOTGIGLA"}
# Internal ids that depend on carts which nobody recorded.
UNDETERMINED = frozenset({"id_cart", "id_order_detail"})
# Equal dates in MySQL's order.
TIES = frozenset({"484-bookings-of-customer-future"})
NOW = re.compile(r"2026-11-23 \d\d:\d\d:\d\d")

Exchange = Mapping[str, Any]
Step = Callable[[Shop], None]


def load(version: str) -> list[Exchange]:
    path = Path(__file__).parent / f"exchanges-{version}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


EXCHANGES = {version: load(version) for version in VERSIONS}
NAMES = [one["name"] for version in VERSIONS for one in EXCHANGES[version]]


def days(first: str, last: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last)


def four_booked(first: str, last: str) -> Step:
    """All executive rooms but the last, for four guests."""

    def step(shop: Shop) -> None:
        for guest, room in enumerate(range(11, 15)):
            shop.book(room, *days(first, last), email=f"f{guest}@example.com")

    return step


def aborted(shop: Shop) -> None:
    """The create whose client went away."""
    order = shop.book(2, *days("2028-06-05", "2028-06-07"), email="tok@example.com")
    order.source = "rcpt:200f2efecfeb432591c35124189620f6"


def skip(**counters: int) -> Step:
    """What benchmarks in between have used up."""
    return lambda shop: shop.counters.update(
        {name: value - shop.counters[name] for name, value in counters.items()}
    )


def put(name: str, value: object) -> Step:
    return lambda shop: setattr(shop, name, value)


STEPS: dict[str, Step] = {
    "01-auth-none": put("mail_languages", frozenset()),
    "270-ari-one-left": four_booked("2027-04-01", "2027-04-03"),
    "272-race-last-room-same-email-0": four_booked("2027-04-11", "2027-04-13"),
    "300-create-with-smtp-working": put("mail_languages", frozenset({1})),
    "360-feature-price-create": skip(feature_prices=13),
    "467-webservice-disabled": put("enabled", False),
    "468-maintenance-mode": put("enabled", True),
    "490-create-with-token-source": skip(orders=136, lines=143, customers=60),
    "492-poll-after-abort": aborted,
    "600-two-rooms-fees-both": skip(orders=205, lines=212, customers=91),
    "618-gp-cancel": skip(histories=288),
    "660-ari-inactive-room-20": lambda shop: shop.close_room(20),
    "662-ari-temporarily-inactive": lambda shop: shop.close_room(
        20, *days("2027-09-05", "2027-09-08")
    ),
    "670-race-overbooking-mode-2-0": four_booked("2027-04-01", "2027-04-03"),
    "161-25-race-0": four_booked("2027-04-01", "2027-04-03"),
}
RESETS = {"670-race-overbooking-mode-2-0": {"overbooking_action": 2}}


@dataclass
class Player:
    """Plays one version's exchanges and keeps the answers."""

    version: str
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = {
            **REFERENCES,
            **dict(references(one["body"] for one in EXCHANGES[self.version] if "body" in one)),
        }
        self.reset()

    def reset(self) -> None:
        self.shop = demo_shop(
            self.version, clock=SettableClock(datetime(2026, 11, 23, 18, tzinfo=UTC))
        )
        self.shop.reference = lambda order: self.known.get(order, f"UNKNOWN{order}")
        app = create_app(self.shop)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport)

    async def play(self) -> None:
        by_name = {one["name"]: one for one in EXCHANGES[self.version]}
        for name, exchange in by_name.items():
            if name in RESETS:
                self.reset()
                for attribute, value in RESETS[name].items():
                    setattr(self.shop, attribute, value)
            if name in STEPS:
                STEPS[name](self.shop)
            race = next((one for one in RACES if name.startswith(one)), None)
            if race is None:
                if name not in NOT_REPLAYED:
                    self.answers[name] = await self.send(exchange)
            elif name.endswith("-0"):
                self.run_race(race, by_name)

    def run_race(self, race: str, by_name: Mapping[str, Exchange]) -> None:
        turns, self.shop.late_check_blind = RACES[race]
        running = {each: self.send(by_name[race + each]) for each in sorted(set(turns))}
        ids: dict[int, int] = {}
        for each in turns:
            try:
                running[each].send(None)
            except StopIteration as finished:
                self.answers[race + each] = finished.value
                recorded = json.loads(by_name[race + each]["body"])
                ids[guest_of(finished.value.json())] = guest_of(recorded)
        self.renumber(ids)
        self.shop.late_check_blind = 2

    def renumber(self, ids: Mapping[int, int]) -> None:
        """Give the racing guests the ids they had, which came in another order than orders."""
        guests = {ids.get(number, number): one for number, one in self.shop.customers.items()}
        self.shop.customers = dict(sorted(guests.items()))
        for number, guest in self.shop.customers.items():
            guest.id = number
        for order in self.shop.orders.values():
            order.customer = ids.get(order.customer, order.customer)
        for line in self.shop.lines.values():
            line.customer = ids.get(line.customer, line.customer)

    async def send(self, exchange: Exchange) -> httpx.Response:
        headers = {"host": exchange["host"], **exchange.get("headers", {})}
        if exchange["key"] is not None:
            word, _, password = exchange["key"].partition(":")
            pair = f"{KEYS[word]}:{password}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        target = re.sub(
            r"ws_key=([\w-]+)", lambda one: f"ws_key={KEYS[one[1]]}", exchange["target"]
        )
        return await self.client.request(
            exchange["method"],
            f"http://{exchange['host']}{target}",
            headers=headers,
            content=exchange.get("request", "").encode(),
        )


def guest_of(body: Mapping[str, Any]) -> int:
    found: int = body["booking"]["associations"]["customer_detail"]["id_customer"]
    return found


def references(bodies: Iterator[str]) -> Iterator[tuple[int, str]]:
    """The references that recorded orders show."""
    for body in bodies:
        if not body.startswith(('{"orders"', '{"order"')):
            continue
        document = json.loads(body)
        for one in document.get("orders") or [document["order"]]:
            if "reference" in one:
                yield int(one["id"]), one["reference"]


@pytest.fixture(scope="module")
def players() -> dict[str, Player]:
    found = {version: Player(version) for version in VERSIONS}
    for player in found.values():
        asyncio.run(player.play())
    return found


def cases() -> list[Any]:
    return [
        pytest.param(version, one, id=one["name"])
        for version in VERSIONS
        for one in EXCHANGES[version]
        if one["name"] not in NOT_REPLAYED
    ]


@pytest.mark.parametrize(("version", "recorded"), cases())
def test_the_simulator_answers_as_recorded(
    players: dict[str, Player], version: str, recorded: Exchange
) -> None:
    answer = players[version].answers[recorded["name"]]
    assert answer.status_code == recorded["status"], answer.text
    assert headers_of(answer) == recorded["answered"]
    if "digest" in recorded:
        magic = recorded["digest"]["magic"]
        assert answer.content.hex().startswith(magic)
        return
    got, expected = comparable(answer.text), comparable(recorded["body"])
    if any(recorded["name"].startswith(one) for one in RACES):
        for one in (got, expected):
            one["booking"]["associations"]["customer_detail"]["id_customer"] = "in any order"
    if recorded["name"] in TIES:
        got, expected = sorted(got["bookings"], key=str), sorted(expected["bookings"], key=str)
    assert typed(got) == typed(expected)


def headers_of(answer: httpx.Response) -> dict[str, str]:
    names = ("content-type", "location", "x-powered-by", "psws-version")
    found = {name: answer.headers[name] for name in names if name in answer.headers}
    if "www-authenticate" in answer.headers:
        found["www-authenticate"] = answer.headers["www-authenticate"].split()[0]
    return found


def comparable(text: str) -> Any:
    """A body with what depends on the moment of recording replaced."""
    text = NOW.sub("now", text)
    if text.startswith("<?xml"):
        return in_tuples(ElementTree.fromstring(text))
    return blurred(json.loads(text)) if text[:1] in ("{", "[") else text


def in_tuples(element: ElementTree.Element) -> Any:
    text = "some id" if element.tag in UNDETERMINED else (element.text or "").strip()
    return (element.tag, dict(element.attrib), text, [in_tuples(one) for one in element])


def blurred(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: type(one).__name__ if name in UNDETERMINED else blurred(one)
            for name, one in value.items()
        }
    return [blurred(one) for one in value] if isinstance(value, list) else value


def typed(value: Any) -> Any:
    """Numbers with their types, because 1, 1.0, True and "1" must differ."""
    if isinstance(value, dict):
        return {name: typed(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [typed(one) for one in value]
    return value if isinstance(value, str) else (type(value).__name__, value)


def test_every_exchange_is_replayed_or_says_why_not() -> None:
    assert set(NOT_REPLAYED) <= set(NAMES)
    assert len(NAMES) == len(set(NAMES)) == 465
    assert len(NOT_REPLAYED) < len(NAMES) * 0.15
    assert {case.id for case in cases()} == set(NAMES) - set(NOT_REPLAYED)


def test_every_step_and_race_belongs_to_an_exchange() -> None:
    assert set(STEPS) | set(RESETS) | set(TIES) <= set(NAMES)
    raced = {f"{race}{each}" for race, (turns, _) in RACES.items() for each in turns}
    assert raced == {name for name in NAMES if "-race-" in name and "ari" not in name}
    assert all(turns.count(each) == 3 for turns, _ in RACES.values() for each in turns)
