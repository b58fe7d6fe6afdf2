"""The transcriber: which back end listens, and in which process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agente_hotelero import Finding, Health, Services, Transcriber
from agente_hotelero.errors import Unavailable
from agente_hotelero.speech import ListenRequest, SpeechModel, Transcript, Word
from agente_hotelero.workers import Head, Worker

from agente_hotelero_stt_tts import models, remote
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.housing import Housing

FACTORIES = {
    "whisper": "agente_hotelero_stt_tts.whisper:work",
    "whispercpp": "agente_hotelero_stt_tts.whispercpp:work",
}
LIBRARIES = {"whisper": "faster_whisper", "whispercpp": "pywhispercpp"}


class Listener(Transcriber[SttTtsConfig]):
    """Speech to text, by a model here or an endpoint."""

    config_class = SttTtsConfig

    def __init__(self, config: SttTtsConfig, services: Services) -> None:
        super().__init__(config, services)
        self._housing = Housing(services, config, self._parts)

    async def __aenter__(self) -> Listener:
        """A missing model is told by `health`."""
        if self.config.listen != "openai":
            await self._housing.prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._housing.aclose()

    async def health(self) -> Health:
        wrong = self._housing.missing
        if self.config.listen == "openai" and self.config.listen_url is None:
            wrong = "listen_url is not set"
        return Health(ok=not wrong, detail=wrong or f"{self.config.listen} listens")

    async def diagnose(self) -> Sequence[Finding]:
        await self._housing.load()
        return await super().diagnose()

    def models(self) -> Sequence[SpeechModel]:
        folder = Path(self.config.models_dir)
        return [models.WHISPER.told(folder), models.VAD.told(folder)]

    async def transcribe(self, request: ListenRequest) -> Transcript:
        if self.config.listen == "openai":
            return await remote.transcribe(self.services.http, self.config, request)
        return await listen(await self._housing.worker(), request)

    def _parts(self) -> tuple[str, dict[str, Any]]:
        """Of the process, its model put together; it verifies it itself."""
        config = self.config
        if not models.module(LIBRARIES[config.listen]):
            raise Unavailable(
                f"{config.listen} is not installed: "
                f'pip install "agente-hotelero-stt-tts[{config.listen}]"'
            )
        folder = models.WHISPER.folder(Path(config.models_dir))
        settings = {"folder": str(folder), "threads": config.threads, "beam": config.beam}
        return FACTORIES[config.listen], settings


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
