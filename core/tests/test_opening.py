from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Self

import pytest
import structlog
from agente_hotelero._runtime import opening
from agente_hotelero._runtime.guard import Walls
from agente_hotelero._runtime.opening import NotOpened, Opening
from agente_hotelero.components import Component, PluginConfig
from agente_hotelero.errors import ConfigError, Unavailable
from agente_hotelero.testing import lend
from anyio import create_task_group

pytestmark = pytest.mark.anyio
Step = Callable[[], Coroutine[Any, Any, None]]


async def nothing() -> None:
    return


async def hang() -> None:
    await asyncio.sleep(60)


def failing(error: BaseException) -> Step:
    async def step() -> None:
        raise error

    return step


async def quit_() -> None:
    sys.exit(3)


class Part(Component[PluginConfig]):
    """Opens and closes by the steps it is given."""

    def __init__(self, enter: Step = nothing, leave: Step = nothing) -> None:
        super().__init__(PluginConfig(), lend())
        self.enter, self.leave = enter, leave
        self.left = False

    async def __aenter__(self) -> Self:
        await self.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()
        self.left = True


def an_opening(make: Callable[[], Any], walls: Walls | None = None) -> Opening[Part]:
    log = structlog.get_logger()
    return Opening(plugin="acme", make=make, seconds=0.1, walls=walls or Walls(), log=log)


async def test_a_component_is_open_until_the_stack_ends() -> None:
    async with AsyncExitStack() as stack:
        part = await an_opening(Part).open(stack)
        assert not part.left
    assert part.left


@pytest.mark.parametrize(
    ("enter", "why"),
    [
        (failing(RuntimeError("password")), "RuntimeError"),
        (failing(Unavailable("no route")), "Unavailable: no route"),
        (quit_, "SystemExit"),
        (hang, "not open after 0.1 s"),
    ],
    ids=["raises", "away", "exits", "hangs"],
)
async def test_what_cannot_be_opened_says_why_and_no_secret(enter: Step, why: str) -> None:
    walls = Walls()
    async with AsyncExitStack() as stack:
        with pytest.raises(NotOpened) as caught:
            await an_opening(lambda: Part(enter), walls).open(stack)
    assert str(caught.value) == why
    assert walls.failures.last["acme"].operation == "open"


async def test_a_constructor_that_fails_is_not_opened() -> None:
    def make() -> Part:
        raise KeyError("x")

    async with AsyncExitStack() as stack:
        with pytest.raises(NotOpened, match="KeyError"):
            await an_opening(make).open(stack)


async def test_wrong_settings_are_told_as_such() -> None:
    enter = failing(ConfigError.at("plugins.acme.url", "does not exist"))
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=r"plugins\.acme\.url"):
            await an_opening(lambda: Part(enter)).open(stack)


async def test_an_enter_that_returns_nothing_is_not_open() -> None:
    class Forgetful(Part):
        async def __aenter__(self) -> Any:
            return None

    async with AsyncExitStack() as stack:
        with pytest.raises(NotOpened, match="TypeError"):
            await an_opening(Forgetful).open(stack)


@pytest.mark.parametrize("leave", [failing(RuntimeError()), quit_, hang])
async def test_what_cannot_be_closed_does_not_keep_others_from_closing(
    leave: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "CLOSE_SECONDS", 0.05)
    async with AsyncExitStack() as stack:
        good = await an_opening(Part).open(stack)
        await an_opening(lambda: Part(leave=leave)).open(stack)
    assert good.left


async def test_a_component_that_dies_of_its_own_task_group_dies_alone() -> None:
    class Grouped(Part):
        """Its group is left by the task that entered it, or anyio objects."""

        async def __aenter__(self) -> Self:
            self.group = create_task_group()
            await self.group.__aenter__()
            self.group.start_soon(failing(RuntimeError("died")))
            return self

        async def __aexit__(self, *given: Any) -> None:
            await self.group.__aexit__(*given)

    walls = Walls()
    async with AsyncExitStack() as stack:
        await an_opening(Grouped, walls).open(stack)
        await asyncio.sleep(0.05)
    assert walls.failures.last["acme"].operation == "background"
