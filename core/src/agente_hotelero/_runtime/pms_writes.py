"""Writes to a PMS that happen once, whatever crashes or stays silent.

A row is committed before the call. What it says decides what a repeated wish still has to do:
begin, return what came of it, or look it up first. What is not known stays unknown until it is seen
in the PMS; it is repeated only where repeating is harmless by the interface's contract.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._db import repository
from agente_hotelero._db.models import OPERATION, PmsOperation, operation_
from agente_hotelero._runtime import failpoints
from agente_hotelero._runtime.pms_calls import PmsCalls
from agente_hotelero._runtime.pms_lock import PropertyLock
from agente_hotelero.components import Services
from agente_hotelero.errors import (
    NotFound,
    OutcomeUnknown,
    PermanentError,
    PluginBug,
    TemporaryError,
)
from agente_hotelero.stays import Reservation

NEW, STARTED, DONE, FAILED, UNKNOWN = "", "started", "done", "failed", "unknown"
LOOK_UP_AFTER = (0.0, 0.5, 1.5)


@dataclass(frozen=True, kw_only=True)
class Write:
    """One wish. `ahead` makes sure that it still costs what was said; `found` is what became of it
    according to the PMS, None if nothing is seen; `settle` looks at the result, and raises if it is
    not what was wished. `again`: making it twice is harmless; `resumes`: it is where it was found.
    """

    key: str
    operation: str
    external_ref: str
    ahead: Callable[[], Awaitable[None]]
    make: Callable[[], Awaitable[Reservation]]
    found: Callable[[], Awaitable[Reservation | None]]
    settle: Callable[[Reservation], Awaitable[Reservation]]
    again: bool = False
    resumes: bool = False


@dataclass(frozen=True, kw_only=True)
class PmsWrites:
    """The writes of one tenant; `lock` is there where the PMS cannot take two at once."""

    calls: PmsCalls
    services: Services
    lock: PropertyLock | None

    async def once(
        self, write: Write, done: Callable[[str], Awaitable[Reservation]]
    ) -> Reservation:
        """What the write made; `done` reads what an earlier run made. Raises as `Pms` says."""
        row = await self._begin(write)
        if row.state in (NEW, FAILED):
            await write.ahead()
            made = await self._first(write)
            if made is not None:
                return await self._finish(write, made)
            row = await self._row(write.key)
        if row.state == DONE and row.reference:
            return await self._done_before(row.reference, done)
        return await self._later(write)

    async def _first(self, write: Write) -> Reservation | None:
        """None where the outcome is not known, or somebody else has the wish in hand."""
        async with self._turn():
            if not await self._claim(write.key):
                return None
            failpoints.reached("pms.before_write")
            try:
                made = await self.calls.write(write.operation, write.make)
            except (PermanentError, TemporaryError):
                await self._note(write.key, FAILED)
                raise
            except (OutcomeUnknown, PluginBug):
                return None
            failpoints.reached("pms.after_write")
            return made

    async def _done_before(
        self, reference: str, done: Callable[[str], Awaitable[Reservation]]
    ) -> Reservation:
        """What an earlier run made. While it cannot be read it is not known, and certainly made."""
        try:
            return await done(reference)
        except TemporaryError as error:
            raise OutcomeUnknown(f"{reference} is made, and cannot be read") from error

    async def _later(self, write: Write) -> Reservation:
        """After an unknown outcome, or a crash: look, and look again; then make it again where that
        is harmless. Until it is known, the outcome stays unknown, whatever this meets."""
        await self._note(write.key, UNKNOWN)
        try:
            made = await self._look_up(write)
            if (made is None and write.again) or (made is not None and write.resumes):
                made = await self._make_again(write)
        except (TemporaryError, PluginBug) as error:
            raise OutcomeUnknown(f"{write.operation} {write.external_ref}") from error
        if made is None:
            raise OutcomeUnknown(f"{write.operation} {write.external_ref}")
        return await self._finish(write, made)

    async def _look_up(self, write: Write) -> Reservation | None:
        """A PMS may still be at work on what it has not answered, so not only once. A look-up that
        is refused tells nothing of the write."""
        for pause in LOOK_UP_AFTER if not write.again else LOOK_UP_AFTER[:1]:
            await asyncio.sleep(pause)
            try:
                made = await write.found()
            except NotFound:
                made = None
            except PermanentError as error:
                raise OutcomeUnknown(f"{write.operation} cannot be looked up") from error
            if made is not None:
                return made
        return None

    async def _make_again(self, write: Write) -> Reservation:
        try:
            async with self._turn():
                return await self.calls.write(write.operation, write.make)
        except PermanentError:
            await self._note(write.key, FAILED)
            raise

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Alone with the property, where its PMS needs that. Raises Unavailable."""
        if self.lock is None:
            yield
            return
        async with self.lock.held():
            yield

    async def _finish(self, write: Write, made: Reservation) -> Reservation:
        try:
            settled = await write.settle(made)
        except OutcomeUnknown:
            await self._note(write.key, UNKNOWN)
            raise
        except PermanentError:
            await self._note(write.key, FAILED)
            raise
        try:
            await self._note(write.key, DONE, settled.reference)
        except (SQLAlchemyError, OSError) as error:
            # It is made, and the guest must hear it. Asked for again it will be looked up.
            log = self.services.log
            log.warning("write_not_noted", key=write.key, error=type(error).__name__)
        return settled

    async def _begin(self, write: Write) -> PmsOperation:
        """The row of the key, committed before any call; its state is empty when it is new."""
        now = self.services.clock.now()
        async with self.services.sessions() as session, session.begin():
            statement = repository.upsert(session, OPERATION).values(
                tenant=self.services.tenant,
                key=write.key,
                kind=write.operation,
                external_ref=write.external_ref,
                state=NEW,
                created_at=now,
                updated_at=now,
            )
            await session.execute(statement.on_conflict_do_nothing())
        return await self._row(write.key)

    async def _row(self, key: str) -> PmsOperation:
        async with self.services.sessions() as session:
            row = await session.get(PmsOperation, (self.services.tenant, key))
            if row is None:
                raise OutcomeUnknown(f"operation {key} was not stored")
            return row

    async def _claim(self, key: str) -> bool:
        """Take the wish; False when somebody else has it in hand, in this process or another."""
        statement = update(OPERATION).where(
            operation_.tenant == self.services.tenant,
            operation_.key == key,
            operation_.state.in_((NEW, FAILED)),
        )
        now = self.services.clock.now()
        async with self.services.sessions() as session, session.begin():
            claimed: Any = await session.execute(statement.values(state=STARTED, updated_at=now))
        return int(claimed.rowcount) == 1

    async def _note(self, key: str, state: str, reference: str | None = None) -> None:
        """What is done stays done, whatever a second run of the same wish notes."""
        statement = update(OPERATION).where(
            operation_.tenant == self.services.tenant,
            operation_.key == key,
            operation_.state != DONE,
        )
        now = self.services.clock.now()
        async with self.services.sessions() as session, session.begin():
            await session.execute(
                statement.values(state=state, reference=reference, updated_at=now)
            )
