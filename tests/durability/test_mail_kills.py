"""A full mailbox, mails that arrive, and a process that is killed: each answered once or never."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from agente_hotelero._db.session import connect
from agente_hotelero_channel_gmail.testing import Dovecot, MailGuest, PostOffice
from sqlalchemy import text

from tests.support.mail import MAILBOXES, PASSWORD, checkpoints, mail_environ, mail_servers
from tests.support.processes import Served, environment
from tests.support.times import clock_at

HOTEL = MAILBOXES["sol"]
OLD, NEW, KILLS = 1000, 50, 3
PATIENCE = 240.0


@pytest.fixture
def servers() -> Iterator[tuple[Dovecot, PostOffice]]:
    with mail_servers(clock_at(datetime.now(UTC))) as made:
        yield made


def settings(url: str, dovecot: Dovecot, office: PostOffice) -> dict[str, str]:
    return environment(
        url,
        HOTEL_NAME="Hotel Prueba",
        GMAIL_USERNAME=HOTEL,
        GMAIL_APP_PASSWORD=PASSWORD,
        HOTELERO__TENANTS__DEFAULT__HOUSE='{ wifi = { es = "RED-WIFI" } }',
        HOTELERO__DEBOUNCE_SECONDS="0",
        HOTELERO__UNKNOWN_SEND_WAIT_SECONDS="2",
        **mail_environ(dovecot, office),
    )


def fill(dovecot: Dovecot) -> None:
    """What lay in the mailbox before there was an agent."""
    for number in range(OLD):
        mail = EmailMessage()
        mail["From"], mail["To"] = f"old{number}@guest.example", HOTEL
        mail["Subject"], mail["Message-ID"] = "Consulta", f"<old-{number}@guest.example>"
        mail.set_content("¿hay wifi?")
        dovecot.deliver(HOTEL, mail)


def until(done: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


@pytest.mark.timeout(900)
def test_a_killed_process_answers_each_mail_once_or_never_and_loses_none(
    database_url: str, servers: tuple[Dovecot, PostOffice], tmp_path: Path
) -> None:
    dovecot, office = servers
    fill(dovecot)
    environ = settings(database_url, dovecot, office)
    guests = [MailGuest(office, f"new{n}@guest.example", HOTEL) for n in range(NEW)]

    def write() -> None:
        for guest in guests:
            guest.say("¿hay wifi?", quote=False)
            time.sleep(0.3)

    agent = Served(environ, tmp_path).__enter__()
    try:
        until(lambda: checkpoints(database_url) == 1)
        writing = threading.Thread(target=write)
        writing.start()
        for _ in range(KILLS):
            time.sleep(4)
            agent.kill()
            agent.__exit__()
            agent = Served(environ, tmp_path).__enter__()
        writing.join(120)
        until(lambda: answers(office).total() >= NEW)
        time.sleep(5)
    finally:
        agent.__exit__()
    heard = answers(office)
    print(f"{len(heard)} of {NEW} answered, {heard.total() - len(heard)} twice, {KILLS} kills")
    assert set(heard) == {guest.address for guest in guests}
    assert heard.total() == NEW
    assert stored(database_url) == NEW


def answers(office: PostOffice) -> Counter[str]:
    """Mails that the agent sent, by guest."""
    return Counter(to for sender, to, _ in list(office.taken) if sender == HOTEL)


def stored(url: str) -> int:
    """Mails of guests that became events."""
    engine = connect(url).sync_engine
    query = "SELECT count(*) FROM inbound_event WHERE kind = 'InboundMessage'"
    with engine.connect() as connection:
        found = connection.execute(text(query)).scalar_one()
    engine.dispose()
    return int(found)
