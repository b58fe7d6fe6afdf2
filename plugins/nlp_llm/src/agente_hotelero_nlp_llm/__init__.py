"""Guests' words read by a language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agente_hotelero import NlpEngine, hookimpl


@hookimpl
def register_nlp_engines() -> Sequence[type[NlpEngine[Any]]]:
    from agente_hotelero_nlp_llm.engine import LlmNlp

    return [LlmNlp]
