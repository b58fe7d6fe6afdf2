"""WhatsApp through a whole agent: windows, stopped accounts, files, addresses, staff's own app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from agente_hotelero._db import held
from agente_hotelero._db.models import OutboxState
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero_channel_whatsapp import tables
from agente_hotelero_channel_whatsapp.testing import Fault, Guest, MetaError
from agente_hotelero_channel_whatsapp.testing import notices as news

from tests.support.hotels import NUMBERS
from tests.support.whatsapp import ASKS, BUSINESSES, World, whatsapp_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whatsapp_world(tmp_path_factory.mktemp("whole")) as made:
        yield made


def accounts(world: World) -> Accounts:
    """As the agent's job has it that looks after stopped accounts."""
    agent = world.running.agent
    return Accounts(
        database=agent.database,
        engine=agent.queue,
        announcer=agent.announcer,
        clock=world.clock,
        log=agent.tenants["sol"].sections["channel_whatsapp"][1].log,
        tenants=agent.tenants,
    )


def kept_file(world: World, guest: Guest) -> Any:
    """The line of a guest's file, once it is kept."""
    return next((one for one in world.lines(guest) if one.file_state == "stored"), None)


def test_what_staff_say_too_late_waits_and_the_guest_is_asked_to_write(world: World) -> None:
    ana = world.guest()
    ana.say("hola")
    world.settle()
    world.clock.advance(hours=25)
    before = len(ana.replies())
    world.staff_say(ana, "Su paraguas apareció.")
    world.settle()
    (asked,) = ana.replies(before)
    assert (asked.template, asked.text) == ("volver", ASKS)
    assert world.outbox(ana)[-2].state == "held"
    assert world.conversation(ana).attention == f"a message waits: {held.WINDOW}"
    ana.say("¿sí?")
    world.settle()
    assert "Su paraguas apareció." in [one.text for one in ana.replies(before)]


def test_the_window_that_staff_see_is_the_one_that_meta_keeps(world: World) -> None:
    ana = world.guest()
    ana.say("hola")
    world.settle()
    desk = world.running.agent.desks["sol"]
    detail = world.running.do(desk.chat(int(world.conversation(ana).id or 0)))
    assert detail.window_ends_at is not None
    left = (detail.window_ends_at - world.clock.now()).total_seconds()
    assert 24 * 3600 - 2 <= left <= 24 * 3600


def test_a_revoked_token_stops_the_hotel_and_a_new_one_lets_it_go_on(world: World) -> None:
    ana, luna = world.guest(), world.guest()
    world.simulator.faults.append(Fault.EXPIRED_TOKEN)
    ana.say("¿hay wifi?")
    world.settle()
    luna.say("¿hay wifi?")
    world.settle()
    assert (ana.replies(), luna.replies()) == ([], [])
    ready = httpx.get(f"{world.running.url}/health/ready").json()
    channel = ready["tenants"]["sol"]["channels"][f"channel_whatsapp:{NUMBERS['sol']}"]
    assert (channel["ok"], channel["detail"]) == (False, "stopped: code 190")
    world.running.do(accounts(world).probe())
    world.until(lambda: all(one.replies() for one in (ana, luna)))
    world.settle()
    assert [len(one.replies()) for one in (ana, luna)] == [1, 1]


def test_a_photo_is_kept_for_staff_and_answered_politely(world: World) -> None:
    ana = world.guest()
    ana.send_image(b"\xff\xd8\xff\xe0photo", "image/jpeg")
    world.settle()
    assert "solo puedo leer texto" in ana.replies()[-1].text
    line = world.until(lambda: kept_file(world, ana))
    number = int(world.conversation(ana).id or 0)
    file = world.running.do(world.running.agent.desks["sol"].file(number, line.id))
    assert (file.mime_type, file.body) == ("image/jpeg", b"\xff\xd8\xff\xe0photo")


def test_stop_is_confirmed_once_and_questions_are_still_answered(world: World) -> None:
    ana = world.guest()
    for text in ("STOP", "stop", "¿hay wifi?"):
        ana.say(text)
        world.settle()
    confirmed, answered = ana.replies()
    assert "ALTA" in confirmed.text or "START" in confirmed.text
    assert "SolGuest" in answered.text


