"""The kit for engines finds what is wrong with a bad one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from agente_hotelero import NlpEngine, PluginConfig
from agente_hotelero.messages import Entity, Intent, Understanding, UnderstandRequest
from agente_hotelero.testing import lend
from agente_hotelero.testing.nlp import NlpEngineTests

GOOD = Understanding(language="es", verdict="reject")


def engine(read: Callable[[UnderstandRequest], Understanding]) -> NlpEngineTests:
    """The kit around an engine that reads so."""

    class Bad(NlpEngine[PluginConfig]):
        async def understand(self, request: UnderstandRequest) -> Understanding:
            return read(request)

    class Kit(NlpEngineTests):
        def make_engine(self) -> NlpEngine[Any]:
            return Bad(PluginConfig(), lend())

    return Kit()


def test_an_engine_that_understands_nothing_behaves_well() -> None:
    kit = engine(lambda request: GOOD)
    kit.test_any_text_is_read_without_an_error("nothing")
    kit.test_what_is_found_lies_in_the_text("hola")
    kit.test_the_same_words_are_read_the_same_twice("hola")
    kit.test_the_clock_is_that_of_the_request()
    kit.test_only_languages_of_the_hotel_are_chosen()
    kit.test_requests_at_once_do_not_mix()


def test_an_engine_that_raises_is_found() -> None:
    def read(request: UnderstandRequest) -> Understanding:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        engine(read).test_any_text_is_read_without_an_error("nothing")


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(Understanding(language="de"), id="a foreign language"),
        pytest.param(
            Understanding(language="es", intents=(Intent(name="a", confidence=1.5),)),
            id="too sure",
        ),
        pytest.param(
            Understanding(
                language="es",
                entities=(Entity(type="email", text="x", span=(90, 91), value="x"),),
            ),
            id="outside the text",
        ),
        pytest.param(
            Understanding(
                language="es", entities=(Entity(type="email", text="x", span=(0, 1), value="x"),)
            ),
            id="another text",
        ),
    ],
)
def test_an_unsound_understanding_is_found(found: Understanding) -> None:
    with pytest.raises(AssertionError):
        engine(lambda request: found).test_what_is_found_lies_in_the_text("hola")


def test_an_engine_that_counts_is_found() -> None:
    seen: list[str] = []

    def read(request: UnderstandRequest) -> Understanding:
        seen.append(request.text)
        return Understanding(language="es", intents=(Intent(name=str(len(seen)), confidence=0.5),))

    with pytest.raises(AssertionError):
        engine(read).test_the_same_words_are_read_the_same_twice("hola")
