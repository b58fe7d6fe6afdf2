"""OpenAI-compatible endpoints: ``POST /audio/transcriptions`` and ``POST /audio/speech``.

Shapes: OpenAI's API reference (audio), with `verbose_json` for words and their language. Both only
read, so that a call which failed may be made again. No message quotes a body.
"""

from __future__ import annotations

import asyncio
import io
import math
import re
import wave
from typing import Any

import httpx
from agente_hotelero import rest
from agente_hotelero.errors import BadMedia, Rejected, Unavailable
from agente_hotelero.speech import ListenRequest, Pcm, Transcript, Word
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agente_hotelero_stt_tts.config import SttTtsConfig

# Of a recording, and of what was heard in one: minutes of the fastest speaker are less.
MOST_BYTES, MOST_TEXT_BYTES = 64 * 1024 * 1024, 4 * 1024 * 1024
TRIES = 2
# Endpoints name a language by its code or in English.
NAMES = {"spanish": "es", "portuguese": "pt", "english": "en"}
WAV_HEADER_SECONDS = 600


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Segment(_Wire):
    text: str = ""
    avg_logprob: float | None = None


class _Transcription(_Wire):
    text: str
    language: str | None = None
    segments: list[_Segment] = Field(default_factory=list)


async def transcribe(
    http: httpx.AsyncClient, config: SttTtsConfig, request: ListenRequest
) -> Transcript:
    """What the endpoint hears; it gets the file as the guest sent it.

    Words are as sure as their segment; with no word on that, none is sure. Raises Throttled,
    Unavailable, Rejected, AuthFailed, NotFound.
    """
    if config.listen_url is None:
        raise Unavailable("listen_url is not set")
    data: dict[str, Any] = {"model": config.listen_model, "response_format": "verbose_json"}
    if len(request.languages) == 1:
        data["language"] = request.languages[0]
    if request.hints:
        data["prompt"] = ", ".join(request.hints)[:500]
    name, body, mime = _file(request)
    options = {
        "data": data,
        "files": {"file": (name, body, mime)},
        "headers": _headers(config),
        "timeout": request.within,
    }
    answer = await _again(http, f"{config.listen_url}/audio/transcriptions", options)
    try:
        found = _Transcription.model_validate_json(answer)
    except ValidationError:
        raise Unavailable("an answer that does not fit") from None
    return _transcript(found, request, config)


async def speak(
    http: httpx.AsyncClient, config: SttTtsConfig, text: str, voice: str, within: float
) -> Pcm:
    """The endpoint's recording, which is asked for as WAV. Raises as `transcribe` does."""
    if config.speak_url is None:
        raise Unavailable("speak_url is not set")
    body = {
        "model": config.speak_model,
        "input": text,
        "voice": voice,
        "speed": config.speed,
        "response_format": "wav",
    }
    options = {"json": body, "headers": _headers(config), "timeout": within}
    return _pcm(await _body(http, f"{config.speak_url}/audio/speech", options, MOST_BYTES))


async def _again(http: httpx.AsyncClient, url: str, options: dict[str, Any]) -> bytes:
    for attempt in range(TRIES):
        try:
            return await _body(http, url, options, MOST_TEXT_BYTES)
        except Unavailable:
            if attempt + 1 == TRIES:
                raise
    raise Unavailable("not tried")


async def _body(http: httpx.AsyncClient, url: str, options: dict[str, Any], most: int) -> bytes:
    """What is answered, of which no more than `most` bytes are read, and for no longer than asked:
    the endpoint is somebody else's machine."""
    received = bytearray()
    try:
        async with (
            asyncio.timeout(options["timeout"]),
            http.stream("POST", url, follow_redirects=False, **options) as response,
        ):
            if not response.is_success:
                raise rest.refusal(response)
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > most:
                    raise Rejected("a larger answer than is taken")
    except (httpx.HTTPError, TimeoutError) as error:
        raise Unavailable(type(error).__name__) from error
    return bytes(received)


def _headers(config: SttTtsConfig) -> dict[str, str]:
    if config.api_key is None:
        return {}
    return {"Authorization": f"Bearer {config.api_key.get_secret_value()}"}


def _file(request: ListenRequest) -> tuple[str, bytes, str]:
    if request.body:
        mime = request.mime_type.partition(";")[0] or "application/octet-stream"
        return ("note.ogg" if "ogg" in mime else "note", request.body, mime)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(request.pcm.rate)
        file.writeframes(request.pcm.samples)
    return "note.wav", out.getvalue(), "audio/wav"


def _transcript(found: _Transcription, request: ListenRequest, config: SttTtsConfig) -> Transcript:
    text = found.text.strip()
    told = [one.avg_logprob for one in found.segments if one.avg_logprob is not None]
    sure = min((_probability(one) for one in told), default=0.0)
    spoke = any(mark.isalnum() for mark in text)
    return Transcript(
        status="ok" if spoke else "no_speech",
        text=text,
        language=_language(found, request) if spoke else "",
        words=tuple(Word(text=word, probability=round(sure, 3)) for word in text.split()),
        seconds=round(request.pcm.seconds, 2),
        model=config.listen_model,
    )


def _probability(logarithm: float) -> float:
    """What is no number is no certainty."""
    return math.exp(min(logarithm, 0.0)) if math.isfinite(logarithm) else 0.0


def _language(found: _Transcription, request: ListenRequest) -> str:
    """The code of the language that the endpoint names, whichever it is: whoever asked judges. One
    that names none was told which one, or is not asked to tell."""
    said = (found.language or "").lower().strip()
    if said:
        return NAMES.get(said, re.split("[-_]", said)[0])
    return request.languages[0] if len(request.languages) == 1 else ""


def _pcm(body: bytes) -> Pcm:
    """Samples of a WAV file, whose header may not know its length yet."""
    try:
        with wave.open(io.BytesIO(body)) as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise BadMedia("not one channel of 16 bit")
            rate = file.getframerate()
            samples = file.readframes(min(file.getnframes(), rate * WAV_HEADER_SECONDS))
    except (wave.Error, EOFError, ValueError) as error:
        raise Unavailable("an answer that is no WAV file") from error
    return Pcm(samples=samples[: len(samples) // 2 * 2], rate=rate)
