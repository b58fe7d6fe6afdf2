"""The kits of the core, on every back end that is installed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from agente_hotelero import Finding, Services
from agente_hotelero.errors import Unavailable
from agente_hotelero.testing import lend
from agente_hotelero.testing.speech import SynthesizerTests, TranscriberTests
from agente_hotelero_stt_tts import models
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.listening import Listener
from agente_hotelero_stt_tts.speaking import ESPEAK, Speaker

from plugins.stt_tts.tests.stand_in import serving

NOTE = Path(__file__).parent / "notes" / "es.ogg"
MODELS = Path(SttTtsConfig().models_dir)


def config(**given: str) -> SttTtsConfig:
    return SttTtsConfig.model_validate(given)


def unpooled() -> Services:
    """With a client that keeps no connection open: the kit's loops end sooner than it."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return lend(http=httpx.AsyncClient(timeout=5, limits=limits))


class TestWhisper(TranscriberTests):
    def make_transcriber(self) -> Listener:
        return Listener(SttTtsConfig(), lend())

    def note(self) -> tuple[bytes, str, str]:
        return NOTE.read_bytes(), "es", "marzo"


class TestWhisperCpp(TestWhisper):
    def make_transcriber(self) -> Listener:
        return Listener(SttTtsConfig(listen="whispercpp", beam=1, threads=1), lend())


class TestEndpointThatListens(TranscriberTests):
    """Against a loopback server that answers as OpenAI's reference says."""

    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with serving() as url:
            self.url = url
            yield

    def make_transcriber(self) -> Listener:
        return Listener(config(listen="openai", listen_url=self.url), unpooled())

    def note(self) -> tuple[bytes, str, str]:
        return NOTE.read_bytes(), "es", "marzo"


class TestPico(SynthesizerTests):
    languages = ("es", "en")

    def make_synthesizer(self) -> Speaker:
        return Speaker(SttTtsConfig(speak="pico"), lend())


class TestEndpointThatSpeaks(SynthesizerTests):
    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with serving() as url:
            self.url = url
            yield

    def make_synthesizer(self) -> Speaker:
        return Speaker(config(speak="openai", speak_url=self.url), unpooled())


@pytest.mark.skipif(
    not (models.program(ESPEAK) and models.VOICES.here(MODELS)),
    reason="needs espeak-ng and `hotelero voice fetch`",
)
class TestKokoro(SynthesizerTests):
    def make_synthesizer(self) -> Speaker:
        return Speaker(SttTtsConfig(), lend())


@pytest.mark.anyio
async def test_too_little_memory_is_said_and_enough_is_enough() -> None:
    async with Listener(SttTtsConfig(memory_mb=300), lend()) as listener:
        with pytest.raises(Unavailable):
            await listener.diagnose()
    async with Listener(SttTtsConfig(), lend()) as listener:
        (found,) = await listener.diagnose()
    assert found == Finding(ok=True, what="whisper listens")
