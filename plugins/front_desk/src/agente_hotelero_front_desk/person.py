"""When a person shall take over: asked for, or offered where the agent cannot help."""

from __future__ import annotations

from datetime import datetime, timedelta

from agente_hotelero import Decision, Focus, Frame, Handler, HandlerRequest, Handover
from agente_hotelero.events import TaskForStaff
from agente_hotelero.messages import Reply

from agente_hotelero_front_desk import answers
from agente_hotelero_front_desk.config import FrontDeskConfig

NAME = "front_desk.person"
OFFER_MINUTES = 30


class Person(Handler[FrontDeskConfig]):
    """Owns the wish for a person, and what only people can do yet."""

    config_class = FrontDeskConfig
    name = NAME
    intents = frozenset(
        {
            "human_handoff",
            "complaint_maintenance",
            "lost_item",
            "invoice",
            "special_request",
        }
    )

    async def handle(self, request: HandlerRequest) -> Decision:
        if request.wants("human_handoff"):
            return _hand_over("asked for")
        if request.frame is not None and not request.intents:
            if answers.yes_or_no(request):
                return _hand_over("offered and accepted", str(request.frame.data.get("task", "")))
            return Decision(replies=(Reply(template="front_desk/no_person"),))
        return offer_a_person(request, (), "front_desk/needs_person")

    def question(self, frame: Frame, focus: Focus, hotel_now: datetime) -> Reply | None:
        return Reply(template="front_desk/ask_person", options=answers.options("person"))


def offer_a_person(
    request: HandlerRequest, replies: tuple[Reply, ...], template: str = "", task: str = ""
) -> Decision:
    """Say why, and ask whether a person shall answer; `task` is what that person must then do."""
    frame = Frame(
        handler=NAME,
        step="offer",
        data={"task": task} if task else {},
        expects=("yes_no",),
        expires_at=request.now + timedelta(minutes=OFFER_MINUTES),
    )
    why = (Reply(template=template),) if template else ()
    return Decision(replies=(*replies, *why), frame=frame)


def unproved(task: str = "") -> Decision:
    """In a mail that nobody vouches for, or about a reservation that is not its sender's: the same
    words whether there is one or not, and a person."""
    return Decision(
        replies=(Reply(template="front_desk/mail_unproved"),),
        handover=Handover(reason="not proved by mail"),
        events=(TaskForStaff(kind=task),) if task else (),
    )


def _hand_over(reason: str, task: str = "") -> Decision:
    return Decision(
        replies=(Reply(template="front_desk/handover"),),
        handover=Handover(reason=reason),
        events=(TaskForStaff(kind=task),) if task else (),
    )
