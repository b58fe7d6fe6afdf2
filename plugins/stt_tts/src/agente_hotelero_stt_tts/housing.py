"""The process of a model. Hotels with the same settings share one, and one queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from agente_hotelero import Services
from agente_hotelero.errors import HoteleroError, Unavailable
from agente_hotelero.workers import Worker

from agente_hotelero_stt_tts.config import SttTtsConfig


class Housing:
    """Makes the process when all that it needs is there. `parts` names its factory and settings, or
    raises Unavailable saying what is missing; it runs off the loop, for it may unpack a model."""

    def __init__(
        self,
        services: Services,
        config: SttTtsConfig,
        parts: Callable[[], tuple[str, dict[str, Any]]],
    ) -> None:
        self.missing = ""
        self._services = services
        self._config = config
        self._parts = parts
        self._worker: Worker | None = None

    async def prepare(self) -> None:
        """What is missing is kept in `missing`; it keeps nobody from starting."""
        try:
            self._worker = await self._services.run_sync(self._made)
            self.missing = ""
        except HoteleroError as error:
            self.missing = str(error)

    async def worker(self) -> Worker:
        """Raises Unavailable while something is missing."""
        if self._worker is None:
            await self.prepare()
        if self._worker is None:
            raise Unavailable(self.missing)
        return self._worker

    async def load(self) -> None:
        """Have the model in memory, which takes seconds. Raises Unavailable; what is missing is
        told by `missing` alone."""
        if self._worker is not None:
            await self._worker.start()

    async def aclose(self) -> None:
        if self._worker is not None:
            await self._worker.aclose()

    def _made(self) -> Worker:
        factory, settings = self._parts()
        memory_mb, waiting = self._config.memory_mb, self._config.waiting
        made = self._services.shared(
            f"stt_tts:{factory}:{settings}:{memory_mb}:{waiting}",
            lambda: Worker(
                factory=factory, settings=settings, memory_mb=memory_mb, waiting=waiting
            ),
        )
        return cast("Worker", made)
