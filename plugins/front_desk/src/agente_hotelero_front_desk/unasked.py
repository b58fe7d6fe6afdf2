"""Answers to what the hotel wrote by itself: when a guest arrives, and how the stay is or was."""

from __future__ import annotations

from agente_hotelero import Decision, Handler, HandlerRequest, Handover
from agente_hotelero.events import TaskForStaff
from agente_hotelero.messages import Reply

from agente_hotelero_front_desk import opinions
from agente_hotelero_front_desk.config import FrontDeskConfig


class Arrivals(Handler[FrontDeskConfig]):
    """Takes the hour at which a guest means to come."""

    config_class = FrontDeskConfig
    name = "front_desk.arrivals"
    intents = frozenset({"arrival_time"})

    async def handle(self, request: HandlerRequest) -> Decision:
        said = request.first("time")
        if said is None:
            return Decision(replies=(Reply(template="front_desk/acknowledged"),))
        return Decision(
            replies=(Reply(template="front_desk/arrival_noted", values={"time": said.value}),),
            events=(TaskForStaff(kind="arrival_time"),),
        )


class Opinions(Handler[FrontDeskConfig]):
    """Thanks whoever is content; says sorry to whoever is not, and calls a person. Everybody got
    the same message before, whatever comes of it."""

    config_class = FrontDeskConfig
    name = "front_desk.opinions"
    intents = frozenset({"opinion"})

    async def handle(self, request: HandlerRequest) -> Decision:
        mood = opinions.mood(request.text, complains=request.wants("complaint_maintenance"))
        if mood == "bad":
            return Decision(
                replies=(Reply(template="front_desk/opinion_sorry"),),
                handover=Handover(reason="a guest is not content"),
                events=(TaskForStaff(kind="guest_complaint"),),
            )
        unread = mood == "unclear" and not opinions.is_short(request.text)
        return Decision(
            replies=(Reply(template="front_desk/opinion_thanks"),),
            events=(TaskForStaff(kind="guest_comment"),) if unread else (),
        )
