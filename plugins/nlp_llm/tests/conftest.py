"""An engine before a stand-in of the endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from agente_hotelero.testing import lend
from agente_hotelero_nlp_llm.config import NlpLlmConfig
from agente_hotelero_nlp_llm.engine import LlmNlp
from agente_hotelero_nlp_llm.testing import KEY, MODEL, StandIn, create_app

Connect = Callable[..., LlmNlp]


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def connect(stand_in: StandIn) -> Connect:
    """Makes an engine with settings of its own; `transport` stands before the stand-in."""

    def connected(transport: httpx.AsyncBaseTransport | None = None, **settings: Any) -> LlmNlp:
        http = httpx.AsyncClient(transport=transport or httpx.ASGITransport(create_app(stand_in)))
        given = {"base_url": "http://llm.example/v1", "api_key": KEY, "model": MODEL} | settings
        return LlmNlp(NlpLlmConfig.model_validate(given), lend(http=http))

    return connected


@pytest.fixture
def engine(connect: Connect) -> LlmNlp:
    return connect()
