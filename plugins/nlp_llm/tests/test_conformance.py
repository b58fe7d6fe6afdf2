"""The engine keeps to the interface, before a stand-in in the process and behind a port."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from agente_hotelero.testing import lend
from agente_hotelero.testing.nlp import NlpEngineTests
from agente_hotelero_nlp_llm.config import NlpLlmConfig
from agente_hotelero_nlp_llm.engine import LlmNlp
from agente_hotelero_nlp_llm.testing import KEY, MODEL, Served, StandIn, create_app, dictated
from pydantic import SecretStr


def engine_for(url: str, http: httpx.AsyncClient) -> LlmNlp:
    config = NlpLlmConfig(base_url=url, api_key=SecretStr(KEY), model=MODEL)
    return LlmNlp(config, lend(http=http))


class TestInTheProcess(NlpEngineTests):
    def make_engine(self) -> LlmNlp:
        transport = httpx.ASGITransport(create_app(StandIn()))
        return engine_for("http://llm.example/v1", httpx.AsyncClient(transport=transport))


class TestBehindAPort(NlpEngineTests):
    """Over real HTTP, and with a model that obeys whoever writes to it."""

    url = ""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def served(cls) -> Iterator[None]:
        with Served(StandIn(thinks=dictated)) as server:
            cls.url = server.url
            yield

    def make_engine(self) -> LlmNlp:
        # Kept connections would outlive the loop, which the kit ends before the client.
        limits = httpx.Limits(max_keepalive_connections=0)
        return engine_for(self.url, httpx.AsyncClient(limits=limits))
