"""Whole dialogues over WhatsApp's simulator, for two hotels at two dates.

What is asserted: the acts of each answer, the facts in the words the guest sees, every amount
traced to its source, and what the PMS holds afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from agente_hotelero._db import repository
from agente_hotelero._db.models import Mode, Outbox
from agente_hotelero._runtime.templates import DATES, LOCALES
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.stays import (
    Guest as Person,
)
from agente_hotelero.stays import (
    Occupancy,
    Offer,
    OfferQuery,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    Stay,
)
from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_whatsapp.testing import Account, Guest, Sent, Simulator
from babel.dates import format_date

from tests.support.dialogues import Dialogue, Turn, days, read_all
from tests.support.direct import DirectGuest
from tests.support.hotels import NUMBERS, SECRETS, TOKENS, two_hotels
from tests.support.mail import Letterbox
from tests.support.running import RunningAgent
from tests.support.times import JUNE, NOVEMBER

DATES_OF_THE_CLOCK = {
    "november": NOVEMBER,
    "june": JUNE,
}
HOTELS = ("sol", "luna")
DIALOGUES = read_all()
PARAPHRASES = (1, 2, 3)
AMOUNT = re.compile(r"\b(BRL|CLP) ([\d.,]*\d)")
phones = count(5491155550100)


@dataclass(frozen=True, kw_only=True)
class World:
    """Both hotels behind one agent, and Meta's stand-in if they are on WhatsApp; `begun` is where
    its clock began."""

    begun: datetime
    running: RunningAgent
    simulator: Simulator | None

    def tenant(self, hotel: str) -> Tenant:
        return self.running.agent.tenants[hotel]

    def today(self, hotel: str) -> date:
        zone = self.tenant(hotel).settings.zone
        return self.running.clock.now().astimezone(zone).date()


@pytest.fixture(scope="module", params=list(DATES_OF_THE_CLOCK))
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    clock = SettableClock(DATES_OF_THE_CLOCK[request.param])
    folder = tmp_path_factory.mktemp("agent")
    accounts = [
        Account(phone_number_id=NUMBERS[hotel], token=TOKENS[hotel], app_secret=SECRETS[hotel])
        for hotel in HOTELS
    ]
    with Simulator(accounts, now=clock.now, statuses=False) as simulator:
        settings = two_hotels(f"sqlite:///{folder}/agent.db", whatsapp=simulator.url)
        with RunningAgent(settings, clock) as running:
            simulator.webhook = f"{running.url}/webhooks/whatsapp"
            yield World(begun=clock.now(), running=running, simulator=simulator)


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_dialogue(world: World, dialogue: Dialogue) -> None:
    play_out([begin(world, dialogue, hotel, version=0) for hotel in HOTELS])


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_the_same_in_other_words(world: World, dialogue: Dialogue) -> None:
    """Each paraphrase with one hotel at one of the dates, in turn; without queue and WhatsApp."""
    place, dates = DIALOGUES.index(dialogue), list(DATES_OF_THE_CLOCK.values())
    for version in PARAPHRASES:
        if dates[(place + version) % 2] == world.begun:
            hotel = HOTELS[(place + version) // 2 % 2]
            guest = DirectGuest(running=world.running, hotel=hotel, phone=str(next(phones)))
            play_out(
                [
                    DirectPlay(
                        world=world, hotel=hotel, dialogue=dialogue, guest=guest, version=version
                    )
                ]
            )


def begin(world: World, dialogue: Dialogue, hotel: str, *, version: int) -> Play:
    assert world.simulator is not None
    account = world.simulator.account(NUMBERS[hotel])
    guest = Guest(world.simulator, account, str(next(phones)), "Guest")
    return Play(world=world, hotel=hotel, dialogue=dialogue, guest=guest, version=version)


def play_out(plays: Sequence[Play]) -> None:
    """Play at once what is played with different hotels: each guest speaks, then all is settled."""
    assert len({play.hotel for play in plays}) == len(plays)
    world, dialogue = plays[0].world, plays[0].dialogue
    for play in plays:
        play.sell_out()
        play.reserve()
    for number, turn in enumerate(dialogue.turns, 1):
        for play in plays:
            play.speak(turn)
        world.running.settle()
        for play in plays:
            play.check(turn, number)
    for play in plays:
        play.check_bookings()
        play.give_back()


@dataclass(kw_only=True)
class Play:
    """One dialogue with one hotel; `shown` and `said` count what came before the present turn."""

    world: World
    hotel: str
    dialogue: Dialogue
    guest: Guest | DirectGuest | Letterbox
    version: int
    made: list[Reservation] = field(default_factory=list)
    shown: int = 0
    said: int = 0

    def speak(self, turn: Turn) -> None:
        """What the guest says, or a release by staff."""
        self.shown, self.said = len(self.guest.replies()), len(self._outbox())
        if turn.release:
            self._release()
        elif turn.tap:
            self.guest.tap(turn.tap)
        else:
            references = {f"reference{n or ''}": one.reference for n, one in enumerate(self.made)}
            self.guest.say(turn.line(self.version).format(**references))

    def check(self, turn: Turn, number: int) -> None:
        """What came back since."""
        said = turn.line(self.version) or turn.tap
        where = f"{self.dialogue.name} at {self.hotel}, turn {number}: {said}"
        replies, rows = self.guest.replies(after=self.shown), self._outbox()[self.said :]
        if turn.silent or turn.release:
            assert replies == [], where
            return
        assert _acts(rows) == list(turn.acts), where
        self._check_facts(turn, replies, where)
        self._check_amounts(replies, rows, where)
        if "offer" in turn.acts:
            self._check_offers(turn, replies, rows, where)

    def sell_out(self) -> None:
        """Fill the hotel as the dialogue needs it."""
        if not self.dialogue.sold_out:
            return
        self._move_stock(1)

    def _move_stock(self, sign: int) -> None:
        first, last = days(self.dialogue.sold_out, self.world.today(self.hotel))
        stay = Stay(arrival=first, departure=last)
        self.world.running.do(_take_all(self._adapter(), stay, sign))

    def give_back(self) -> None:
        """What was sold, so that the next dialogue finds the same house."""
        if self.dialogue.sold_out:
            self._move_stock(-1)
        pms = self.world.tenant(self.hotel).pms
        assert pms is not None
        for made in {one.reference: one for one in (*self.made, *self._reservations(self.hotel))}:
            now = self.world.running.do(pms.reservation(made))
            if now.status == "confirmed":
                preview = self.world.running.do(pms.preview_cancellation(made))
                self.world.running.do(pms.cancel(preview, f"give-back-{made}"))

    def reserve(self) -> None:
        """Make the reservations that the guest, or somebody else, has already."""
        pms = self.world.tenant(self.hotel).pms
        assert pms is not None
        for number, wanted in enumerate(self.dialogue.reserved):
            first, last = days(tuple(wanted["stay"]), self.world.today(self.hotel))
            query = OfferQuery(
                property_id="1",
                stay=Stay(arrival=first, departure=last),
                occupancies=(_party(wanted["party"]),),
                locale=self.dialogue.language,
            )
            person = self._person(wanted)
            offer = min(
                (
                    one
                    for one in self.world.running.do(pms.search_offers(query))
                    if _free(one) == wanted.get("refundable", True)
                ),
                key=lambda one: one.total.amount,
            )
            key = f"{self.guest.phone}-{number}"
            draft = ReservationDraft(offer=offer, guest=person, external_ref=f"T-{key}")
            self.made.append(self.world.running.do(pms.book(draft, key)))

    def _person(self, wanted: dict[str, Any]) -> Person:
        """Whose a reservation is that was made before: the guest's, by his number, or another's."""
        phone = f"+{self.guest.phone}" if wanted["number"] == "own" else "+59899000000"
        return Person(name=wanted["name"], email=wanted.get("email"), phone=phone)

    def check_reserved(self) -> None:
        """The first reservation is as the dialogue says, all others as they were."""
        pms = self.world.tenant(self.hotel).pms
        assert pms is not None
        now = [self.world.running.do(pms.reservation(one.reference)) for one in self.made]
        after = self.dialogue.after or {}
        for was, one in zip(self.made[1 if after else 0 :], now[1 if after else 0 :], strict=True):
            assert one == was
        if not after:
            return
        assert now[0].status == after.get("status", "confirmed")
        if "stay" in after:
            first, last = days(tuple(after["stay"]), self.world.today(self.hotel))
            assert now[0].stay == Stay(arrival=first, departure=last)
        if "party" in after:
            assert now[0].occupancies == (_party(after["party"]),)
        assert len(now[0].services) == after.get("services", 0)

    def check_bookings(self) -> None:
        """Exactly what the dialogue promises is in the hotel's PMS, and nothing in the other's."""
        self.check_reserved()
        before = {one.reference for one in self.made}
        for hotel in HOTELS:
            found = [one for one in self._reservations(hotel) if one.reference not in before]
            if self.dialogue.booked is None or hotel != self.hotel:
                assert found == []
            else:
                (made,) = found
                self._check_reservation(made, self.dialogue.booked)

    def _check_reservation(self, made: Reservation, booked: dict[str, Any]) -> None:
        arrival, departure = days(tuple(booked["stay"]), self.world.today(self.hotel))
        adults, children = booked["party"]
        (party,) = made.occupancies
        assert made.stay == Stay(arrival=arrival, departure=departure)
        assert (party.adults, len(party.child_ages)) == (adults, children)
        assert (made.guest.name, made.guest.email) == (booked["name"], booked.get("email"))
        assert made.guest.phone == self._number()
        assert booked.get("room") in (None, made.room_type_id)
        assert made.status == booked.get("status", "confirmed")
        summary = next(row for row in self._outbox() if "front_desk/booked" in row.acts)
        assert made.reference in summary.content["text"]
        assert {"source": made.reference, **_money(made.total)} in summary.amounts

    def _number(self) -> str | None:
        """The guest's telephone number, as far as the agent knows it."""
        return f"+{self.guest.phone}"

    def _check_facts(self, turn: Turn, replies: Sequence[Any], where: str) -> None:
        words = "\n".join(reply.text for reply in replies)
        if turn.stay:
            for day in days(turn.stay, self.world.today(self.hotel)):
                assert self._written(day) in words, where
        if turn.party:
            adults, children = turn.party
            assert re.search(rf"\b{adults} adult", words), where
            assert bool(re.search(r"\b\d (?:niño|criança|child)", words)) == bool(children), where
        for fact in turn.says:
            self._check_fact(fact, words, replies, where)

    def _check_fact(self, fact: str, words: str, replies: Sequence[Any], where: str) -> None:
        tenant = self.world.tenant(self.hotel)
        config = self._adapter().config
        if fact == "map":
            points = [reply.location for reply in replies]
            assert (config.latitude, config.longitude) in points, where
            return
        topic = fact.removeprefix("house.")
        known = {
            "hotel": tenant.settings.name,
            "address": config.address,
            **{name: texts[self.dialogue.language] for name, texts in tenant.hotel.house.items()},
        }
        assert known.get(topic, fact) in words, where

    def _written(self, day: date) -> str:
        language = self.dialogue.language
        return format_date(day, DATES[language], locale=LOCALES[language])

    def _check_amounts(self, replies: Sequence[Any], rows: list[Outbox], where: str) -> None:
        """Every amount the guest sees is of this hotel's currency and names its source."""
        house = " ".join(
            text
            for texts in self.world.tenant(self.hotel).hotel.house.values()
            for text in texts.values()
        )
        currency = self._adapter().config.currency
        by_mark = {str(row.id): row for row in rows}
        assert {_number(reply) for reply in replies} == set(by_mark), where
        for reply in replies:
            row = by_mark[_number(reply)]
            sourced = {(one["currency"], Decimal(one["amount"])) for one in row.amounts}
            for match in AMOUNT.finditer(reply.text):
                if match.group() in house:
                    continue
                assert (match[1], _decimal(match[2], self.dialogue.language)) in sourced, where
                assert match[1] == currency, where

    def _check_offers(
        self, turn: Turn, replies: Sequence[Any], rows: list[Outbox], where: str
    ) -> None:
        """What is offered is what the PMS sells: the same offers, totals, terms and photos."""
        by_mark = {_number(reply): reply for reply in replies}
        cards = [(by_mark[str(row.id)], row) for row in rows if "front_desk/offer" in row.acts]
        assert cards, where
        offers = {offer.id: offer for offer in self._sold(turn)}
        for reply, row in cards:
            (source,) = {one["source"] for one in row.amounts}
            offer = offers[source]
            for money in (offer.total, *(tax.amount for tax in offer.taxes)):
                assert {"source": offer.id, **_money(money)} in row.amounts, where
            assert reply.image == offer.room_type.images[0].url, where
            assert re.search(r"reembols|[Cc]ancel|refund", reply.text), where

    def _sold(self, turn: Turn) -> list[Any]:
        """Everything the PMS sells for what the guest last asked, asked without the agent."""
        conversation = self.world.running.do(self._conversation())
        focus = conversation.state["focus"]
        stay = Stay(**{key: date.fromisoformat(day) for key, day in focus["stay"].items()})
        party = Occupancy(
            adults=focus["occupancy"]["adults"], child_ages=tuple(focus["occupancy"]["child_ages"])
        )
        if turn.stay:
            assert (stay.arrival, stay.departure) == days(turn.stay, self.world.today(self.hotel))
        query = OfferQuery(property_id="1", stay=stay, occupancies=(party,))
        return list(self.world.running.do(self._adapter().search_offers(query)))

    def _adapter(self) -> Any:
        pms = self.world.tenant(self.hotel).pms
        assert pms is not None
        return pms.adapter

    def _reservations(self, hotel: str) -> list[Reservation]:
        pms = self.world.tenant(hotel).pms
        assert pms is not None
        query = ReservationQuery(property_id="1", phone=f"+{self.guest.phone}")
        return list(self.world.running.do(pms.adapter.find_reservations(query)).items)

    def _outbox(self) -> list[Outbox]:
        return self.world.running.do(self.world.running.outbox(self.hotel, self.guest.phone))

    async def _conversation(self) -> Any:
        async with self.world.running.agent.database.sessions() as session:
            found = await repository.conversations(session, self.hotel, limit=1000)
        return next(one for one in found if one.address == self.guest.phone)

    def _release(self) -> None:
        async def release() -> None:
            conversation = await self._conversation()
            assert conversation.mode == Mode.HUMAN
            async with self.world.running.agent.database.sessions() as session, session.begin():
                await repository.set_mode(session, self.hotel, conversation.id, Mode.AGENT, "")

        self.world.running.do(release())


