"""The same dialogues by mail, over real servers: choices by number, one mail per answer. Each is
played with one of the hotels, in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from agente_hotelero._db import repository
from agente_hotelero._db.models import Mode, Outbox
from agente_hotelero.stays import Guest as Person
from agente_hotelero.stays import Reservation, ReservationQuery
from agente_hotelero_channel_gmail.testing import Received

from tests.support.dialogues import Dialogue, Turn
from tests.support.mail import Letterbox, MailWorld, mail_world
from tests.support.times import NOVEMBER, clock_at
from tests.test_conversations import DIALOGUES, HOTELS, Play, World, play_out

# A name proves nothing in a mail: these are of guests who prove a reservation by one.
BY_NAME = [one for one in DIALOGUES if any(made["number"] == "other" for made in one.reserved)]
BY_ADDRESS = [one for one in DIALOGUES if one not in BY_NAME]


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailWorld]:
    with mail_world(tmp_path_factory.mktemp("agent"), clock_at(NOVEMBER)) as made:
        yield made


@pytest.mark.parametrize("dialogue", BY_ADDRESS, ids=lambda dialogue: dialogue.name)
def test_dialogue_by_mail(mail: MailWorld, dialogue: Dialogue) -> None:
    hotel = HOTELS[BY_ADDRESS.index(dialogue) % 2]
    play_out([begin(mail, dialogue, hotel)])


@pytest.mark.parametrize("dialogue", BY_NAME, ids=lambda dialogue: dialogue.name)
def test_a_name_proves_nothing_in_a_mail(mail: MailWorld, dialogue: Dialogue) -> None:
    """Whoever does not write from the reservation's address gets a person, and hears nothing."""
    play = begin(mail, dialogue, "sol")
    play.reserve()
    for turn in dialogue.turns:
        play.speak(turn)
        mail.running.settle()
        said = play.outbox()[play.said :]
        if any("front_desk/mail_unproved" in row.acts for row in said):
            break
    words = "\n".join(reply.text for reply in play.guest.replies())
    for made in play.made:
        assert made.guest.name not in words
        assert made.room_type_name not in words
    (conversation,) = mail.conversations("sol", play.guest.phone)
    assert conversation.mode == Mode.HUMAN
    assert conversation.mode_reason == "not proved by mail"
    play.dialogue = Dialogue(
        name="", language="es", turns=(), booked=None, reserved=dialogue.reserved
    )
    play.check_reserved()
    play.give_back()


def begin(mail: MailWorld, dialogue: Dialogue, hotel: str) -> MailPlay:
    world = World(begun=mail.clock.now(), running=mail.running, simulator=None)
    play = MailPlay(
        world=world,
        hotel=hotel,
        dialogue=dialogue,
        guest=mail.guest(hotel),
        version=0,
        mail=mail,
    )
    play.before = {one.reference for one in play.all_reservations()}
    return play


@dataclass(kw_only=True)
class MailPlay(Play):
    """With a guest who is known by his address."""

    guest: Letterbox
    mail: MailWorld
    before: set[str] = field(default_factory=set)

    def speak(self, turn: Turn) -> None:
        """What is written is on its way for a while."""
        super().speak(turn)
        if not turn.release:
            self.mail.arrived(self.guest.writer.written[-1])

    def outbox(self) -> list[Outbox]:
        return self._outbox()

    def all_reservations(self) -> list[Reservation]:
        """Everything in this hotel's PMS."""
        found: list[Reservation] = []
        cursor: str | None = None
        while True:
            query = ReservationQuery(property_id="1")
            page = self.world.running.do(self._adapter().find_reservations(query, cursor))
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found

    def _person(self, wanted: dict[str, Any]) -> Person:
        """Known by the address, where it is the guest's own."""
        own = wanted["number"] == "own"
        address = self.guest.phone if own else "somebody@else.example"
        return Person(name=wanted["name"], email=address, phone=None)

    def _number(self) -> str | None:
        return None

    def _reservations(self, hotel: str) -> list[Reservation]:
        """What was booked in this hotel meanwhile."""
        if hotel != self.hotel:
            return []
        return [one for one in self.all_reservations() if one.reference not in self.before]

    async def _conversation(self) -> Any:
        async with self.mail.running.agent.database.sessions() as session:
            found = await repository.conversations(session, self.hotel, limit=1000)
        return next(one for one in found if one.reach == self.guest.phone)

    def _check_offers(
        self, turn: Turn, replies: Sequence[Any], rows: list[Outbox], where: str
    ) -> None:
        """All in one mail, each beside its picture."""
        (reply,), (row,) = replies, rows
        assert isinstance(reply, Received)
        offers = {offer.id: offer for offer in self._sold(turn)}
        shown = [offers[one] for one in dict.fromkeys(a["source"] for a in row.amounts)]
        assert shown, where
        assert reply.images == tuple(one.room_type.images[0].url for one in shown), where
        for offer in shown:
            for money in (offer.total, *(tax.amount for tax in offer.taxes)):
                told = {"amount": str(money.amount), "currency": money.currency}
                assert {"source": offer.id, **told} in row.amounts, where
