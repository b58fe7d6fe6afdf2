"""The transcriber: which back end listens, and in which process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from agente_hotelero import Finding, Health, Services, Transcriber
from agente_hotelero.errors import HoteleroError, Unavailable
from agente_hotelero.speech import ListenRequest, SpeechModel, Transcript, Word
from agente_hotelero.workers import Head, Worker

from agente_hotelero_stt_tts import models, remote
from agente_hotelero_stt_tts.config import SttTtsConfig

FACTORIES = {
    "whisper": "agente_hotelero_stt_tts.whisper:work",
    "whispercpp": "agente_hotelero_stt_tts.whispercpp:work",
}
LIBRARIES = {"whisper": "faster_whisper", "whispercpp": "pywhispercpp"}


class Listener(Transcriber[SttTtsConfig]):
    """Speech to text. Hotels with the same settings share one process and one queue."""

    config_class = SttTtsConfig

    def __init__(self, config: SttTtsConfig, services: Services) -> None:
        super().__init__(config, services)
        self._worker: Worker | None = None
        self._missing = ""

    async def __aenter__(self) -> Listener:
        """A missing model is told by `health`; it keeps nobody from starting."""
        if self.config.listen != "openai":
            await self._prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._worker is not None:
            await self._worker.aclose()

    async def health(self) -> Health:
        detail = self._missing or f"{self.config.listen} listens"
        if self.config.listen == "openai" and self.config.listen_url is None:
            detail = self._missing = "listen_url is not set"
        return Health(ok=not self._missing, detail=detail)

    async def diagnose(self) -> Sequence[Finding]:
        """The model is loaded, which takes seconds."""
        if self._worker is not None:
            await self._worker.start()
        return await super().diagnose()

    def models(self) -> Sequence[SpeechModel]:
        folder = Path(self.config.models_dir)
        return [models.WHISPER.told(folder), models.VAD.told(folder)]

    async def transcribe(self, request: ListenRequest) -> Transcript:
        if self.config.listen == "openai":
            return await remote.transcribe(self.services.http, self.config, request)
        if self._worker is None:
            await self._prepare()
        if self._worker is None:
            raise Unavailable(self._missing)
        return await listen(self._worker, request)

    async def _prepare(self) -> None:
        try:
            self._worker = await self.services.run_sync(self._made)
            self._missing = ""
        except HoteleroError as error:
            self._missing = str(error)

    def _made(self) -> Worker:
        """The process of these settings, its model put together; it verifies it itself."""
        config = self.config
        if not models.module(LIBRARIES[config.listen]):
            raise Unavailable(
                f"{config.listen} is not installed: "
                f'pip install "agente-hotelero-stt-tts[{config.listen}]"'
            )
        folder = models.WHISPER.folder(Path(config.models_dir))
        settings = {"folder": str(folder), "threads": config.threads, "beam": config.beam}
        key = f"stt_tts.listen:{config.listen}:{settings}:{config.memory_mb}:{config.waiting}"
        made = self.services.shared(
            key,
            lambda: Worker(
                factory=FACTORIES[config.listen],
                settings=settings,
                memory_mb=config.memory_mb,
                waiting=config.waiting,
            ),
        )
        return cast("Worker", made)


async def listen(worker: Worker, request: ListenRequest) -> Transcript:
    """What the process hears. A process that died is asked once more, anew: it may have been killed
    for what it did before."""
    head: Head = {
        "languages": list(request.languages),
        "language": request.language,
        "hints": list(request.hints),
    }
    begun = asyncio.get_running_loop().time()
    try:
        answer, _ = await worker.call(head, request.pcm.samples, within=request.within)
    except Unavailable as error:
        left = request.within - (asyncio.get_running_loop().time() - begun)
        if not isinstance(error.__cause__, EOFError | OSError) or left <= 1:
            raise
        answer, _ = await worker.call(head, request.pcm.samples, within=left)
    return Transcript(
        status=answer["status"],
        text=answer.get("text", ""),
        language=answer.get("language", ""),
        words=tuple(
            Word(text=word, probability=round(sure, 3)) for word, sure in answer.get("words", ())
        ),
        seconds=round(request.pcm.seconds, 2),
        model=models.WHISPER.name,
    )