@dataclass(kw_only=True)
class DirectPlay(Play):
    """With a guest who is his own outbox."""

    guest: DirectGuest

    def _outbox(self) -> list[Any]:
        return list(self.guest.rows)

    async def _conversation(self) -> Any:
        return self.guest.conversation()

    def _release(self) -> None:
        self.guest.left_to_people = False


def _acts(rows: list[Outbox]) -> list[str]:
    """Acts in order; offers in a row count as one."""
    acts = [act.removeprefix("front_desk/") for row in rows for act in row.acts]
    many = ("offer", "nearest_offer")
    return [act for place, act in enumerate(acts) if act not in many or acts[place - 1] != act]


def _party(said: list[int]) -> Occupancy:
    """Adults, then the age of each child."""
    return Occupancy(adults=said[0], child_ages=tuple(said[1:]))


def _free(offer: Offer) -> bool:
    """Whether it can still be cancelled for nothing."""
    return offer.cancellation.free_until is not None


def _money(money: Any) -> dict[str, str]:
    return {"amount": str(money.amount), "currency": money.currency}


def _number(reply: Sent) -> str:
    """Of the outbox; of a message that took several bodies, all but the last say so."""
    return reply.mark.removesuffix("+")


def _decimal(text: str, language: str) -> Decimal:
    if language == "en":
        return Decimal(text.replace(",", ""))
    return Decimal(text.replace(".", "").replace(",", "."))


async def _take_all(adapter: Any, stay: Stay, sign: int) -> None:
    from agente_hotelero_pms_mock import tables

    for room in adapter.config.rooms:
        async with adapter.services.sessions() as session, session.begin():
            await tables.move_units(
                session,
                adapter.services.tenant,
                adapter.config.property_id,
                {(night, room.id): sign * room.units for night in stay.dates()},
                adapter.config.limit,
            )


def test_there_are_dialogues_in_every_language() -> None:
    languages = [dialogue.language for dialogue in DIALOGUES]
    assert len(languages) >= 40
    assert min(languages.count(language) for language in ("es", "pt", "en")) >= 10


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_every_line_is_said_in_three_other_ways(dialogue: Dialogue) -> None:
    for turn in dialogue.turns:
        assert len(set(turn.guest)) in (0, 1 + len(PARAPHRASES)), turn.guest
