"""The synthesizer: which back end speaks, and in which process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from agente_hotelero import Finding, Health, Services, Synthesizer
from agente_hotelero.errors import HoteleroError, Unavailable, Unsupported
from agente_hotelero.speech import Pcm, SpeakRequest, SpeechModel
from agente_hotelero.workers import Head, Worker

from agente_hotelero_stt_tts import models, remote
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.spoken import spoken

KOKORO_VOICES = {"es": "ef_dora", "pt": "pf_dora", "en": "af_heart"}
PICO_VOICES = {"es": "es-ES", "en": "en-US"}
OPENAI_VOICES = {"es": "alloy", "pt": "alloy", "en": "alloy"}
DEFAULTS = {"kokoro": KOKORO_VOICES, "pico": PICO_VOICES, "openai": OPENAI_VOICES}
ESPEAK = "espeak-ng"


async def local(worker: Worker, request: SpeakRequest, voice: str, speed: float) -> Pcm:
    """What a process of ours says: the text must be in words already."""
    head: Head = {
        "text": request.text,
        "language": request.language,
        "voice": voice,
        "speed": speed,
    }
    answer, samples = await worker.call(head, within=request.within)
    return Pcm(samples=samples, rate=int(answer["rate"]))


class Speaker(Synthesizer[SttTtsConfig]):
    """Text to speech. Hotels with the same settings share one process and one queue."""

    config_class = SttTtsConfig

    def __init__(self, config: SttTtsConfig, services: Services) -> None:
        super().__init__(config, services)
        self._worker: Worker | None = None
        self._missing = ""

    async def __aenter__(self) -> Speaker:
        """A missing model is told by `health`; it keeps nobody from starting."""
        if self.config.speak != "openai":
            await self._prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._worker is not None:
            await self._worker.aclose()

    async def health(self) -> Health:
        detail = self._missing or f"{self.config.speak} speaks"
        if self.config.speak == "openai" and self.config.speak_url is None:
            detail = self._missing = "speak_url is not set"
        return Health(ok=not self._missing, detail=detail)

    async def diagnose(self) -> Sequence[Finding]:
        """The model is loaded, which takes seconds."""
        if self._worker is not None:
            await self._worker.start()
        return await super().diagnose()

    def models(self) -> Sequence[SpeechModel]:
        folder = Path(self.config.models_dir)
        found = (models.KOKORO, models.VOICES, models.PICO)
        return [model.told(folder) for model in found]

    def voice(self, language: str) -> str | None:
        name = self._name(language)
        how = f"{self.config.speak_model}:" if self.config.speak == "openai" else ""
        return f"{self.config.speak}:{how}{name}:{self.config.speed}" if name else None

    async def synthesize(self, request: SpeakRequest) -> Pcm:
        name = self._name(request.language)
        if name is None:
            raise Unsupported("no voice for this language")
        text = spoken(request.text, request.language)
        if self.config.speak == "openai":
            http = self.services.http
            return await remote.speak(http, self.config, text, name, request.within)
        if self._worker is None:
            await self._prepare()
        if self._worker is None:
            raise Unavailable(self._missing)
        said = replace(request, text=text)
        return await local(self._worker, said, name, self.config.speed)

    def _name(self, language: str) -> str | None:
        own = cast("dict[str, str]", self.config.voices)
        return own.get(language) or DEFAULTS[self.config.speak].get(language)

    async def _prepare(self) -> None:
        try:
            self._worker = await self.services.run_sync(self._made)
            self._missing = ""
        except HoteleroError as error:
            self._missing = str(error)

    def _made(self) -> Worker:
        """The process of these settings, its model put together; it verifies it itself."""
        config = self.config
        factory, settings = self._kokoro() if config.speak == "kokoro" else self._pico()
        key = f"stt_tts.speak:{factory}:{settings}:{config.memory_mb}:{config.waiting}"
        made = self.services.shared(
            key,
            lambda: Worker(
                factory=factory,
                settings=settings,
                memory_mb=config.memory_mb,
                waiting=config.waiting,
            ),
        )
        return cast("Worker", made)

    def _kokoro(self) -> tuple[str, dict[str, Any]]:
        if models.program(ESPEAK) is None:
            raise Unavailable(f"the program {ESPEAK} is not installed: apt-get install {ESPEAK}")
        if not models.module("onnxruntime"):
            raise Unavailable(f"onnxruntime is not installed: {models.KOKORO.advice()}")
        folder = Path(self.config.models_dir)
        settings = {
            "model": str(models.KOKORO.folder(folder) / "kokoro.onnx"),
            "voices": str(models.VOICES.folder(folder)),
            "threads": self.config.threads,
        }
        return "agente_hotelero_stt_tts.kokoro:work", settings

    def _pico(self) -> tuple[str, dict[str, Any]]:
        if not models.module("py_nanotts"):
            raise Unavailable('Pico is not installed: pip install "agente-hotelero-stt-tts[pico]"')
        return "agente_hotelero_stt_tts.pico:work", {}
