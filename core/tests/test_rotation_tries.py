"""A secret that could not be taken is tried again, whatever kept it from being taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from agente_hotelero._runtime import rotation
from agente_hotelero._runtime.rotation import Rotation, Source
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError

pytestmark = pytest.mark.anyio
UNREADABLE = ConfigError.at("tenants.sol.plugins.acme.api_key", "its file cannot be read")


class Tried(Rotation):
    """Takes over nothing, and says when it would have."""

    def __init__(self, file: Path, problems: Sequence[Exception]) -> None:
        left, nothing = list(problems), dict[str, Any]()

        def read() -> Settings:
            if left:
                raise left.pop(0)
            return Settings.model_construct()

        unused: Any = None
        super().__init__(
            source=Source(files=lambda: [file], read=read),
            assembly=unused,
            tenants=nothing,
            ingresses=nothing,
            door=unused,
            stack=AsyncExitStack(),
            log=structlog.get_logger("agent"),
        )
        self.taken = asyncio.Event()

    async def _take(self, settings: Settings) -> bool:
        self.taken.set()
        return True


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rotation, "AGAIN_SECONDS", 0.0)
    made = tmp_path / "api_key"
    made.write_text("new")
    return made


async def test_what_could_not_be_read_is_read_again_although_its_file_looks_the_same(
    file: Path,
) -> None:
    tried = Tried(file, [UNREADABLE, UNREADABLE])
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            assert not tried.taken.is_set()
            await tried.look()
    assert tried.taken.is_set()
    assert [line["event"] for line in lines] == ["settings_not_taken"]


async def test_what_was_taken_is_not_read_again(file: Path) -> None:
    tried = Tried(file, [])
    await tried.look()
    tried.taken.clear()
    await tried.look()
    assert not tried.taken.is_set()


async def test_nothing_ends_the_looking(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "LOOK_SECONDS", 0.01)
    tried = Tried(file, [RuntimeError("a bug"), OSError("a disk")])
    tried.start()
    await asyncio.to_thread(file.write_text, "newer")
    async with asyncio.timeout(10):
        await tried.taken.wait()
    await tried.stop()
