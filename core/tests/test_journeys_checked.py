"""What is wrong with a hotel's own journeys is said by `config check`, with its place."""

from __future__ import annotations

from datetime import date, time
from types import SimpleNamespace
from typing import Any

import pytest
from agente_hotelero._guest_settings import JourneySettings
from agente_hotelero._runtime.proactive import checking, wording

WORDS = {"es": "Hola {{ name }}", "pt": "Olá {{ guest }}", "en": "Hi, see you {{ arrival | day }}"}


def found(**journey: Any) -> dict[str, str]:
    settings = JourneySettings.model_validate({"trigger": "arrival", **journey})
    hotel: Any = SimpleNamespace(languages=["es", "pt", "en"], journeys={"welcome": settings})
    problems = checking.problems("sol", hotel, {"channel_whatsapp", "channel_gmail"})
    return {one.path.removeprefix("tenants.sol.journeys.welcome."): one.problem for one in problems}


def test_a_sound_journey_has_no_problem() -> None:
    assert found(text=WORDS, channels=["channel_gmail"]) == {}
    assert found(template="acme/welcome") == {}


@pytest.mark.parametrize(
    ("journey", "place", "problem"),
    [
        ({"text": {"es": "hola"}}, "text", "has no words in pt, en"),
        ({"text": {**WORDS, "es": "Hola {{ nombre }}"}}, "text.es", "unknown values: nombre"),
        ({"text": {**WORDS, "pt": "Olá {{ name"}}, "text.pt", "cannot be used"),
        ({"text": WORDS, "channels": ["whatsapp"]}, "channels", "there is no channel whatsapp"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    journey: dict[str, Any], place: str, problem: str
) -> None:
    ((at, told),) = found(**journey).items()
    assert at == place
    assert problem in told


def test_a_journey_may_use_what_its_words_are_given() -> None:
    seen: Any = SimpleNamespace(
        guest=SimpleNamespace(name="Ana Paz"),
        reference="S-1",
        room_type_name="Doble",
        stay=SimpleNamespace(arrival=date(2026, 1, 1), departure=date(2026, 1, 3), nights=2),
    )
    speaker: Any = SimpleNamespace(
        hotel="Sol",
        hours=SimpleNamespace(check_in=time(15), check_out=time(11)),
        house=SimpleNamespace(address="Calle 1"),
    )
    occasion: Any = SimpleNamespace(reservation=seen)
    assert set(wording._values(speaker, occasion)) == checking.VALUES
