"""A month of a hotel, played and held against what `tests.support.month.oracle` says."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_whatsapp.testing import Account, ErrorBy, Simulator, Template

from tests.support.mail import mail_servers
from tests.support.month import hotel
from tests.support.month.oracle import Oracle, Row
from tests.support.month.script import written
from tests.support.month.shop import front_office
from tests.support.month.world import World

SPRING, AUTUMN = date(2027, 3, 10), date(2026, 10, 20)
BODIES = {
    "pre_arrival": "Hi {{1}}, when do you arrive?",
    "stay_review": "Hi {{1}}, how was your stay? {{2}} Thank you.",
    "stay_reminder": "Hi {{1}}, still time to tell us.",
}
TEMPLATES = [
    Template(name=name, language=language, body=body)
    for name, body in BODIES.items()
    for language in ("en_US", "es")
]
DOWN = ((6, 11, 19), (13, 9, 24), (14, 0, 12), (21, 10, 21))


def played(
    url: str,
    seed: int,
    guests: int,
    first: date,
    days: int,
    down: Sequence[tuple[int, int, int]],
    qloapps: str = "",
) -> tuple[World, Oracle]:
    """A month as it went, and as it should have gone: on QloApps of a version, or on pms_mock."""
    asyncio.run(hotel.prepare(url))
    script = written(seed, guests, first, days)
    clock = SettableClock(datetime(2020, 1, 1, tzinfo=UTC))
    account = Account(phone_number_id=hotel.NUMBER, token="token", app_secret="secret")
    with (
        front_office(script, qloapps) as front,
        mail_servers(clock) as (_, office),
        Simulator(
            [account],
            now=clock.now,
            statuses=False,
            window=ErrorBy.ANSWER,
            templates=list(TEMPLATES),
            webhook="http://127.0.0.1:1/held",
        ) as simulator,
    ):
        simulator.hold()
        address = hotel.Address(
            database_url=url,
            whatsapp_url=simulator.url,
            smtp_port=office.port,
            shop_url=front.url if front is not None else "",
        )
        chance = random.Random(seed)
        world = World(script, address, clock, simulator, office, chance, front)
        try:
            world.play(first, days, down)
        finally:
            world.stop()
    oracle = Oracle(script, world.struck, world.decided_before)
    oracle.run(world.hours, world.diary)
    return world, oracle


def difference(got: list[Row], wanted: list[Row]) -> str:
    """The rows of one table that the other has not, each said once more than in the other."""
    more, less = Counter(got) - Counter(wanted), Counter(wanted) - Counter(got)
    lines = [(row, "not wanted") for row in more.elements()]
    lines += [(row, "missing") for row in less.elements()]
    return "\n".join(f"{what:>10}  {' | '.join(row)}" for row, what in sorted(lines))


def check(world: World, oracle: Oracle, days: int) -> None:
    assert difference(world.rows, oracle.rows) == ""
    assert difference(decided(world), wanted(oracle)) == ""
    assert len(world.crashes) >= days


def decided(world: World) -> list[Row]:
    """What became of each first message; which of a guest's stays it was for is no matter."""
    visits = world.script.visits
    return [
        (visits[visit].person.key, name, what, "")
        for (visit, name), what in world.decided().items()
    ]


def wanted(oracle: Oracle) -> list[Row]:
    return [
        (state.visit.person.key, name, what, "")
        for state in oracle.states.values()
        for name, what in state.done.items()
        if name != "reminder"
    ]


def check_that_all_happened(world: World) -> None:
    """Every way of every message, and crashes before and after a message left."""
    assert {(name, how.split()[0]) for _, _, name, how in world.rows} >= {
        ("confirmed", "mail"),
        ("pre_arrival", "template"),
        ("in_stay", "free"),
        ("review", "free"),
        ("review", "template"),
        ("review", "mail"),
        ("reminder", "template"),
        ("reminder", "mail"),
        ("left", "free"),
    }
    assert set(world.struck.values()) == {"send.before", "send.after"}
