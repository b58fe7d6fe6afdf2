"""Two hotels with one property id and one guest: what is one's never reaches the other."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from agente_hotelero._db import repository
from agente_hotelero._db.models import Mode
from agente_hotelero._runtime import agent, logs
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import Settings
from agente_hotelero_channel_whatsapp.testing import Account, Guest, Simulator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.hotels import NUMBERS, SECRETS, TOKENS, two_hotels
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

PHONE = "5491155550777"
NAME, EMAIL = "Zulema Quiroga", "zulema.quiroga@example.com"
BOOK = "una habitación doble del 24 al 27 de diciembre para dos"


@dataclass(frozen=True)
class Pair:
    running: RunningAgent
    simulator: Simulator
    logged: list[str]

    def guest(self, hotel: str) -> Guest:
        account = self.simulator.account(NUMBERS[hotel])
        return Guest(self.simulator, account, PHONE, "Zulema")

    def ask(self, hotel: str, text: str) -> str:
        """What this hotel's number answers."""
        guest = self.guest(hotel)
        seen = len(guest.replies())
        guest.say(text)
        self.running.settle()
        return "\n".join(reply.text for reply in guest.replies(after=seen))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.configure("DEBUG")
    keep = Keep()
    keep.setFormatter(root.handlers[0].formatter)
    root.handlers = [*before, keep]
    clock = clock_at(NOVEMBER)
    accounts = [
        Account(phone_number_id=NUMBERS[hotel], token=TOKENS[hotel], app_secret=SECRETS[hotel])
        for hotel in NUMBERS
    ]
    url = f"sqlite:///{tmp_path_factory.mktemp('agent')}/agent.db"
    simulator = Simulator(accounts, now=clock.now, statuses=False)
    with simulator, RunningAgent(two_hotels(url, whatsapp=simulator.url), clock) as running:
        simulator.webhook = f"{running.url}/webhooks/whatsapp"
        yield Pair(running, simulator, lines)
    root.handlers, root.level = before, level


@pytest.fixture(scope="module")
def booked(pair: Pair) -> Pair:
    """One guest books at one hotel, and gets as far as the offers at the other."""
    for text in (BOOK, "la primera", f"{NAME}, {EMAIL}", "sí"):
        told = pair.ask("sol", text)
    assert "SOL-" in told
    assert "CLP" in pair.ask("luna", BOOK)
    return pair


def test_the_same_question_has_each_hotels_own_answer(pair: Pair) -> None:
    assert "SolGuest" in pair.ask("sol", "¿hay wifi?")
    told = pair.ask("luna", "¿hay wifi?")
    assert "LunaWifi" in told
    assert "SolGuest" not in told


def test_offers_and_rooms_are_each_hotels_own(booked: Pair) -> None:
    told = booked.ask("luna", BOOK)
    assert ("Doble Patio" in told, "CLP" in told, "BRL" in told) == (True, True, False)


def test_a_guest_is_new_to_the_other_hotel(booked: Pair) -> None:
    booked.ask("luna", BOOK)
    told = booked.ask("luna", "la primera")
    assert NAME not in told
    assert "nombre" in told


def test_conversations_and_history_are_found_by_their_hotel_alone(booked: Pair) -> None:
    async def all_words(tenant: str) -> str:
        async with booked.running.agent.database.sessions() as session:
            rows = await repository.conversations(session, tenant)
            lines = [await repository.history(session, tenant, int(row.id or 0)) for row in rows]
        return " ".join(line.text for found in lines for line in found)

    assert NAME in booked.running.do(all_words("sol"))
    assert NAME not in booked.running.do(all_words("luna"))


def test_another_hotels_conversation_is_not_there(booked: Pair) -> None:
    async def foreign() -> tuple[int, bool]:
        async with booked.running.agent.database.sessions() as session, session.begin():
            (row,) = [
                one
                for one in await repository.conversations(session, "sol")
                if one.address == PHONE
            ]
            lines = await repository.history(session, "luna", int(row.id or 0))
            moved = await repository.set_mode(session, "luna", int(row.id or 0), Mode.HUMAN, "")
        return len(lines), moved

    assert booked.running.do(foreign()) == (0, False)


def test_the_cache_keeps_hotels_apart(booked: Pair) -> None:
    agent = booked.running.agent
    pms = agent.tenants["sol"].pms
    assert pms is not None
    keys = list(pms.cache._held)
    assert {key[0] for key in keys} == {"sol", "luna"}
    for tenant, *_ in keys:
        assert tenant in agent.tenants


def test_the_log_names_hotels_but_no_guest_and_no_secret(booked: Pair) -> None:
    text = "\n".join(booked.logged)
    assert '"tenant": "sol"' in text
    for personal in (NAME, "Zulema", EMAIL, PHONE, BOOK, *SECRETS.values(), *TOKENS.values()):
        assert personal not in text
    for line in booked.logged:
        assert json.loads(line)


MARKS = {"sol": ("SolGuest", "BRL", "SOL-"), "luna": ("LunaWifi", "CLP", "LUNA-")}
LINES = (
    "¿hay wifi?",
    "hola",
    BOOK,
    "la primera",
    "a nombre de Zulema Quiroga",
    "quiero hablar con una persona",
    "¿aceptan mascotas?",
    "sí",
)


# The agent runs in threads of its own, which draw random numbers meanwhile.
@pytest.mark.filterwarnings("ignore:Do not use the .random. module")
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=st.lists(st.tuples(st.sampled_from(sorted(MARKS)), st.sampled_from(LINES)), max_size=6))
def test_whatever_a_guest_says_where_no_hotel_tells_of_the_other(
    pair: Pair, said: list[tuple[str, str]]
) -> None:
    for hotel, line in said:
        told = pair.ask(hotel, line)
        for other, marks in MARKS.items():
            if other != hotel:
                assert not [mark for mark in marks if mark in told.replace(line, "")]


@pytest.mark.parametrize("hotel", MARKS)
def test_a_desk_shows_its_own_hotels_words_alone(booked: Pair, hotel: str) -> None:
    desk = booked.running.agent.desks[hotel]

    async def everything() -> str:
        chats = await desk.chats()
        details = [str(await desk.chat(chat.id)) for chat in chats]
        lines = [str(line) for chat in chats for line in await desk.lines(chat.id)]
        return "".join([*details, *lines, str(await desk.tasks()), str(await desk.pulse())])

    shown = booked.running.do(everything())
    other = "luna" if hotel == "sol" else "sol"
    assert MARKS[hotel][1] in shown
    assert not [mark for mark in MARKS[other] if mark in shown]


def test_a_hotel_needs_no_settings_of_a_pms_that_another_has() -> None:
    """QloApps brings a page, of rooms' pictures; a hotel without QloApps has no address for it."""
    assert "pms_qloapps" in installed()
    qloapps = {"base_url": "https://book.hotel.example", "api_key": "K" * 32}
    tree = {
        "plugins": {name: {"enabled": True} for name in ("nlp_local", "pms_mock", "pms_qloapps")},
        "tenants": {
            "luna": {"name": "Luna", "pms": "pms_mock"},
            "sol": {"name": "Sol", "pms": "pms_qloapps", "plugins": {"pms_qloapps": qloapps}},
        },
    }
    agent.check(Settings.model_validate(tree))
