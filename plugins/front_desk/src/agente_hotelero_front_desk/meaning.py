""" "Did you mean…?": the likeliest readings of what was not clear, as buttons."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from agente_hotelero import Decision, Focus, Frame, Handler, HandlerRequest
from agente_hotelero.dialogue import MEANT
from agente_hotelero.messages import Option, Reply

from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.person import offer_a_person

NONE_OF_THEM = "none"
QUESTION_MINUTES = 30
LONGEST_LABEL = 24
# What can be offered to choose from; the rest is too close to chat to ask about.
NAMED = frozenset(
    {
        "check_availability", "make_reservation", "modify_reservation", "cancel_reservation",
        "reservation_status", "price_quote", "refund_cancellation_policy", "payment_methods",
        "invoice", "checkin_info", "early_checkin", "checkout_info", "late_checkout", "parking",
        "wifi", "breakfast_restaurant", "room_service", "pets", "pool_gym_spa", "room_amenities",
        "housekeeping", "complaint_maintenance", "lost_item", "accessibility",
        "location_directions", "airport_transfer", "special_request", "policies_limits",
        "human_handoff",
    }
)  # fmt: skip


class Meaning(Handler[FrontDeskConfig]):
    """Asked when no reading is clear; the core answers the one that is chosen."""

    config_class = FrontDeskConfig
    name = "front_desk.meaning"
    intents = frozenset({"unsure"})

    async def handle(self, request: HandlerRequest) -> Decision:
        if request.frame is not None:
            return self._chosen(request)
        names = [one.name for one in request.intents if self._label(one.name) is not None]
        if not names:
            return offer_a_person(request, (), "front_desk/not_understood")
        frame = Frame(
            handler=self.name,
            step="which",
            data={"names": names},
            expects=("option",),
            expires_at=request.now + timedelta(minutes=QUESTION_MINUTES),
        )
        return Decision(frame=frame)

    def question(self, frame: Frame, focus: Focus, hotel_now: datetime) -> Reply | None:
        names = cast("list[str]", frame.data.get("names", []))
        labelled = [option for name in names if (option := self._label(name)) is not None]
        other = Option(id=f"{MEANT}{NONE_OF_THEM}", phrase="front_desk/option_else")
        return Reply(template="front_desk/did_you_mean", options=(*labelled, other))

    def _chosen(self, request: HandlerRequest) -> Decision:
        """The question is over; a person for whoever meant none of them."""
        if request.choice == f"{MEANT}{NONE_OF_THEM}":
            return offer_a_person(request, (), "front_desk/still_not_understood")
        return Decision()

    def _label(self, name: str) -> Option | None:
        """An intent in words; a question of the hotel's own in the first of its phrases."""
        if name in NAMED:
            return Option(
                id=f"{MEANT}{name}", phrase="front_desk/option_meant", values={"what": name}
            )
        for question in self.services.questions:
            if question.name == name:
                phrases = next(iter(question.phrases.values()), ())
                return Option(id=f"{MEANT}{name}", label=phrases[0][:LONGEST_LABEL])
        return None
