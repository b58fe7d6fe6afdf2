"""Guests' voice notes into text: fetched, decoded, written down, and noted where staff read."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agente_hotelero._db import heard, media
from agente_hotelero._db.models import MediaState
from agente_hotelero._db.repository import Waiting
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.scrub import LONGEST_KEY, LONGEST_TEXT, storable
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.audio import Sounds
from agente_hotelero.components import Log, MediaStore
from agente_hotelero.errors import BadMedia, HoteleroError, NotFound, Throttled, Unavailable
from agente_hotelero.messages import Content, Media
from agente_hotelero.speech import ListenRequest, Transcript

# The decoder, and what waits for its turn, besides what the transcriber may take.
BESIDES = 30.0
WRITTEN_DOWN = ("ok", "no_speech")


def is_note(content: Content) -> bool:
    """Whether a message is a recording of somebody who speaks."""
    return content.media is not None and (content.media.voice or content.media.kind == "audio")


@dataclass(frozen=True, kw_only=True)
class Ears:
    """Listens for all hotels."""

    database: Database
    store: MediaStore
    sounds: Sounds
    log: Log
    metrics: Metrics
    seconds: float

    def unheard(self, tenant: Tenant, waiting: Sequence[Waiting]) -> list[Waiting]:
        """The notes among messages that are still to be listened to."""
        if tenant.transcriber is None:
            return []
        return [one for one in waiting if is_note(one.message.content) and _is_open(one)]

    async def hear(
        self, tenant: Tenant, language: str | None, waiting: Sequence[Waiting]
    ) -> Sequence[Waiting]:
        """The messages with the words of those that were spoken. Raises Throttled where their turn
        comes later: what was heard until then is kept."""
        for one in waiting:
            if _is_written_down(one) and not tenant.settings.voice.keep_notes:
                # The process died before it could go.
                await self._forget(tenant, one)
        found: dict[int, Transcript] = {}
        for one in self.unheard(tenant, waiting):
            found[one.id] = await self._listen(tenant, language, one)
            await self.keep(tenant, one, found[one.id])
        return [with_words(one, found) for one in waiting]

    async def keep(self, tenant: Tenant, one: Waiting, what: Transcript) -> None:
        """Note what was heard; the recording goes, where the hotel keeps none."""
        async with self.database.sessions() as session, session.begin():
            await heard.note(session, tenant.id, one.id, what)
        if what.status in WRITTEN_DOWN and not tenant.settings.voice.keep_notes:
            await self._forget(tenant, one)

    async def _listen(self, tenant: Tenant, language: str | None, one: Waiting) -> Transcript:
        begun = time.perf_counter()
        try:
            found = await self._transcript(tenant, language, one.message.content.media)
        except Throttled:
            raise
        except BadMedia as error:
            self.log.info("note_not_taken", event_id=one.id, reason=str(error))
            found = Transcript(status="too_long" if error.too_long else "failed")
        except HoteleroError as error:
            self.log.warning("note_not_heard", event_id=one.id, error=type(error).__name__)
            found = Transcript(status="failed")
        self.metrics.voice_notes.labels(found.status).inc()
        self.metrics.voice_seconds.labels("listen").observe(time.perf_counter() - begun)
        return found

    async def _transcript(
        self, tenant: Tenant, language: str | None, file: Media | None
    ) -> Transcript:
        if file is None or not file.stored or tenant.transcriber is None:
            raise NotFound("the file was not fetched")
        transcriber, guard = tenant.transcriber
        body = await self.store.get(file.stored)
        pcm = await self.sounds.decode(body, tenant.settings.voice.longest_note_seconds)
        languages = tenant.hotel.languages
        request = ListenRequest(
            pcm=pcm,
            languages=languages,
            language=language,
            hints=(tenant.hotel.name, *await _rooms(tenant, language or languages[0])),
            body=body,
            mime_type=file.mime_type,
            within=self.seconds,
        )
        found = await guard.call(
            "transcribe",
            lambda: transcriber.transcribe(request),
            within=self.seconds + BESIDES,
            check=_check,
        )
        if found.language not in ("", *languages):
            raise Unavailable("a language that was not asked for")
        return sound(found)

    async def _forget(self, tenant: Tenant, one: Waiting) -> None:
        file = one.message.content.media
        if file is None or not file.stored:
            return
        try:
            await self.store.delete(file.stored)
        except Unavailable:
            # The nightly job deletes it with all that is old.
            return
        async with self.database.sessions() as session, session.begin():
            row = await media.of_event(session, tenant.id, one.id)
            if row is not None:
                await media.settle(session, row, MediaState.FORGOTTEN, name="")


async def _rooms(tenant: Tenant, language: str) -> list[str]:
    """What rooms are called, if the PMS says so: names that a guest may say."""
    if tenant.pms is None:
        return []
    try:
        return [room.name for room in await tenant.pms.room_types(language)]
    except HoteleroError:
        return []


def _check(given: object) -> None:
    if not isinstance(given, Transcript) or given.status not in ("ok", "no_speech"):
        raise TypeError("not a transcript")


def sound(found: Transcript) -> Transcript:
    """What an engine heard, no longer than a message may be that is typed, fit to be stored; what
    is no number between 0 and 1 is no certainty."""
    clean = storable(found)
    words, room = [], LONGEST_TEXT
    for word in clean.words:
        room -= len(word.text) + 1
        if room < 0:
            break
        words.append(replace(word, probability=_share(word.probability)))
    seconds = clean.seconds if math.isfinite(clean.seconds) else 0.0
    return replace(clean, words=tuple(words), seconds=seconds, model=clean.model[:LONGEST_KEY])


def _share(probability: float) -> float:
    return min(max(probability, 0.0), 1.0) if math.isfinite(probability) else 0.0


def _is_open(one: Waiting) -> bool:
    said = one.message.content.heard
    return said is None or said.status == "waiting"


def _is_written_down(one: Waiting) -> bool:
    said = one.message.content.heard
    return is_note(one.message.content) and said is not None and said.status in WRITTEN_DOWN


def with_words(one: Waiting, found: Mapping[int, Transcript]) -> Waiting:
    """A message as if what was heard had been written."""
    if one.id not in found:
        return one
    said = found[one.id]
    content = replace(one.message.content, text=said.text, heard=said)
    return replace(one, message=replace(one.message, content=content))
