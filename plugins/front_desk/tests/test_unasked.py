"""What guests answer to messages that they had not asked for."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest
from agente_hotelero import Decision, Focus, Frame, Handler, HandlerRequest, Hotel
from agente_hotelero.messages import Entity, Intent
from agente_hotelero.testing import lend
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.opinions import mood
from agente_hotelero_front_desk.unasked import Arrivals, Opinions

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


async def said(handler: type[Handler[Any]], text: str, *intents: str, at: time | None) -> Decision:
    heard = () if at is None else (Entity(type="time", text="", span=(0, 0), value=at),)
    pms: Any = None
    request = HandlerRequest(
        intents=tuple(Intent(name=name, confidence=1) for name in intents),
        entities=heard,
        text=text,
        language="es",
        choice=None,
        focus=Focus(),
        frame=Frame(handler=handler.name, step="", expires_at=NOW, unasked=True),
        hotel=Hotel(tenant="sol", name="Sol", languages=("es",), property_id="1"),
        pms=pms,
        now=NOW,
    )
    return await handler(FrontDeskConfig(), lend()).handle(request)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Todo excelente, gracias", "good"),
        ("Muy bien todo", "good"),
        ("5", "good"),
        ("4/5", "good"),
        ("9/10", "good"),
        ("⭐⭐⭐⭐⭐", "good"),
        ("Sin problemas, volveremos", "good"),
        ("Nada mal!", "good"),
        ("O quarto era ótimo", "good"),
        ("We loved it, great staff", "good"),
        ("👍", "good"),
        ("La habitación estaba sucia", "bad"),
        ("No estuvo bien", "bad"),
        ("péssimo atendimento", "bad"),
        ("The room was dirty and noisy", "bad"),
        ("It wasn't good", "bad"),
        ("Todo excelente, pero el desayuno flojo", "bad"),
        ("2", "bad"),
        ("3/5", "bad"),
        ("6/10", "bad"),
        ("un 4 de 10", "bad"),
        ("⭐⭐", "bad"),
        ("😡", "bad"),
        ("Dejamos la llave en recepción", "unclear"),
        ("ok", "good"),
        ("gracias", "unclear"),
        ("12/5", "unclear"),
    ],
)
def test_a_guest_says_how_the_stay_was(text: str, expected: str) -> None:
    assert mood(text) == expected


def test_what_an_engine_takes_for_a_complaint_is_one() -> None:
    assert mood("El agua salía fría", complains=True) == "bad"


async def test_who_is_not_content_hears_a_sorry_and_a_person_is_called() -> None:
    decision = await said(Opinions, "La cama estaba rota", at=None)
    assert [one.template for one in decision.replies] == ["front_desk/opinion_sorry"]
    assert decision.handover is not None
    assert [getattr(one, "kind", "") for one in decision.events] == ["guest_complaint"]
    assert decision.frame is None


async def test_a_complaint_that_the_engine_heard_counts() -> None:
    decision = await said(Opinions, "El agua salía fría", "complaint_maintenance", at=None)
    assert decision.handover is not None


@pytest.mark.parametrize(
    ("text", "tasks"),
    [("¡Todo genial!", []), ("Dejamos la llave en el cajón", ["guest_comment"]), ("listo", [])],
)
async def test_everybody_else_is_thanked_and_long_comments_are_read(
    text: str, tasks: list[str]
) -> None:
    decision = await said(Opinions, text, at=None)
    assert [one.template for one in decision.replies] == ["front_desk/opinion_thanks"]
    assert [getattr(one, "kind", "") for one in decision.events] == tasks
    assert decision.handover is None


async def test_no_answer_to_an_opinion_leads_anywhere() -> None:
    """A link for the content alone would be a gate: neither answer has values or options."""
    for text in ("¡Todo genial!", "Horrible", "Dejamos la llave en el cajón"):
        decision = await said(Opinions, text, at=None)
        assert all(not one.values and not one.options for one in decision.replies)


async def test_the_hour_of_arrival_is_noted_for_the_front_office() -> None:
    decision = await said(Arrivals, "a las 18", at=time(18))
    assert decision.replies[0].values == {"time": time(18)}
    assert [getattr(one, "kind", "") for one in decision.events] == ["arrival_time"]


async def test_an_answer_without_an_hour_is_acknowledged() -> None:
    decision = await said(Arrivals, "no sé todavía", at=None)
    assert (decision.replies[0].template, decision.events) == ("front_desk/acknowledged", ())
