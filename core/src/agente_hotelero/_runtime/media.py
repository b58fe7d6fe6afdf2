"""Guests' files, fetched at once by a durable job: a provider keeps them for days or minutes."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import media as rows
from agente_hotelero._db.models import InboundEventRow, MediaFile, MediaState
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import failpoints
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero._runtime.listening import is_note
from agente_hotelero._runtime.media_store import new_name
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock, Log, MediaStore
from agente_hotelero.errors import AuthFailed, HoteleroError, NotFound, PermanentError
from agente_hotelero.messages import InboundMessage, Media

KIND = "media"
JOB = "core/media"
# Some four days in all; a provider keeps a file for about a week.
DELAYS = (5, 30, 120, 600, 1800, 3600, 14_400, 43_200, 86_400, 172_800)
# After so many tries (some three minutes) who spoke hears that he was not heard.
GUEST_WAITS = 4
FETCH_SECONDS = 120.0
MEGABYTE = 1024 * 1024
SUFFIXES = {"audio/ogg": ".ogg", "image/jpeg": ".jpg", "image/webp": ".webp"}


@dataclass(frozen=True, kw_only=True)
class MediaKeeper:
    """Fetches what is due, and forgets what is old."""

    database: Database
    engine: Engine
    store: MediaStore
    clock: Clock
    log: Log
    metrics: Metrics
    tenants: Mapping[str, Tenant]
    max_mb: int
    days: int

    async def due(self, key: str, at: datetime) -> None:
        """Try to fetch the file of an event; what fails is tried again later, a few times."""
        event_id = int(key.split(":")[1])
        async with self.database.sessions() as session:
            found = await rows.wanted(session, event_id)
        if found is None:
            return
        file, event, message = found
        media = message.content.media
        if media is None:
            return
        try:
            body = await self._fetched(event, media)
            await self.store.put(file.name, body)
        except AuthFailed as error:
            # The file is still there, whenever the account is well again.
            await self._later(file, event, message, type(error).__name__)
        except PermanentError as error:
            await self._give_up(file, event, message, _why(error))
        except HoteleroError as error:
            await self._later(file, event, message, type(error).__name__)
        else:
            failpoints.reached("media.stored")
            await self._settled(
                file,
                event,
                message,
                MediaState.STORED,
                name=file.name,
                size=len(body),
                mime_type=media.mime_type,
                at=self.clock.now(),
            )

    async def forget(self) -> None:
        """Delete what is older than the hotel's guests were told, and the notes that a hotel keeps
        no longer than until they are heard: a process may have died in between."""
        before = self.clock.now() - timedelta(days=self.days)
        while old := await self._older(before):
            await self._delete(old)
        while heard := await self._written_down():
            await self._delete(heard)

    async def _delete(self, files: Sequence[MediaFile]) -> None:
        for file in files:
            await self.store.delete(file.name)
            async with self.database.sessions() as session, session.begin():
                await rows.settle(session, file, MediaState.FORGOTTEN, name="")

    async def _written_down(self) -> Sequence[MediaFile]:
        without = [one.id for one in self.tenants.values() if not one.settings.voice.keep_notes]
        async with self.database.sessions() as session:
            return await rows.written_down(session, without)

    async def _older(self, before: datetime) -> Sequence[MediaFile]:
        async with self.database.sessions() as session:
            return await rows.older(session, before)

    def planned(self) -> Planned:
        """The core's own job, each night."""
        return Planned(cron="20 4 * * *", zone=ZoneInfo("UTC"), run=self.forget)

    async def _fetched(self, event: InboundEventRow, media: Media) -> bytes:
        tenant = self.tenants.get(event.tenant)
        found = tenant.channels.get((event.channel, event.account)) if tenant else None
        if found is None:
            raise NotFound("the channel is not configured any more")
        channel, guard = found
        limit = self.max_mb * MEGABYTE
        return await guard.call(
            "fetch_media", lambda: channel.fetch_media(media, limit), within=FETCH_SECONDS
        )

    async def _later(
        self, file: MediaFile, event: InboundEventRow, message: InboundMessage, why: str
    ) -> None:
        if file.attempts >= len(DELAYS):
            await self._give_up(file, event, message, why)
            return
        self.metrics.media.labels(event.channel, "retried").inc()
        attempts, now = file.attempts + 1, self.clock.now()
        at = now + timedelta(seconds=DELAYS[file.attempts])
        async with self.database.sessions() as session, session.begin():
            await rows.settle(session, file, MediaState.WANTED, attempts=attempts, error=why)
            await plan(self.engine, session, file.event_id, attempts, at, now)
            if attempts == GUEST_WAITS:
                await self._go_on(session, file, event, message)

    async def _go_on(
        self,
        session: AsyncSession,
        file: MediaFile,
        event: InboundEventRow,
        message: InboundMessage,
    ) -> None:
        """Answer a message that has waited for its file; once, however often this is said."""
        if waits_for_file(self.tenants.get(event.tenant), message):
            await self.engine.enqueue_turn(session, file.conversation_id, file.event_id, 0.0)

    async def _give_up(
        self, file: MediaFile, event: InboundEventRow, message: InboundMessage, why: str
    ) -> None:
        """The message goes on without its file, and says so to staff."""
        self.log.warning("media_not_fetched", channel=event.channel, event_id=event.id, reason=why)
        await self._settled(file, event, message, MediaState.FAILED, error=why)

    async def _settled(
        self,
        file: MediaFile,
        event: InboundEventRow,
        message: InboundMessage,
        state: MediaState,
        **changes: object,
    ) -> None:
        self.metrics.media.labels(event.channel, str(state)).inc()
        async with self.database.sessions() as session, session.begin():
            await rows.settle(session, file, state, **changes)
            await self._go_on(session, file, event, message)


async def want(
    engine: Engine,
    session: AsyncSession,
    tenant: str,
    event_id: int,
    conversation_id: int,
    media: Media,
    now: datetime,
) -> None:
    """Fetch the file of a message once this transaction has committed. Its name is fixed here: a
    fetch that is repeated after a crash leaves no second copy."""
    name = new_name(tenant, suffix_of(media.mime_type))
    await rows.want(session, tenant, event_id, conversation_id, name, now)
    await plan(engine, session, event_id, 0, now, now)


async def plan(
    engine: Engine, session: AsyncSession, event_id: int, attempt: int, at: datetime, now: datetime
) -> None:
    """Fetch a file at an instant."""
    await engine.schedule(session, KIND, f"{event_id}:{attempt}", at, now)


def waits_for_file(tenant: Tenant | None, message: InboundMessage) -> bool:
    """Whether a message can be understood only once its file is there: somebody listens to it."""
    listens = tenant is not None and tenant.settings.transcriber is not None
    return listens and is_note(message.content)


def suffix_of(mime_type: str) -> str:
    """What a file of this type is called by, if anything."""
    plain = mime_type.partition(";")[0].strip().lower()
    return SUFFIXES.get(plain) or mimetypes.guess_extension(plain, strict=True) or ""


def _why(error: PermanentError) -> str:
    return f"{type(error).__name__}: {error}"
