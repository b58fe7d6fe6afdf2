"""What an operator should know of the endpoint, found by asking it. No guest's words are sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from agente_hotelero import Finding
from agente_hotelero.errors import AuthFailed, HoteleroError, NotFound, Rejected
from agente_hotelero.messages import UnderstandRequest

from agente_hotelero_nlp_llm import prompts, reading
from agente_hotelero_nlp_llm.config import NlpLlmConfig
from agente_hotelero_nlp_llm.endpoint import Endpoint

EXAMPLE = UnderstandRequest(
    text="hello, is there wifi?",
    language="en",
    languages=("en",),
    reference=datetime(2026, 11, 18, 12, tzinfo=UTC),
    zone=ZoneInfo("UTC"),
)
ADVICE: dict[type[HoteleroError], str] = {
    AuthFailed: "see api_key",
    NotFound: "see base_url, which often ends in /v1, and model",
    Rejected: "see that model takes response_format of the type json_schema, max_tokens and "
    "temperature 0",
}
ELSEWHERE = "see that base_url can be reached from here, and timeout_seconds"


async def diagnose(endpoint: Endpoint, config: NlpLlmConfig) -> Sequence[Finding]:
    return [await _models(endpoint, config), await _example(endpoint, config)]


async def _models(endpoint: Endpoint, config: NlpLlmConfig) -> Finding:
    try:
        names = await endpoint.models()
    except NotFound:
        return Finding(ok=True, what="the endpoint lists no models")
    except HoteleroError as error:
        return _failed("the endpoint does not list its models", error)
    if config.model not in names:
        return Finding(
            ok=False,
            what="the endpoint does not list the model",
            advice=f"model is one of: {', '.join(sorted(names)[:20])}",
        )
    return Finding(ok=True, what="the endpoint answers, and has the model")


async def _example(endpoint: Endpoint, config: NlpLlmConfig) -> Finding:
    """Whether a sentence is read, and how long that takes."""
    begun = time.monotonic()
    try:
        answer = await endpoint.answer(prompts.body(config, EXAMPLE, EXAMPLE.text))
    except HoteleroError as error:
        return _failed("an example could not be read", error)
    took = f"{time.monotonic() - begun:.1f} s"
    understood = reading.read(answer, EXAMPLE, EXAMPLE.text, config.act_above) if answer else None
    if understood is None or "wifi" not in {intent.name for intent in understood.intents}:
        advice = "the model may be too small, or max_tokens"
        return Finding(ok=False, what=f"an example was not understood, in {took}", advice=advice)
    return Finding(ok=True, what=f"an example was understood in {took}")


def _failed(what: str, error: HoteleroError) -> Finding:
    advice = ADVICE.get(type(error), ELSEWHERE)
    return Finding(ok=False, what=f"{what}: {type(error).__name__}, {error}", advice=advice)
