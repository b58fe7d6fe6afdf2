"""A stand-in for an OpenAI-compatible endpoint, with a model of a few rules; for tests."""

from agente_hotelero_nlp_llm.testing.app import create_app
from agente_hotelero_nlp_llm.testing.models import Asked, dictated, phrasebook
from agente_hotelero_nlp_llm.testing.server import Served
from agente_hotelero_nlp_llm.testing.standin import (
    KEY,
    MODEL,
    Answered,
    StandIn,
    completion,
    error,
)

__all__ = [
    "KEY",
    "MODEL",
    "Answered",
    "Asked",
    "Served",
    "StandIn",
    "completion",
    "create_app",
    "dictated",
    "error",
    "phrasebook",
]
