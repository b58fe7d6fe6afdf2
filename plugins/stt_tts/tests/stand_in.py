"""A server with OpenAI's two audio routes, on loopback. It hears one sentence wherever it is loud,
and speaks a tone whose length follows the text."""

from __future__ import annotations

import io
import math
import struct
import threading
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from agente_hotelero import audio
from fastapi import FastAPI, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse

SENTENCE = "Del 5 al 8 de marzo."
LOUD, CHANGING = 500, 0.02
LANGUAGES = {"es": "spanish", "pt": "portuguese", "en": "english"}
KEY = "canary-7f3a"


@dataclass
class Seen:
    """What was asked, and how the next calls go wrong: a status each. `says` is answered instead of
    what is heard; `fills` is how many megabytes of spaces come instead of an answer."""

    asked: list[dict[str, object]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    key: str = ""
    says: str | None = None
    fills: int = 0
    filled: int = 0


def app(seen: Seen) -> FastAPI:
    made = FastAPI()

    def refused(request: Request) -> Response | None:
        if seen.key and request.headers.get("authorization") != f"Bearer {seen.key}":
            return Response(status_code=401)
        if seen.fills:
            return StreamingResponse(spaces(seen, request), media_type="application/json")
        status = seen.statuses.pop(0) if seen.statuses else 200
        if status == 204:
            return Response("<html>", 200, media_type="text/html")
        return None if status == 200 else Response(status_code=status)

    @made.post("/v1/audio/transcriptions")
    async def transcriptions(
        request: Request,
        file: UploadFile,
        model: str = Form(),
        language: str | None = Form(None),
        prompt: str | None = Form(None),
        response_format: str = Form("json"),
    ) -> Response:
        no = refused(request)
        if no is not None:
            return no
        body = await file.read()
        asked = {"model": model, "language": language, "prompt": prompt, "name": file.filename}
        seen.asked.append({**asked, "format": response_format, "body": body})
        if seen.says is not None:
            return Response(seen.says, media_type="application/json")
        text = SENTENCE if _speaks(body) else ""
        segments = [{"text": text, "avg_logprob": -0.2}] if text else []
        answer = {"text": text, "language": LANGUAGES[language or "es"], "segments": segments}
        return JSONResponse(answer)

    @made.post("/v1/audio/speech")
    async def speech(request: Request) -> Response:
        no = refused(request)
        if no is not None:
            return no
        asked = await request.json()
        seen.asked.append(asked)
        return Response(_tone(0.3 + 0.05 * len(asked["input"])), media_type="audio/wav")

    return made


async def spaces(seen: Seen, request: Request) -> AsyncIterator[bytes]:
    for _ in range(seen.fills):
        if await request.is_disconnected():
            return
        seen.filled += 1
        yield b" " * 1024 * 1024


def _speaks(body: bytes) -> bool:
    """Loud, and not all the time: as good as any detector for what the kit sends."""
    if body[:4] == b"RIFF":
        with wave.open(io.BytesIO(body)) as file:
            samples = file.readframes(file.getnframes())
    else:
        samples = audio.decode(body)
    values = struct.unpack(f"<{len(samples) // 2}h", samples)
    parts = [values[n : n + 800] for n in range(0, len(values), 800)]
    levels = [max((abs(one) for one in part), default=0) for part in parts]
    return max(levels, default=0) > LOUD and min(levels[:-1], default=0) < 0.5 * max(levels)


def _tone(seconds: float, rate: int = 24_000) -> bytes:
    count = int(seconds * rate)
    values = (int(9000 * math.sin(n / 9)) for n in range(count))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{count}h", *values))
    return out.getvalue()


@contextmanager
def serving(seen: Seen | None = None) -> Iterator[str]:
    """The address before ``/audio``."""
    config = uvicorn.Config(app(seen or Seen()), port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(10)
