"""Who may come in: passwords of staff (argon2), and tokens that may be revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from agente_hotelero._db import desk as rows
from agente_hotelero._db.session import Database
from agente_hotelero._db.staff_models import StaffUser
from agente_hotelero._runtime import tokens
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero.components import Clock
from agente_hotelero.config import Settings
from agente_hotelero.desk import ROLES, Caller
from agente_hotelero.errors import AuthFailed, Throttled

SHIFT_HOURS = 12
TRIES_PER_MINUTE = 5
SHORTEST_PASSWORD = 10
RESERVED = ("guest", "agent", "token")
HASHER = PasswordHasher()


@cache
def _of_nobody() -> str:
    """Checked for names that nobody has, so that the time tells nothing."""
    return HASHER.hash("nobody's password")


def check_name(name: str) -> None:
    """Raises ValueError for a name that the pages use for somebody else."""
    if name.strip().lower() in RESERVED:
        raise ValueError(f"{name} is nobody's name")


def hashed(password: str) -> str:
    """A password as it is stored. Raises ValueError for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password needs {SHORTEST_PASSWORD} characters")
    return HASHER.hash(password)


@dataclass(kw_only=True)
class StaffDoor:
    """See `Door`. `settings` are exchanged when keys are rotated."""

    settings: Settings
    database: Database
    limiter: Limiter
    clock: Clock

    def secrets(self) -> Sequence[str]:
        """The keys of now: the one that signs first."""
        return tokens.secrets(self.settings)

    async def login(self, name: str, password: str) -> str:
        if not await self.limiter.allow_per_minute(TRIES_PER_MINUTE, "login", name):
            raise Throttled("too many tries", retry_after=60)
        async with self.database.sessions() as session:
            user = await rows.user(session, name)
        known = user is not None and user.active
        stored = user.password_hash if user is not None and known else _of_nobody()
        right = await asyncio.to_thread(_verified, stored, password)
        if user is None or not known or not right:
            raise AuthFailed("wrong name or password")
        made, _ = tokens.make(
            self.settings,
            role=user.role,
            tenants=user.tenants,
            hours=SHIFT_HOURS,
            name=name,
            person=user.id,
        )
        return made

    async def caller(self, token: str) -> Caller:
        """A person has the rights of now, whatever the token was made for; a program those of its
        token that whoever made it has, too, as long as that is still somebody."""
        found = tokens.read(self.settings, token)
        async with self.database.sessions() as session:
            ids = (found.id, *found.parents)
            revoked = any([await rows.is_revoked(session, one) for one in ids])
            by = await rows.user_by_id(session, found.by) if found.by is not None else None
        if revoked or (found.by is not None and not _is_good(by, found.made_at)):
            raise AuthFailed("token")
        if by is None:
            return found.caller
        if found.caller.person is None:
            return _no_more_than(found.caller, by)
        return Caller(
            name=by.name, role=by.role, tenants=frozenset(by.tenants), person=found.caller.person
        )

    async def logout(self, token: str) -> None:
        found = tokens.read(self.settings, token)
        await self.revoke(found.id, found.ends_at)

    async def revoke(self, token_id: str, ends_at: datetime) -> None:
        """End a token before its time."""
        async with self.database.sessions() as session, session.begin():
            await rows.revoke(session, token_id, ends_at, self.clock.now())


def _no_more_than(program: Caller, maker: StaffUser) -> Caller:
    role = min(program.role, maker.role, key=ROLES.index)
    return replace(program, role=role, tenants=program.tenants & frozenset(maker.tenants))


def _is_good(user: StaffUser | None, made_at: datetime) -> bool:
    return user is not None and user.active and made_at >= user.tokens_after


def _verified(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except VerificationError:
        return False
