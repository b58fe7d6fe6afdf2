"""Settings of the plugin."""

from __future__ import annotations

from typing import Annotated, Literal

from agente_hotelero import PluginConfig
from pydantic import AfterValidator, Field, SecretStr

Address = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$"),
    AfterValidator(lambda address: address.rstrip("/")),
]
Language = Literal["es", "pt", "en"]


class SttTtsConfig(PluginConfig):
    """``[plugins.stt_tts]``, or per tenant."""

    listen: Literal["whisper", "whispercpp", "openai"] = "whisper"
    """What writes notes down: faster-whisper, whisper.cpp, or an endpoint."""

    speak: Literal["kokoro", "pico", "openai"] = "kokoro"
    """What speaks answers."""

    models_dir: str = Field(default="data/models", min_length=1)
    """Where models are kept once they are put together from their packages."""

    threads: int = Field(default=2, ge=1, le=64)
    """How many threads a model may use."""

    beam: int = Field(default=5, ge=1, le=10)
    """How many readings whisper weighs against each other: fewer are faster and worse."""

    memory_mb: int = Field(default=2048, ge=256)
    """What each model's process may set aside. On processors with AVX-512 Intel's MKL sets aside
    800 MB of which it uses next to nothing."""

    waiting: int = Field(default=2, ge=0, le=100)
    """How many notes may wait for the one that is heard; more are told to wait a moment."""

    voices: dict[Language, str] = Field(default_factory=dict)
    """The voice of a language: of Kokoro ``ef_dora``, of an endpoint what that has."""

    speed: float = Field(default=1.0, ge=0.5, le=2.0)
    """How fast is spoken."""

    listen_url: Address | None = None
    """For ``listen = "openai"``: what stands before ``/audio/transcriptions``."""

    listen_model: str = Field(default="whisper-1", min_length=1)
    speak_url: Address | None = None
    """For ``speak = "openai"``: what stands before ``/audio/speech``."""

    speak_model: str = Field(default="tts-1", min_length=1)
    api_key: SecretStr | None = None
    """Sent to the endpoints as a bearer token; a server of one's own may need none."""
