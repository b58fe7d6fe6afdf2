"""A canary guest leaves traces everywhere, is erased, and is found nowhere: in no table of core and
plugins, in no file, and at no time in a log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from agente_hotelero._db.models import Conversation
from agente_hotelero._runtime import tokens
from agente_hotelero.stays import Guest as Booker
from agente_hotelero_channel_gmail.tables import Checkpoint
from agente_hotelero_channel_gmail.testing import MailGuest, PostOffice
from agente_hotelero_channel_whatsapp.testing import Guest

from core.tests.residue import residue
from tests.support import stays
from tests.support.browser import Visitor
from tests.support.mail import MAILBOXES, PASSWORD, mail_environ, mail_servers
from tests.support.processes import environment, hotelero
from tests.support.times import clock_at
from tests.support.whatsapp import World, whatsapp_world
from tests.test_journeys_whole import BROWSER, REVIEW, SETTINGS, ZONE, link_in

NAME, EMAIL, PHONE = "Canaria Quetzal", "canaria.quetzal@canary.example", "5491170771077"
WORDS = "necesito una cuna color turquesa"
CHANNELS = '["channel_whatsapp", "channel_web", "channel_gmail"]'
PICTURE = b"\x89PNG\r\n\x1a\n-a-canary-in-a-picture-"
MARKS = ["canaria", "quetzal", "canary.example", PHONE, "70771077", "color turquesa"]


def call(world: World, path: str, body: Any) -> Any:
    token, _ = tokens.make(world.running.agent.settings, role="owner", tenants=["sol"], hours=1)
    answer = httpx.post(
        f"{world.running.url}/admin/api/v1/tenants/sol/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None


def leave_traces(world: World) -> str:
    """By every way there is; returns the number of the guest's chat in the browser."""
    ana = Guest(world.simulator, world.simulator.account("109000000000001"), PHONE, name=NAME)
    world.clock.set(datetime(2026, 12, 1, 12, tzinfo=ZONE))
    call(world, "webhooks", {"url": "http://127.0.0.1:9/x", "events": ["message.received"]})
    for text in (WORDS, f"me llamo {NAME} y mi correo es {EMAIL}", "quiero reservar"):
        world.asks(ana, text)
    ana.send_image(PICTURE, "image/png", caption=WORDS)
    world.asks(ana, "hola")
    ana.react(ana.replies()[-1].id, "🦜")
    ana.edit(ana.say(f"soy {NAME}"), f"soy {NAME} otra vez")
    world.settle()
    world.until(lambda: any(one.file_state == "stored" for one in world.lines(ana)))
    agent = world.running.agent
    booker = Booker(name=NAME, phone=f"+{PHONE}", email=EMAIL, language="es")
    made = world.running.do(stays.book(agent, "sol", booker, date(2026, 12, 1)))
    world.running.do(stays.set_status(agent, "sol", made.reference, "departed"))
    browser = Visitor("sol")
    browser.ask(world.running.url, f"hola, soy {NAME}: {WORDS}", expecting="")
    chat = int(world.conversation(ana).id or 0)
    call(world, f"conversations/{chat}/notes", {"text": f"{NAME} wants a cot"})
    for granted in (True, False):
        word = {"addresses": [EMAIL], "purpose": "marketing", "granted": granted}
        call(world, "guests/consent", {**word, "how": f"{NAME}, by telephone"})
    call(world, f"conversations/{chat}/release", {})
    world.clock.set(datetime(2026, 12, 4, 12, tzinfo=ZONE))
    agent.journeys["sol"].looked_at = None
    assert stays.tick(world.running) == 1
    asked = ana.replies()[-1].text
    httpx.get(world.running.url + link_in(asked), headers=BROWSER, follow_redirects=False)
    world.asks(ana, f"todo lindo, saludos de {NAME}")
    ana.say("STOP")
    world.settle()
    return chat_of(world)


def chat_of(world: World) -> str:
    found = [one for one in world.rows(Conversation) if one.channel == "channel_web"]
    return str(found[0].address)


