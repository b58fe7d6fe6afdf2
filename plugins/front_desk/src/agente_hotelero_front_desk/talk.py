"""Small talk, and an honest word when nothing was understood."""

from __future__ import annotations

from agente_hotelero import Decision, Handler, HandlerRequest
from agente_hotelero.events import TaskForStaff
from agente_hotelero.messages import Reply

from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.person import offer_a_person

LONG_ENOUGH_TO_SAY_MORE = 4
WORDS = {
    "thanks": "thanks",
    "goodbye": "goodbye",
    "affirm": "acknowledged",
    "acknowledge": "acknowledged",
    "deny": "acknowledged",
    "dont_know": "no_hurry",
}


class Talk(Handler[FrontDeskConfig]):
    """Owns what people say around their business."""

    config_class = FrontDeskConfig
    name = "front_desk.talk"
    intents = frozenset({"greeting", "not_understood", *WORDS})

    async def handle(self, request: HandlerRequest) -> Decision:
        if not request.intents:
            return self._not_understood(request)
        replies = tuple(self._word(request, intent.name) for intent in request.intents)
        return Decision(replies=tuple({reply.template: reply for reply in replies}.values()))

    def _word(self, request: HandlerRequest, intent: str) -> Reply:
        if intent != "greeting":
            return Reply(template=f"front_desk/{WORDS[intent]}")
        says_more = len(request.text.split()) > LONG_ENOUGH_TO_SAY_MORE
        template = "front_desk/greeting_short" if says_more else "front_desk/greeting"
        return Reply(template=template, values={"hotel": request.hotel.name})

    def _not_understood(self, request: HandlerRequest) -> Decision:
        """Said honestly once; the second time in a row a person is offered. What cannot be read,
        like a photo, is looked at by people."""
        if request.attached and not request.text.strip():
            unsupported = "unsupported" in request.attached
            words = "front_desk/not_readable" if unsupported else "front_desk/file_received"
            look = TaskForStaff(kind="look_at_file")
            return Decision(replies=(Reply(template=words),), events=(look,))
        if request.focus.misunderstood:
            return offer_a_person(request, (), "front_desk/still_not_understood")
        focus = request.focus.with_(misunderstood=1)
        return Decision(replies=(Reply(template="front_desk/not_understood"),), focus=focus)
