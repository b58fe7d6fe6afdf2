"""Speed, memory and the loop, on the notes that are given."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agente_hotelero import audio
from agente_hotelero.audio import Sounds
from agente_hotelero.errors import BadMedia
from agente_hotelero.speech import ListenRequest, SpeakRequest
from agente_hotelero.workers import Worker
from agente_hotelero_stt_tts.listening import listen
from agente_hotelero_stt_tts.speaking import KOKORO_VOICES, local
from agente_hotelero_stt_tts.spoken import spoken

from benchmarks.measure import cpu_seconds
from core.tests.sounds import bomb

LANGUAGES = ("es", "pt", "en")
# About four and a half seconds when spoken.
REPLIES = {
    "es": "Sí, tengo una habitación doble libre en esas fechas. ¿Se la reservo?",
    "pt": "Sim, tenho um quarto duplo livre nessas datas. Posso reservar?",
    "en": "Yes, I have a double room free on those dates. Shall I book it for you?",
}


@dataclass
class Watched:
    """The loop while processes work, or their memory in megabytes: the share of each that is not
    another's (PSS), summed. Not both at once, since looking at memory stops who uses it."""

    workers: Sequence[Worker]
    memory: bool
    most: float = 0.0
    stalls: list[float] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._memory() if self.memory else self._loop())
        try:
            yield
        finally:
            task.cancel()

    async def _memory(self) -> None:
        while True:
            pids = [one.pid for one in self.workers if one.pid]
            self.most = max(self.most, await asyncio.to_thread(memory_of, pids))
            await asyncio.sleep(0.05)

    async def _loop(self) -> None:
        """How much later than asked the loop turns, in milliseconds."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.001)
            self.stalls.append((time.perf_counter() - begun - 0.001) * 1000)


def memory_of(pids: Sequence[int]) -> float:
    return sum(pss(pid) for pid in pids)


def pss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    line = next(one for one in text.splitlines() if one.startswith("Pss:"))
    return int(line.split()[1]) / 1024


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Seconds of a note, of the whole turn, and of a processor."""

    note: float
    whole: float
    processor: float


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Whole turns, and what they cost of memory (MB) and the loop's time (ms)."""

    turns: list[Turn]
    memory: float
    stall: float
    stalls_99: float
    load: float


async def turns(notes: Sequence[tuple[bytes, str]], ears: Worker, mouth: Worker) -> Turns:
    """From the file of each note to the file of a spoken reply, one after the other: unwatched,
    then some of them with an eye on the loop, then on memory."""
    sounds = Sounds()
    for worker in (ears, mouth, sounds.worker):
        await worker.start()
    found = [await _turn(note, language, sounds, ears, mouth) for note, language in notes]
    load = os.getloadavg()[0]
    watched = [Watched((ears, mouth), memory=memory) for memory in (False, True)]
    for one in watched:
        async with one.watching():
            for note, language in notes[::3]:
                await _turn(note, language, sounds, ears, mouth)
    await sounds.aclose()
    stalls = sorted(watched[0].stalls)
    return Turns(
        turns=found,
        memory=watched[1].most,
        stall=stalls[-1],
        stalls_99=statistics.quantiles(stalls, n=100)[-1],
        load=load,
    )


async def _turn(note: bytes, language: str, sounds: Sounds, ears: Worker, mouth: Worker) -> Turn:
    begun, spent = time.perf_counter(), _spent(ears, mouth)
    pcm = await sounds.decode(note)
    await listen(ears, ListenRequest(pcm=pcm, languages=LANGUAGES))
    reply = SpeakRequest(text=spoken(REPLIES[language], language), language=language)
    said = await local(mouth, reply, KOKORO_VOICES[language], 1.0)
    await sounds.encode(said)
    whole = time.perf_counter() - begun
    return Turn(note=pcm.seconds, whole=whole, processor=_spent(ears, mouth) - spent)


def _spent(*workers: Worker) -> float:
    """Seconds of a processor that processes have used."""
    return sum(cpu_seconds(worker.pid) for worker in workers if worker.pid)


def refusing_a_bomb() -> tuple[int, float]:
    """Bytes of a file that decodes to 42 minutes, and CPU seconds until it is refused."""
    body = bomb(42)
    audio.decode(bomb(1))
    begun = time.process_time()
    try:
        audio.decode(body)
    except BadMedia:
        return len(body), time.process_time() - begun
    raise AssertionError("the bomb was taken")
