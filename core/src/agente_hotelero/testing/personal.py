"""What every plugin must do that holds something of guests, as tests to be inherited.

::

    class TestAcme(PersonalDataTests):
        def schema(self) -> PluginSchema:
            return register_schema()

        def personal_data(self) -> PersonalData:
            return register_personal_data()

        async def leave_traces(self, services: Services, guest: Canary) -> None:
            await add_line(services, guest.address, guest.words)

A canary guest leaves traces; then every column of every table of the plugin, its files and its log
lines are searched. Needs pytest and nothing else.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from agente_hotelero.components import PersonalData, PluginSchema, Services
from agente_hotelero.testing import grades
from agente_hotelero.testing.lent import MemoryStore, lend


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """A guest whom nobody else can be taken for. `address` is what the plugin knows guests by:
    one of the others, unless the test class says otherwise."""

    name: str
    email: str
    phone: str
    words: str
    address: str

    def marks(self) -> list[str]:
        """What must be found nowhere, also as parts of ids that providers make of numbers."""
        digits = self.phone.lstrip("+")
        plain = [self.name, self.email, digits, self.words, self.address]
        coded = [base64.b64encode(digits.encode())[:16].decode()]
        return [one.casefold() for one in dict.fromkeys([*plain, *coded])]


ANA = Canary(
    name="Canaria Quetzal",
    email="canaria.quetzal@canary.example",
    phone="+5491170771077",
    words="el canario amarillo no canta",
    address="canaria.quetzal@canary.example",
)
BEN = Canary(
    name="Otho Toucan",
    email="otho.toucan@canary.example",
    phone="+5491180881088",
    words="o tucano azul fala pouco",
    address="otho.toucan@canary.example",
)


class PersonalDataTests:
    """Inherit, and say how your plugin comes to hold something of a guest."""

    def schema(self) -> PluginSchema | None:
        """What your `register_schema` returns; None without tables."""
        return None

    def personal_data(self) -> PersonalData:
        """What your `register_personal_data` returns."""
        raise NotImplementedError("say how a guest is exported and erased")

    async def leave_traces(self, services: Services, guest: Canary) -> None:
        """Have the plugin do all by which it comes to hold something of a guest."""
        raise NotImplementedError("say what your plugin keeps of a guest")

    def guest(self, canary: Canary) -> Canary:
        """With the address by which your plugin knows guests: the e-mail address, if not said."""
        return canary

    def run(self, folder: Path, work: Callable[[Scene], Awaitable[None]]) -> None:
        async def play() -> None:
            async with _scene(self, folder) as scene:
                await work(scene)

        asyncio.run(play())

    @pytest.fixture(autouse=True)
    def _counted(self, request: pytest.FixtureRequest) -> None:
        """Let `hotelero check-plugin` see that a guest can be erased."""
        manager = request.config.pluginmanager
        if not manager.has_plugin(grades.__name__):
            manager.register(grades, grades.__name__)
        grades.mark(request.node)

    def test_what_is_left_is_found_by_the_search(self, tmp_path: Path) -> None:
        """Else the other tests would prove nothing."""

        async def work(scene: Scene) -> None:
            assert await scene.residue(scene.ana) != []

        self.run(tmp_path, work)

    def test_what_is_held_is_exported(self, tmp_path: Path) -> None:
        async def work(scene: Scene) -> None:
            told = json.dumps(await scene.export(scene.ana), default=str, ensure_ascii=False)
            found = [one for one in scene.ana.marks() if one in told.casefold()]
            assert found != []
            others = [one for one in scene.ben.marks() if one in told.casefold()]
            assert others == []

        self.run(tmp_path, work)

    def test_who_is_erased_is_found_nowhere(self, tmp_path: Path) -> None:
        async def work(scene: Scene) -> None:
            assert await scene.erase(scene.ana) > 0
            left = await scene.residue(scene.ana)
            assert left == [], f"left behind in {', '.join(left)}"
            assert not await scene.export(scene.ana)

        self.run(tmp_path, work)

    def test_nothing_is_found_in_the_log(self, tmp_path: Path) -> None:
        async def work(scene: Scene) -> None:
            await scene.export(scene.ana)
            await scene.erase(scene.ana)
            said = json.dumps(scene.log, default=str, ensure_ascii=False).casefold()
            assert [one for one in scene.ana.marks() if one in said] == []

        self.run(tmp_path, work)

    def test_other_guests_are_left(self, tmp_path: Path) -> None:
        async def work(scene: Scene) -> None:
            before = await scene.residue(scene.ben)
            await scene.erase(scene.ana)
            assert await scene.residue(scene.ben) == before != []

        self.run(tmp_path, work)

    def test_the_same_guest_of_another_hotel_is_left(self, tmp_path: Path) -> None:
        async def work(scene: Scene) -> None:
            elsewhere = replace(scene.services, tenant="luna")
            await self.leave_traces(elsewhere, scene.ana)
            await scene.erase(scene.ana)
            assert await scene.residue(scene.ana) != []

        self.run(tmp_path, work)

    def test_erasing_twice_and_erasing_nobody_are_harmless(self, tmp_path: Path) -> None:
        async def work(scene: Scene) -> None:
            await scene.erase(scene.ana)
            assert await scene.erase(scene.ana) == 0
            nobody = replace(scene.ana, address="nobody@canary.example")
            assert await scene.erase(nobody) == 0

        self.run(tmp_path, work)


class Scene:
    """A hotel in which two guests left their traces."""

    def __init__(
        self,
        services: Services,
        held: PersonalData,
        tables: Sequence[Any],
        log: list[Mapping[str, Any]],
        ana: Canary,
        ben: Canary,
    ) -> None:
        self.services = services
        self.held = held
        self.tables = tables
        self.log = log
        self.ana = ana
        self.ben = ben

    async def export(self, guest: Canary) -> Mapping[str, object]:
        return await self.held.export(self.services, guest.address)

    async def erase(self, guest: Canary) -> int:
        return await self.held.erase(self.services, guest.address)

    async def residue(self, guest: Canary) -> list[str]:
        """Where something of a guest is: columns, with how many rows, and files."""
        found: dict[str, int] = {}
        async with self.services.sessions() as session:
            for table in self.tables:
                for row in (await session.execute(select(table))).mappings():
                    for place in _places(table.name, dict(row), guest):
                        found[place] = found.get(place, 0) + 1
        files = getattr(self.services.media, "files", {})
        for name, body in files.items():
            if any(one.encode() in body.lower() or one in name.lower() for one in guest.marks()):
                found[f"file {name}"] = 1
        return sorted(f"{place}: {number}" for place, number in found.items())


def _places(table: str, row: Mapping[str, Any], guest: Canary) -> Iterator[str]:
    for column, value in row.items():
        if isinstance(value, bytes):
            text = value.decode("utf-8", "replace")
        elif isinstance(value, str):
            text = value
        else:
            text = json.dumps(value, default=str, ensure_ascii=False)
        if any(one in text.casefold() for one in guest.marks()):
            yield f"{table}.{column}"


@asynccontextmanager
async def _scene(kit: PersonalDataTests, folder: Path) -> AsyncIterator[Scene]:
    """A scene with the traces of both guests in it."""
    url = f"sqlite+aiosqlite:///{folder}/plugin.db"
    schema = kit.schema()
    tables = list(schema.metadata.sorted_tables) if schema is not None else []
    engine = create_async_engine(url)
    if schema is not None:
        async with engine.begin() as connection:
            await connection.run_sync(schema.metadata.create_all)
    log: list[Mapping[str, Any]] = []

    def keep(_: Any, __: str, event: Any) -> Any:
        log.append(dict(event))
        raise structlog.DropEvent

    services = replace(
        lend(media=MemoryStore()),
        sessions=async_sessionmaker(engine, expire_on_commit=False),
        log=structlog.wrap_logger(None, processors=[keep]),
    )
    ana, ben = kit.guest(ANA), kit.guest(BEN)
    for guest in (ana, ben):
        await kit.leave_traces(services, guest)
    try:
        yield Scene(services, kit.personal_data(), tables, log, ana, ben)
    finally:
        await services.http.aclose()
        await engine.dispose()