def test_a_template_that_meta_pauses_asks_nobody_any_more(world: World) -> None:
    ana = world.guest()
    ana.say("hola")
    world.settle()
    world.simulator.troubles[ana.phone] = MetaError(code=132015)
    world.clock.advance(hours=25)
    world.staff_say(ana, "Su paraguas apareció.")
    world.settle()
    assert [row.state for row in world.outbox(ana)][-2:] == ["held", "failed"]
    del world.simulator.troubles[ana.phone]
    eva = world.guest()
    eva.say("hola")
    world.settle()
    world.clock.advance(hours=25)
    world.staff_say(eva, "Su abrigo también.")
    world.settle()
    assert world.outbox(eva)[-1].state == "held"
    assert len(eva.replies()) == 1


def test_a_guest_without_a_number_is_answered(world: World) -> None:
    ana = world.guest(phone="", username="ana")
    assert "SolGuest" in world.asks(ana, "¿cuál es la clave del wifi?")[0]
    found = world.conversation(ana)
    assert (found.address, found.phone) == (ana.user_id, None)


def test_a_guest_known_by_number_keeps_the_conversation_with_an_id(world: World) -> None:
    before = world.guest(user_id="")
    world.asks(before, "hola")
    after = world.guest(phone=before.phone)
    world.asks(after, "hola")
    found = world.conversation(after)
    assert (found.address, found.phone) == (after.user_id, f"+{before.phone}")


def test_a_guest_with_another_number_is_the_same_guest(world: World) -> None:
    ana = world.guest()
    world.asks(ana, "hola")
    known = world.conversation(ana).id
    ana.change_number("5491155550299", "AR.NEW")
    world.settle()
    assert "SolGuest" in world.asks(ana, "¿hay wifi?")[0]
    found = world.conversation(ana)
    assert (found.id, found.address, found.phone) == (known, "AR.NEW", "+5491155550299")


def test_what_nobody_can_read_is_answered_politely(world: World) -> None:
    ana = world.guest()
    seen = len(world.asks(ana, "hola"))
    ana.send_unsupported()
    world.settle()
    assert "no lo puedo abrir" in ana.replies(after=seen)[-1].text


def test_staff_on_the_hotels_phone_silence_the_agent(world: World) -> None:
    ana = world.guest()
    world.asks(ana, "hola")
    news.staff_wrote(world.simulator, ana.account, ana.phone, "Ya le contesto yo.")
    world.settle()
    assert world.asks(ana, "¿hay wifi?") == []
    assert world.conversation(ana).mode == "human"


def test_what_meta_says_of_a_template_is_known(world: World) -> None:
    services = world.running.agent.tenants["sol"].sections["channel_whatsapp"][1]
    otra = world.simulator.templates[1]
    world.until(lambda: world.running.do(tables.known(services, BUSINESSES["sol"], "otra")))
    news.template_is(world.simulator, otra, "PAUSED")

    def paused() -> bool:
        found = world.running.do(tables.known(services, BUSINESSES["sol"], "otra"))
        return [one.status for one in found] == ["PAUSED"]

    assert world.until(paused)


def test_an_account_that_was_disabled_says_nothing_more(world: World) -> None:
    ana = world.guest("luna")
    world.asks(ana, "hola")
    news.account_disabled(world.simulator, ana.account)
    world.settle()
    at = ("luna", "channel_whatsapp", NUMBERS["luna"])

    async def reason() -> str:
        async with world.running.agent.database.sessions() as session:
            return await held.why_stopped(session, *at) or ""

    assert world.running.do(reason()) == "the business account was disabled"
    assert world.asks(ana, "¿hay wifi?") == []
    assert world.states(ana)[-1] == OutboxState.HELD
    assert world.asks(world.guest("sol"), "¿hay wifi?") != []


def test_an_account_has_an_address_of_its_own(world: World) -> None:
    own = f"{world.running.url}/webhooks/whatsapp/{NUMBERS['sol']}"
    world.simulator.overrides[BUSINESSES["sol"]] = own
    assert world.asks(world.guest(), "¿hay wifi?") != []
    query = {"hub.mode": "subscribe", "hub.challenge": "c", "hub.verify_token": "verify-sol"}
    assert httpx.get(own, params=query).text == "c"
    other = own.replace(NUMBERS["sol"], NUMBERS["luna"])
    assert httpx.get(other, params=query).status_code == 403
    world.simulator.overrides[BUSINESSES["sol"]] = other
    assert world.simulator.post(world.simulator.account(NUMBERS["sol"]), b"{}").status_code == 401
    del world.simulator.overrides[BUSINESSES["sol"]]
