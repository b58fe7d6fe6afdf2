"""Where a scene is played: an agent among its neighbours, guests who write, an operator's hands."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.chaos.arena import Arena, Buyer
from tests.support.cluster import deliver, message
from tests.support.processes import hotelero


@dataclass
class Stage:
    """The arena, and what a scene needs to play: guests who write all the time, and commands."""

    place: Arena
    guests: int = 0
    said: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.place.cluster.agents[0].url

    @property
    def folder(self) -> Path:
        return self.place.cluster.folder

    def ask(self, line: str) -> str:
        """What a new guest hears."""
        self.guests += 1
        return asyncio.run(Buyer(self.place, 500 + self.guests).say(line))

    def type(self, *arguments: str) -> str:
        """What a command of the line says. Raises AssertionError where it fails."""
        done = hotelero(arguments, self.place.cluster.environ(), self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def keep_asking(self, line: str, every: float, doubled: float = math.inf) -> None:
        """From now on somebody new writes every so many seconds, and twice as many after each
        `doubled` seconds; nobody waits."""
        self.keep(lambda: asyncio.run(self._ask_on(line, every, doubled)))

    def keep(self, work: Callable[[], None]) -> None:
        """Have something done until `quiet`; it must end when `over` says so."""
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def over(self, seconds: float) -> bool:
        """Wait; whether it is time to end."""
        return self._stop.wait(seconds)

    def quiet(self) -> None:
        """Nobody writes any more; what was written has been taken."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        self._threads.clear()
        self._stop.clear()

    def answered(self) -> bool:
        """Whether everybody who wrote heard something."""
        heard = {one.to for one in list(self.place.simulator.sent)}
        return set(self.said) <= heard

    async def _ask_on(self, line: str, every: float, doubled: float) -> None:
        """As Meta does: each until somebody takes it. One client for all: a guest costs little."""
        begun = time.monotonic()
        async with httpx.AsyncClient(timeout=15) as client, asyncio.TaskGroup() as posts:
            while not self._stop.is_set():
                phone = f"54911557{len(self.said):05}"
                self.said.append(phone)
                body = message(phone, line, datetime.now(UTC))
                posts.create_task(deliver(client, self.place.cluster, body))
                await asyncio.sleep(every / 2 ** ((time.monotonic() - begun) // doubled))


Step = Callable[[Stage], None]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`steps` are a runbook's words for what is done. All of the alerts must fire, or with `any_of`
    one of them. `names` are in the agent's environment, `{folder}` being its own; `plugins` are
    installed for it by name; `around` holds what must be there before it starts."""

    alerts: frozenset[str]
    inject: Step
    mend: Step
    verify: Step
    steps: str
    any_of: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    plugins: Mapping[str, str] = field(default_factory=dict)
    around: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext()

    def told(self, firing: Set[str]) -> bool:
        return bool(self.alerts & firing) if self.any_of else self.alerts <= firing

    def environ(self, folder: Path) -> Mapping[str, str]:
        return {name: value.replace("{folder}", str(folder)) for name, value in self.names.items()}
