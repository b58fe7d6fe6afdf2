"""What follows from how a note was heard: ask again, or read back what is not sure. Pure.

Reading back is a question of the core's own, in a frame of its own; a yes to it makes the words as
good as written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from agente_hotelero.dialogue import Frame
from agente_hotelero.matching import folded
from agente_hotelero.messages import Content, InboundMessage, Option, Reply

HANDLER = "core.heard"
YES, NO = "heard:yes", "heard:no"
MINUTES = 30
NUMBER = re.compile(r"\d+")
NOT_HEARD = ("no_speech", "failed", "too_long")
# "I cannot listen now", "in writing please": from then on whatever is spoken is written too.
IN_WRITING = {
    "es": ("por escrito", "en texto", "no puedo escuchar", "no puedo oir", "soy sordo",
           "soy sorda", "escribeme", "escribime", "escribame", "no escucho bien", "no oigo bien"),
    "pt": ("por escrito", "em texto", "nao consigo ouvir", "nao posso ouvir", "sou surdo",
           "sou surda", "escreva para mim", "me escreva", "nao ouco bem", "nao escuto bem"),
    "en": ("in writing", "as text", "in text", "cannot listen", "can't listen", "cannot hear",
           "can't hear", "i am deaf", "i'm deaf", "hard of hearing", "write it down",
           "please write"),
}  # fmt: skip


def spoke(messages: Sequence[InboundMessage]) -> bool:
    """Whether the guest spoke last."""
    return messages[-1].content.heard is not None


def unheard(messages: Sequence[InboundMessage]) -> str:
    """Why nothing at all can be answered, as a transcript's status; empty where something can."""
    contents = [message.content for message in messages]
    if any(content.text or content.choice or content.location for content in contents):
        return ""
    told = [one.heard.status for one in contents if one.heard is not None]
    return next((status for status in reversed(told) if status in NOT_HEARD), "")


def pardon(status: str, longest: float) -> Reply:
    """A polite word that it was not heard."""
    if status == "too_long":
        return Reply(template="core/note_too_long", values={"minutes": max(int(longest // 60), 1)})
    return Reply(template="core/not_heard")


def frame(text: str, doubts: Sequence[str], now: datetime) -> Frame:
    """Asks whether this was heard well."""
    return Frame(
        handler=HANDLER,
        step="sure",
        data={"text": text, "doubts": list(doubts)},
        expects=("yes_no",),
        expires_at=now + timedelta(minutes=MINUTES),
    )


def doubts_of(asked: Frame) -> Sequence[str]:
    return cast("Sequence[str]", asked.data["doubts"])


def question(asked: Frame) -> Reply:
    return Reply(
        template="core/heard",
        values={"text": asked.data["text"], "doubts": asked.data["doubts"]},
        options=(
            Option(id=YES, phrase="core/heard_yes"),
            Option(id=NO, phrase="core/heard_no"),
        ),
    )


def has_other_numbers(text: str, asked: Frame) -> bool:
    """Whether a number is said that was not read back: "yes, 242"."""
    known = NUMBER.findall(cast("str", asked.data["text"]))
    return not set(NUMBER.findall(text)) <= set(known)


def as_written(asked: Frame, message: InboundMessage) -> InboundMessage:
    """The words that the guest has confirmed, as if he had just written them."""
    text = cast("str", asked.data["text"])
    return replace(message, content=Content(text=text), sent_at=message.sent_at.astimezone(UTC))


def wants_writing(text: str) -> bool:
    """Whether the guest asks to read what is spoken."""
    plain = folded(text)
    return any(phrase in plain for phrases in IN_WRITING.values() for phrase in phrases)
