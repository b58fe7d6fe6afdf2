"""Questions about the house: answered in the hotel's own words, or from its PMS."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from agente_hotelero import Decision, Handler, HandlerRequest
from agente_hotelero.errors import HoteleroError
from agente_hotelero.messages import Location, Reply
from agente_hotelero.pms import Capability
from agente_hotelero.stays import Property, RoomType

from agente_hotelero_front_desk import telling
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.person import offer_a_person

TOPICS = {
    "wifi": "wifi",
    "breakfast_restaurant": "breakfast",
    "parking": "parking",
    "pets": "pets",
    "pool_gym_spa": "pool",
    "payment_methods": "payment",
    "refund_cancellation_policy": "cancellation",
    "room_service": "room_service",
    "room_amenities": "amenities",
    "airport_transfer": "transfer",
    "accessibility": "accessibility",
    "policies_limits": "policies",
    "housekeeping": "housekeeping",
    "checkin_info": "checkin",
    "checkout_info": "checkout",
    "location_directions": "location",
}


class House(Handler[FrontDeskConfig]):
    """Owns the questions that a hotel answers once and for all in its configuration."""

    config_class = FrontDeskConfig
    name = "front_desk.house"
    intents = frozenset({*TOPICS, "house_question"})

    async def handle(self, request: HandlerRequest) -> Decision:
        replies: list[Reply] = []
        unknown = False
        topics = list(dict.fromkeys(_topic(request, intent.name) for intent in request.intents))
        for topic in topics:
            reply = await self._answer(request, topic)
            rooms = await self._rooms(request) if topic == "amenities" else ()
            unknown = unknown or (reply is None and not rooms)
            replies += [one for one in (reply, *rooms) if one is not None]
        if unknown:
            return offer_a_person(request, tuple(replies), "front_desk/topic_unknown")
        return Decision(replies=tuple(replies))

    async def _rooms(self, request: HandlerRequest) -> Sequence[Reply]:
        """The rooms with their photos: those that were named, or some of all."""
        try:
            rooms = await request.pms.room_types(request.language)
        except HoteleroError:
            return ()
        said = request.first("room_type")
        named = {said.value, *said.alternatives} if said else set()
        chosen = [room for room in rooms if room.id in named] or rooms
        return [_room(room) for room in chosen[: self.config.offers_shown]]

    async def _answer(self, request: HandlerRequest, topic: str) -> Reply | None:
        """The hotel's own text first; then what the PMS knows; None if nobody does."""
        text = _own_text(request, topic)
        if topic == "cancellation" and not text:
            return await _terms(request)
        if topic not in ("checkin", "checkout", "location"):
            return _told(text) if text else None
        try:
            place = await request.pms.property()
        except HoteleroError:
            return _told(text) if text else None
        if topic == "location":
            return _location(place, text)
        return _told(text) if text else _times(place, topic)


def told_of(request: HandlerRequest, topic: str) -> Reply | None:
    """The hotel's own words, if it has any."""
    text = _own_text(request, topic)
    return _told(text) if text else None


async def _terms(request: HandlerRequest) -> Reply | None:
    """Of the guest's own reservation, if one is spoken of; else of what is on offer."""
    reference = request.focus.reservation
    if reference and request.pms.can(Capability.CANCEL):
        with suppress(HoteleroError):
            made = await request.pms.reservation(reference)
            preview = await request.pms.preview_cancellation(reference)
            if preview.fee is not None:
                values = telling.of_cancellation(preview, made) | {"again": False}
                return Reply(template="front_desk/cancellation", values=values)
    return Reply(template="front_desk/terms_in_offers") if request.focus.offers else None


def _topic(request: HandlerRequest, intent: str) -> str:
    """What an intent is about: the hotel's own answer to just that goes before its topic's."""
    return intent if intent in request.hotel.house else TOPICS.get(intent, intent)


def _own_text(request: HandlerRequest, topic: str) -> str | None:
    texts = request.hotel.house.get(topic, {})
    return texts.get(request.language) or next(iter(texts.values()), None)


def _room(room: RoomType) -> Reply:
    return Reply(
        template="front_desk/room",
        values={"name": room.name, "details": room.description, "guests": room.max_guests},
        image=room.images[0] if room.images else None,
    )


def _told(text: str) -> Reply:
    return Reply(template="front_desk/house", values={"text": text})


def _times(place: Property, topic: str) -> Reply:
    return Reply(
        template=f"front_desk/{topic}_time",
        values={"check_in": place.check_in, "check_out": place.check_out},
    )


def _location(place: Property, text: str | None) -> Reply | None:
    if not place.address and not text:
        return None
    point = None
    if place.latitude is not None and place.longitude is not None:
        point = Location(
            latitude=place.latitude,
            longitude=place.longitude,
            name=place.name,
            address=place.address,
        )
    values = {"text": text or "", "address": place.address}
    return Reply(template="front_desk/location", values=values, location=point)
