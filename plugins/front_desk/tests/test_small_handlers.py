from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

import pytest
from agente_hotelero import Decision, Focus, Frame, Handler, HandlerRequest, Hotel
from agente_hotelero.errors import Unavailable
from agente_hotelero.events import TaskForStaff
from agente_hotelero.messages import Entity, Intent
from agente_hotelero.stays import Image, Property, RoomType
from agente_hotelero.testing import lend
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.house import House
from agente_hotelero_front_desk.person import Person
from agente_hotelero_front_desk.talk import Talk

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
HOUSE = {"wifi": {"es": "Clave: sol.", "pt": "Senha: sol."}, "checkin": {"en": "From 2 pm."}}


class Place:
    """A PMS that knows where the hotel is, or is away."""

    def __init__(self, away: bool = False) -> None:
        self.away = away

    async def room_types(self, locale: str) -> Sequence[RoomType]:
        if self.away:
            raise Unavailable
        photo = Image(url="https://images.example/suite.jpg")
        return [
            RoomType(id="double", name="Doble", max_adults=2, max_guests=3),
            RoomType(id="suite", name="Suite", max_adults=2, max_guests=2, images=(photo,)),
        ]

    async def property(self) -> Property:
        if self.away:
            raise Unavailable
        return Property(
            id="1",
            name="Hotel Sol",
            time_zone="UTC",
            currency="USD",
            check_in=time(15),
            address="Calle 1",
            latitude=-34.6,
            longitude=-58.4,
        )


async def ask(
    handler: type[Handler[Any]],
    *intents: str,
    text: str = "",
    language: str = "es",
    house: Mapping[str, Mapping[str, str]] = HOUSE,
    away: bool = False,
    frame: Frame | None = None,
    yes: bool | None = None,
    focus: Focus | None = None,
    room: str = "",
    attached: tuple[str, ...] = (),
) -> Decision:
    named = (Entity(type="room_type", text="", span=(0, 0), value=room),) if room else ()
    answer = () if yes is None else (Entity(type="yes_no", text="", span=(0, 0), value=yes),)
    place: Any = Place(away)
    request = HandlerRequest(
        intents=tuple(Intent(name=name, confidence=1) for name in intents),
        entities=(*answer, *named),
        text=text,
        language=language,
        choice=None,
        focus=focus or Focus(),
        frame=frame,
        hotel=Hotel(
            tenant="sol", name="Hotel Sol", languages=("es",), property_id="1", house=house
        ),
        pms=place,
        now=NOW,
        attached=attached,
    )
    return await handler(FrontDeskConfig(), lend()).handle(request)


def templates(decision: Decision) -> list[str]:
    return [reply.template.removeprefix("front_desk/") for reply in decision.replies]


@pytest.mark.parametrize(
    ("language", "text"),
    [("es", "Clave: sol."), ("pt", "Senha: sol."), ("en", "Clave: sol.")],
    ids=["es", "pt", "no text in this language"],
)
async def test_the_hotels_own_words_are_told(language: str, text: str) -> None:
    decision = await ask(House, "wifi", language=language)
    assert decision.replies[0].values["text"] == text


async def test_the_hotels_text_comes_before_what_the_pms_says() -> None:
    told = await ask(House, "checkin_info", language="en")
    assert told.replies[0].values["text"] == "From 2 pm."
    assert templates(await ask(House, "checkin_info", house={})) == ["checkin_time"]


async def test_the_address_comes_with_a_point_on_the_map() -> None:
    (reply,) = (await ask(House, "location_directions")).replies
    assert reply.values["address"] == "Calle 1"
    assert reply.location is not None
    assert (reply.location.latitude, reply.location.longitude) == (-34.6, -58.4)


@pytest.mark.parametrize("away", [False, True], ids=["not told", "PMS away"])
async def test_what_nobody_knows_offers_a_person(away: bool) -> None:
    intent = "location_directions" if away else "parking"
    decision = await ask(House, intent, away=away)
    assert templates(decision) == ["topic_unknown"]
    assert decision.frame is not None
    assert decision.frame.handler == "front_desk.person"


async def test_two_questions_get_two_answers() -> None:
    decision = await ask(House, "wifi", "checkout_info")
    assert templates(decision) == ["house", "checkout_time"]


async def test_who_asks_for_a_person_gets_one() -> None:
    decision = await ask(Person, "human_handoff")
    assert decision.handover is not None
    assert templates(decision) == ["handover"]


@pytest.mark.parametrize("intent", ["cancel_reservation", "complaint_maintenance"])
async def test_what_only_people_can_do_offers_one(intent: str) -> None:
    decision = await ask(Person, intent)
    assert (templates(decision), decision.handover) == (["needs_person"], None)
    assert decision.frame is not None


@pytest.mark.parametrize(("yes", "handed_over"), [(True, True), (False, False)])
async def test_the_offer_of_a_person_is_taken_or_not(yes: bool, handed_over: bool) -> None:
    offered = (await ask(Person, "lost_item")).frame
    decision = await ask(Person, frame=offered, yes=yes)
    assert (decision.handover is not None, decision.frame) == (handed_over, None)


async def test_not_understood_is_said_once_then_a_person_is_offered() -> None:
    first = await ask(Talk)
    assert (templates(first), first.frame) == (["not_understood"], None)
    second = await ask(Talk, focus=first.focus)
    assert templates(second) == ["still_not_understood"]
    assert second.frame is not None
    assert second.frame.handler == "front_desk.person"


@pytest.mark.parametrize(
    ("text", "template"),
    [("hola", "greeting"), ("hola, ¿tienen una habitación para hoy?", "greeting_short")],
)
async def test_a_greeting_is_short_when_the_guest_says_more(text: str, template: str) -> None:
    assert templates(await ask(Talk, "greeting", text=text)) == [template]


async def test_one_word_is_enough_for_two_courtesies() -> None:
    assert templates(await ask(Talk, "affirm", "acknowledge")) == ["acknowledged"]


async def test_the_rooms_are_shown_with_their_photos() -> None:
    shown = await ask(House, "room_amenities")
    assert [(reply.template, reply.values["name"]) for reply in shown.replies] == [
        ("front_desk/room", "Doble"),
        ("front_desk/room", "Suite"),
    ]
    (photo,) = [reply.image for reply in shown.replies if reply.image]
    assert photo.url == "https://images.example/suite.jpg"


async def test_a_room_that_is_named_is_shown_alone_after_what_the_hotel_says() -> None:
    house = {"amenities": {"es": "Todas con aire."}}
    shown = await ask(House, "room_amenities", house=house, room="suite")
    assert [reply.values.get("name") for reply in shown.replies] == [None, "Suite"]


async def test_without_rooms_or_words_a_person_is_offered() -> None:
    asked = await ask(House, "room_amenities", away=True)
    assert [reply.template for reply in asked.replies] == ["front_desk/topic_unknown"]


@pytest.mark.parametrize(
    ("attached", "template"), [(("image",), "file_received"), (("unsupported",), "not_readable")]
)
async def test_what_cannot_be_read_is_looked_at_by_people(
    attached: tuple[str, ...], template: str
) -> None:
    decision = await ask(Talk, attached=attached)
    assert templates(decision) == [template]
    assert [event.kind for event in decision.events if isinstance(event, TaskForStaff)] == [
        "look_at_file"
    ]


async def test_a_photo_with_words_is_answered_by_its_words() -> None:
    decision = await ask(Talk, attached=("image",), text="asdf")
    assert templates(decision) == ["not_understood"]
