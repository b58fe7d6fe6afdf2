"""The synthesizer: which back end speaks, and in which process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from agente_hotelero import Finding, Health, Services, Synthesizer
from agente_hotelero.errors import Unavailable, Unsupported
from agente_hotelero.speech import Pcm, SpeakRequest, SpeechModel
from agente_hotelero.workers import Head, Worker

from agente_hotelero_stt_tts import models, remote
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.housing import Housing
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
    """Text to speech, by a model here or an endpoint."""

    config_class = SttTtsConfig

    def __init__(self, config: SttTtsConfig, services: Services) -> None:
        super().__init__(config, services)
        self._housing = Housing(services, config, self._parts)

    async def __aenter__(self) -> Speaker:
        """A missing model is told by `health`."""
        if self.config.speak != "openai":
            await self._housing.prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._housing.aclose()

    async def health(self) -> Health:
        wrong = self._housing.missing
        if self.config.speak == "openai" and self.config.speak_url is None:
            wrong = "speak_url is not set"
        return Health(ok=not wrong, detail=wrong or f"{self.config.speak} speaks")

    async def diagnose(self) -> Sequence[Finding]:
        await self._housing.load()
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
        said = replace(request, text=text)
        return await local(await self._housing.worker(), said, name, self.config.speed)

    def _name(self, language: str) -> str | None:
        own = cast("dict[str, str]", self.config.voices)
        return own.get(language) or DEFAULTS[self.config.speak].get(language)

    def _parts(self) -> tuple[str, dict[str, Any]]:
        """Of the process, its model put together; it verifies it itself."""
        return self._kokoro() if self.config.speak == "kokoro" else self._pico()

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
