"""A mailbox whose password is changed while it is being received, under a running agent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero_channel_gmail.testing import Dovecot, MailGuest, PostOffice

from tests.support.mail import MAILBOXES, PASSWORD, checkpoints, mail_environ, mail_servers
from tests.support.processes import Served, environment
from tests.support.times import clock_at

HOTEL = MAILBOXES["sol"]
NEXT = "ponmlkjihgfedcba"
PATIENCE = 60.0
# The server looks once a second whether its passwords have changed.
PASSWORDS_READ_SECONDS = 1.5
FILE = f"""
[plugins.front_desk]
enabled = true
[plugins.nlp_local]
enabled = true
[tenants.sol]
name = "Hotel Sol"
languages = ["es"]
channels = ["channel_gmail"]
house = {{ wifi = {{ es = "RED-WIFI" }} }}
[tenants.sol.plugins.channel_gmail]
accounts = [{{ username = "{HOTEL}", app_password = {{ "$file" = "password" }} }}]
"""


class Hotel:
    """A running agent whose mailbox's password is a file beside it."""

    def __init__(self, folder: Path, dovecot: Dovecot, office: PostOffice) -> None:
        self.folder, self.dovecot, self.office = folder, dovecot, office
        (folder / "hotel.toml").write_text(FILE)
        self.write(PASSWORD)
        more = mail_environ(dovecot, office)
        self.url = f"sqlite:///{folder}/agent.db"
        environ = environment(self.url, HOTELERO__DEBOUNCE_SECONDS="0", **more)
        self.served = Served(environ, folder)

    def write(self, password: str) -> None:
        (self.folder / "password").write_text(password)

    def restart_server(self) -> None:
        """Whoever was logged in must log in again."""
        self.dovecot.stop()
        self.dovecot.start()

    def log(self) -> str:
        return self.served.log.read_text()

    def is_answered(self, name: str) -> None:
        """A new guest asks, and hears."""
        guest = MailGuest(self.office, f"{name}@guest.example", HOTEL, subject="Consulta")
        guest.say("¿hay wifi?")
        until(lambda: any("RED-WIFI" in one.text for one in guest.replies()))


def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def hotel(tmp_path: Path) -> Iterator[Hotel]:
    with mail_servers(clock_at(datetime.now(UTC))) as (dovecot, office):
        made = Hotel(tmp_path, dovecot, office)
        with made.served:
            until(lambda: checkpoints(made.url) == 1)
            made.is_answered("first")
            yield made


def test_a_new_password_reaches_a_mailbox_that_is_being_received(hotel: Hotel) -> None:
    """The old login is good until it ends; whoever logs in then has the new password."""
    hotel.dovecot.set_passwords({**hotel.dovecot.users, HOTEL: NEXT})
    time.sleep(PASSWORDS_READ_SECONDS)
    hotel.write(NEXT)
    until(lambda: "hotel_reopened" in hotel.log())
    hotel.restart_server()
    hotel.is_answered("second")
    assert "channel_stopped" not in hotel.log()
    assert NEXT not in hotel.log()


def test_a_mailbox_that_refused_the_old_password_is_received_again_with_the_new_one(
    hotel: Hotel,
) -> None:
    hotel.dovecot.set_passwords({**hotel.dovecot.users, HOTEL: NEXT})
    hotel.restart_server()
    until(lambda: "channel_stopped" in hotel.log())
    hotel.write(NEXT)
    hotel.is_answered("second")
    assert "channel_resumed" in hotel.log()
