"""Answers spoken: which words, in whose voice, kept where, and what is written all the same."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from agente_hotelero._db import heard
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero._runtime.media_store import new_name
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.rendering import Bubble
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.audio import NOTE_MIME, Sounds
from agente_hotelero.components import Clock, Log, MediaStore
from agente_hotelero.errors import HoteleroError, NotFound
from agente_hotelero.messages import Attachment
from agente_hotelero.speech import Pcm, SpeakRequest

JOB = "core/recordings"
BESIDES = 15.0


@dataclass(frozen=True, kw_only=True)
class Mouth:
    """Speaks for all hotels."""

    database: Database
    store: MediaStore
    sounds: Sounds
    clock: Clock
    log: Log
    metrics: Metrics
    seconds: float
    days: int

    async def say(
        self, tenant: Tenant, language: str, bubbles: Sequence[Bubble], *, written: bool
    ) -> list[Bubble]:
        """What is sent to a guest who spoke: the recording first. Whatever cannot be spoken, now
        or at all, is written. `written`: the guest wants to read it in any case."""
        now = self.clock.now().astimezone(tenant.settings.zone)
        if tenant.settings.voice.answer == "text" or tenant.settings.voice.is_quiet(now.time()):
            return list(bubbles)
        chosen = aloud(bubbles, tenant.settings.voice.longest_answer)
        words = "\n".join(bubble.text for bubble in chosen)
        name = await self._recorded(tenant, language, words) if words else None
        if name is None:
            return list(bubbles)
        both = written or tenant.settings.voice.answer == "both"
        return with_recording(bubbles, chosen, _note(name), both=both)

    async def forget(self) -> None:
        """Delete the recordings that nobody has heard for as long as guests' files are kept."""
        before = self.clock.now() - timedelta(days=self.days)
        async with self.database.sessions() as session:
            old = await heard.old_recordings(session, before)
        for one in old:
            await self.store.delete(one.name)
            async with self.database.sessions() as session, session.begin():
                await heard.forget_recording(session, one.tenant, one.key, before)

    def planned(self) -> Planned:
        """The core's own job, each night."""
        return Planned(cron="40 4 * * *", zone=ZoneInfo("UTC"), run=self.forget)

    async def _recorded(self, tenant: Tenant, language: str, words: str) -> str | None:
        """Where the recording is kept, made now if there is none; None where it cannot be had."""
        if tenant.synthesizer is None:
            return None
        synthesizer, guard = tenant.synthesizer
        begun, outcome = time.perf_counter(), "spoken"
        try:
            voice = guard.run("voice", lambda: synthesizer.voice(language))
            if voice is None:
                return None
            # Its place first: a file that no row names would be kept for ever.
            name = await self._place(tenant, recording_key(voice, language, words))
            if await self._is_there(name):
                outcome = "from store"
                return name
            request = SpeakRequest(text=words, language=language, within=self.seconds)
            pcm = await guard.call(
                "synthesize",
                lambda: synthesizer.synthesize(request),
                within=self.seconds + BESIDES,
                check=_check,
            )
            await self.store.put(name, await self.sounds.encode(pcm))
        except HoteleroError as error:
            self.log.warning("answer_not_spoken", error=type(error).__name__)
            outcome = "failed"
            return None
        finally:
            self.metrics.voice_answers.labels(outcome).inc()
            self.metrics.voice_seconds.labels("speak").observe(time.perf_counter() - begun)
        return name

    async def _place(self, tenant: Tenant, key: str) -> str:
        """Where the recording with a key is kept, or is to be; it is used now."""
        offered = new_name(tenant.id, ".ogg")
        async with self.database.sessions() as session, session.begin():
            return await heard.place_of(session, tenant.id, key, offered, self.clock.now())

    async def _is_there(self, name: str) -> bool:
        try:
            await self.store.get(name)
        except NotFound:
            return False
        return True


def recording_key(voice: str, language: str, words: str) -> str:
    """What a recording is found by again; it does not tell the words."""
    return hashlib.sha256("\0".join((voice, language, words)).encode()).hexdigest()


def aloud(bubbles: Sequence[Bubble], longest: int) -> list[Bubble]:
    """What is worth hearing: no cards with pictures, and of too much only what was said last, which
    asks."""
    worth = [bubble for bubble in bubbles if bubble.text and bubble.image is None]
    if sum(len(bubble.text) for bubble in worth) <= longest:
        return worth
    return [bubble for bubble in worth[-1:] if len(bubble.text) <= longest]


def with_recording(
    bubbles: Sequence[Bubble], chosen: Sequence[Bubble], note: Attachment, *, both: bool
) -> list[Bubble]:
    """The recording, then what is written too: all of it, or what must be seen - amounts, what
    there is to choose from, places."""
    spoken = [bubble for bubble in chosen if not both and _is_only_words(bubble)]
    recording = Bubble(
        text="",
        attachment=note,
        spoken="\n".join(bubble.text for bubble in chosen),
        acts=tuple(act for bubble in spoken for act in bubble.acts),
    )
    return [recording, *(bubble for bubble in bubbles if bubble not in spoken)]


def _is_only_words(bubble: Bubble) -> bool:
    chosen_from = bubble.options or bubble.listed
    seen = bubble.location or bubble.attachment or bubble.template or bubble.image
    return not (chosen_from or seen or bubble.amounts)


def _note(name: str) -> Attachment:
    return Attachment(kind="voice", mime_type=NOTE_MIME, filename="voice.ogg", stored=name)


def _check(given: object) -> None:
    if not isinstance(given, Pcm):
        raise TypeError("not a sound")
