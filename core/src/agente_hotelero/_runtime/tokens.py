"""Tokens of staff: signed with `secret_key`, for a person or a program, until an instant."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from agente_hotelero.config import Settings
from agente_hotelero.desk import ROLES, Caller
from agente_hotelero.errors import AuthFailed

ALGORITHM = "HS256"
AUDIENCE = "agente-hotelero-admin"
CLAIMS = ["exp", "iat", "aud", "role", "tenants", "jti"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a token says. `id` is what is revoked; `by` is the person who got it or made it, and
    whose rights it cannot outlive; None where the operator did."""

    id: str
    caller: Caller
    made_at: datetime
    ends_at: datetime
    by: int | None


def make(
    settings: Settings,
    *,
    role: str,
    tenants: Iterable[str],
    hours: int,
    name: str = "token",
    person: int | None = None,
    by: int | None = None,
) -> tuple[str, str]:
    """A token that ends after some hours, and its id. `person` is whose log-in it is."""
    now, jti = datetime.now(UTC), uuid.uuid4().hex
    claims = {
        "aud": AUDIENCE,
        "sub": name,
        "person": person,
        "by": person if person is not None else by,
        "role": role,
        "tenants": sorted(tenants),
        # With its fraction: a password may be changed in the second of a log-in.
        "iat": now.timestamp(),
        "exp": now + timedelta(hours=hours),
        "jti": jti,
    }
    return jwt.encode(claims, _key(settings), ALGORITHM), jti


def read(settings: Settings, token: str) -> Token:
    """Raises AuthFailed for a token that is not ours, has ended, or says nothing we know."""
    try:
        claims = jwt.decode(
            token,
            _key(settings),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": CLAIMS},
        )
    except jwt.InvalidTokenError as error:
        raise AuthFailed("token") from error
    if claims["role"] not in ROLES:
        raise AuthFailed("token")
    caller = Caller(
        name=str(claims.get("sub", "token")),
        role=claims["role"],
        tenants=frozenset(claims["tenants"]),
        person=claims.get("person"),
    )
    return Token(
        id=claims["jti"],
        caller=caller,
        made_at=datetime.fromtimestamp(claims["iat"], UTC),
        ends_at=datetime.fromtimestamp(claims["exp"], UTC),
        by=claims.get("by"),
    )


def _key(settings: Settings) -> bytes:
    """Derived, so that it is long enough and serves this purpose alone."""
    secret = settings.secret_key.get_secret_value()
    return hashlib.sha256(f"{AUDIENCE}:{secret}".encode()).digest()
