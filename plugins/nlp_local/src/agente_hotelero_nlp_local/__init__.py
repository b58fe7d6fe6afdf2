"""Understands Spanish, Portuguese and English on the CPU: no service, no download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agente_hotelero import NlpEngine, hookimpl


@hookimpl
def register_nlp_engines() -> Sequence[type[NlpEngine[Any]]]:
    from agente_hotelero_nlp_local.engine import LocalNlp

    return [LocalNlp]
