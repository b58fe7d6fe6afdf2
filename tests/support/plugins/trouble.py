"""A plugin that does everything wrong, when a guest's words say so.

"#read-<what>" misbehaves in the engine; "#desk-<what>" is sent to the handler, which then does;
"#gone" is asked of a handler that could not be opened.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from agente_hotelero import Decision, Handler, HandlerRequest, NlpEngine, PluginConfig, hookimpl
from agente_hotelero.messages import Intent, Reply, Understanding, UnderstandRequest


def loop() -> None:
    while True:
        pass


def memory() -> None:
    held = []
    while True:
        held.append(bytearray(1_000_000))


def fail() -> None:
    raise KeyError("Ana, ana@example.com")


def interrupt() -> None:
    raise KeyboardInterrupt


def cancel() -> None:
    raise asyncio.CancelledError


async def hang() -> None:
    await asyncio.sleep(600)


async def stubborn() -> None:
    """Retry for ever, whatever happens."""
    while True:
        try:
            await asyncio.sleep(600)
        except BaseException:
            continue


WRONGS: dict[str, Callable[[], Any]] = {
    "sleep": lambda: time.sleep(600),
    "loop": loop,
    "regex": lambda: re.match(r"(a+)+$", "a" * 40 + "b"),
    "memory": memory,
    "fail": fail,
    "exit": sys.exit,
    "interrupt": interrupt,
    "cancel": cancel,
    "hang": hang,
    "stubborn": stubborn,
    "endless": lambda: None,
    "nonsense": lambda: None,
}


async def misbehave(what: str) -> None:
    done = WRONGS[what]()
    if asyncio.iscoroutine(done):
        await done


def understood(*names: str) -> Understanding:
    intents = tuple(Intent(name=name, confidence=1.0) for name in names)
    return Understanding(language="es", intents=intents, verdict="act" if names else "reject")


class Engine(NlpEngine[PluginConfig]):
    """Rejects what is not for it."""

    async def understand(self, request: UnderstandRequest) -> Understanding:
        place, _, what = request.text.partition("#")[2].partition("-")
        if place == "gone":
            return understood("gone")
        if place == "desk":
            return understood("trouble")
        if place != "read":
            return understood()
        await misbehave(what)
        nonsense: Any = "nonsense"
        return understood(*["trouble"] * 101) if what == "endless" else nonsense


class Desk(Handler[PluginConfig]):
    """Owns the intent of this plugin's engine."""

    name = "trouble.desk"
    intents = frozenset({"trouble"})

    async def handle(self, request: HandlerRequest) -> Decision:
        what = request.text.partition("#desk-")[2]
        await misbehave(what)
        nonsense: Any = None
        replies = (Reply(template="core/trouble", values={"hotel": "x"}),) * 21
        return Decision(replies=replies) if what == "endless" else nonsense


@hookimpl
def register_nlp_engines() -> Sequence[type[NlpEngine[Any]]]:
    return [Engine]


@hookimpl
def register_handlers() -> Sequence[type[Handler[Any]]]:
    return [Desk]
