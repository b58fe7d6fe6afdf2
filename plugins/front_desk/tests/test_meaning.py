from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from agente_hotelero import Focus, Frame, HandlerRequest, Hotel
from agente_hotelero.components import Question
from agente_hotelero.messages import Intent, Reply
from agente_hotelero.testing import lend
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.meaning import Meaning

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
KITE = Question(name="kite", phrases={"es": ["¿tienen clases de kite o de windsurf?"]})


def handler() -> Meaning:
    return Meaning(FrontDeskConfig(), lend(questions=[KITE]))


def request(*names: str, choice: str | None = None, frame: Frame | None = None) -> HandlerRequest:
    place: Any = None
    return HandlerRequest(
        intents=tuple(Intent(name=name, confidence=0.3) for name in names),
        entities=(),
        text="?",
        language="es",
        choice=choice,
        focus=Focus(),
        frame=frame,
        hotel=Hotel(tenant="sol", name="Sol", languages=("es",), property_id="1"),
        pms=place,
        now=NOW,
    )


async def asked(*names: str) -> tuple[Frame, Reply]:
    decision = await handler().handle(request(*names))
    assert decision.frame is not None
    question = handler().question(decision.frame, Focus(), NOW)
    assert question is not None
    return decision.frame, question


async def test_the_likeliest_readings_are_offered_and_something_else() -> None:
    _, question = await asked("parking", "kite")
    assert [option.id for option in question.options] == [
        "meant:parking",
        "meant:kite",
        "meant:none",
    ]
    assert question.options[1].label == "¿tienen clases de kite o"


async def test_whoever_means_something_else_is_offered_a_person() -> None:
    frame, _ = await asked("parking")
    decision = await handler().handle(request(choice="meant:none", frame=frame))
    assert decision.frame is not None
    assert decision.frame.handler == "front_desk.person"


async def test_the_question_is_over_once_one_is_chosen_or_something_else_is_said() -> None:
    frame, _ = await asked("parking")
    for choice in ("meant:parking", None):
        decision = await handler().handle(request(choice=choice, frame=frame))
        assert (decision.replies, decision.frame) == ((), None)


async def test_what_cannot_be_named_is_not_asked_about() -> None:
    decision = await handler().handle(request("made_up"))
    assert decision.frame is not None
    assert decision.frame.handler == "front_desk.person"
