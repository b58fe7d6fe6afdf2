"""Who may come in: passwords of staff (argon2), and tokens that may be revoked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from agente_hotelero._db import desk as rows
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import tokens
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero.components import Clock
from agente_hotelero.config import Settings
from agente_hotelero.desk import Caller
from agente_hotelero.errors import AuthFailed, Throttled

SHIFT_HOURS = 12
TRIES_PER_MINUTE = 5
SHORTEST_PASSWORD = 10
HASHER = PasswordHasher()
# Checked for names that nobody has, so that the time tells nothing.
NOBODY = HASHER.hash("nobody's password")


def hashed(password: str) -> str:
    """A password as it is stored. Raises ValueError for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password needs {SHORTEST_PASSWORD} characters")
    return HASHER.hash(password)


@dataclass(frozen=True, kw_only=True)
class StaffDoor:
    """See `Door`."""

    settings: Settings
    database: Database
    limiter: Limiter
    clock: Clock

    async def login(self, name: str, password: str) -> str:
        if not await self.limiter.allow_per_minute(TRIES_PER_MINUTE, "login", name):
            raise Throttled("too many tries", retry_after=60)
        async with self.database.sessions() as session:
            user = await rows.user(session, name)
        known = user is not None and user.active
        stored = user.password_hash if user is not None and known else NOBODY
        right = await asyncio.to_thread(_verified, stored, password)
        if user is None or not known or not right:
            raise AuthFailed("wrong name or password")
        return tokens.make(
            self.settings, role=user.role, tenants=user.tenants, hours=SHIFT_HOURS, name=name
        )

    async def caller(self, token: str) -> Caller:
        """With the rights that this person has now, whatever the token was made for."""
        found = tokens.read(self.settings, token)
        async with self.database.sessions() as session:
            user = await rows.user(session, found.caller.name)
            revoked = await rows.is_revoked(session, found.id)
        if revoked or (user is not None and not user.active):
            raise AuthFailed("token")
        if user is None:
            return found.caller
        return Caller(name=user.name, role=user.role, tenants=frozenset(user.tenants))

    async def logout(self, token: str) -> None:
        found = tokens.read(self.settings, token)
        async with self.database.sessions() as session, session.begin():
            await rows.revoke(session, found.id, found.ends_at, self.clock.now())


def _verified(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except VerificationError:
        return False