def write_mails(world: World, office: PostOffice) -> None:
    """A question with its answer, in which the guest says who he is."""
    guest = MailGuest(office, EMAIL, MAILBOXES["sol"], name=NAME, subject=f"{NAME}: {WORDS}")
    world.until(lambda: len(world.rows(Checkpoint)) > 0)
    guest.say(f"hola, soy {NAME}: {WORDS}. ¿Hay wifi?")
    world.until(guest.replies)
    world.settle()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    with mail_servers(clock_at(datetime(2026, 12, 1, 12, tzinfo=ZONE))) as (_, made):
        yield made


@pytest.fixture
def world(database_url: str, tmp_path: Path, office: PostOffice) -> Any:
    # Where the log goes is what a test before this one may have changed.
    structlog.reset_defaults()
    account = f'[{{ username = "{MAILBOXES["sol"]}", app_password = "{PASSWORD}" }}]'
    environ = {
        **SETTINGS,
        **mail_environ(office.dovecot, office),
        "HOTELERO__TENANTS__SOL__CHANNELS": CHANNELS,
        "HOTELERO__TENANTS__SOL__PLUGINS__CHANNEL_GMAIL__ACCOUNTS": account,
        "TEST_DATABASE": database_url,
    }
    with whatsapp_world(tmp_path, [REVIEW], **environ) as made:
        yield made


@pytest.mark.timeout(400)
def test_a_canary_who_is_erased_is_found_nowhere(
    world: World, office: PostOffice, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_mails(world, office)
    chat = leave_traces(world)
    engine = world.running.agent.database.engine
    before = world.running.do(residue(engine, MARKS))
    tables = {one.split(".")[0] for one in before}
    assert {
        "channel_gmail_in",
        "channel_gmail_out",
        "channel_web_line",
        "consent",
        "conversation",
        "inbound_event",
        "inbox_raw",
        "known_stay",
        "message",
        "note",
        "outbox",
        "pms_mock_reservation",
        "webhook_delivery",
    } <= tables
    assert in_files(tmp_path / "media") != []
    addresses = {"addresses": [f"+{PHONE}", EMAIL, chat]}
    shown = json.dumps(call(world, "guests/export", addresses), ensure_ascii=False)
    assert all(text in shown for text in (NAME, EMAIL, PHONE, WORDS))
    assert call(world, "guests/erase", addresses)["files_not_deleted"] == []
    assert "\n".join(world.running.do(residue(engine, MARKS))) == ""
    assert in_files(tmp_path / "media") == []
    world.running.settle()
    logged = "".join(capfd.readouterr()).casefold()
    assert "guest_erased" in logged
    assert [mark for mark in MARKS if mark in logged] == []
    # What the guest did not want outlives him.
    said = call(world, "guests/consent/history", {"addresses": [PHONE]})
    assert [(one["purpose"], one["granted"]) for one in said] == [("proactive", False)]


def in_files(folder: Path) -> list[str]:
    files = [one for one in folder.rglob("*") if one.is_file()]
    return [str(one) for one in files if b"canary" in one.read_bytes()]


def test_an_operator_shows_and_erases_a_guest_from_the_command_line(tmp_path: Path) -> None:
    environ = environment(f"sqlite:///{tmp_path}/a.db", HOTEL_NAME="Hotel Prueba")
    said = hotelero(["chat", "--chat", "canaria"], environ, tmp_path, says="hola\n")
    assert said.returncode == 0, said.stderr
    shown = hotelero(["guest", "export", "canaria", "--files", "files"], environ, tmp_path)
    (talk,) = json.loads(shown.stdout)["conversations"]
    assert talk["messages"][0]["text"] == "hola"
    asked = hotelero(["guest", "erase", "canaria"], environ, tmp_path, says="n\n")
    assert asked.returncode == 1
    erased = hotelero(["guest", "erase", "canaria", "--yes"], environ, tmp_path)
    assert "conversations: 1" in erased.stdout
    assert "the PMS" in erased.stdout
    again = hotelero(["guest", "export", "canaria"], environ, tmp_path)
    assert json.loads(again.stdout)["conversations"] == []
    wrong = hotelero(["guest", "export", "x", "--tenant", "nowhere"], environ, tmp_path)
    assert (wrong.returncode, "no hotel nowhere" in wrong.stderr) == (1, True)
