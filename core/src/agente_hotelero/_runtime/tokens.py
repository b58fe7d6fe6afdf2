"""Tokens of staff: signed with `secret_key`, for a person, a role and hotels, until an instant."""

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
CLAIMS = ["exp", "aud", "role", "tenants", "jti"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a token says; `id` is what is revoked."""

    id: str
    caller: Caller
    ends_at: datetime


def make(
    settings: Settings, *, role: str, tenants: Iterable[str], hours: int, name: str = "token"
) -> str:
    """A token that ends after some hours."""
    claims = {
        "aud": AUDIENCE,
        "sub": name,
        "role": role,
        "tenants": sorted(tenants),
        "exp": datetime.now(UTC) + timedelta(hours=hours),
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode(claims, _key(settings), ALGORITHM)


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
    )
    ends_at = datetime.fromtimestamp(claims["exp"], UTC)
    return Token(id=claims["jti"], caller=caller, ends_at=ends_at)


def _key(settings: Settings) -> bytes:
    """Derived, so that it is long enough and serves this purpose alone."""
    secret = settings.secret_key.get_secret_value()
    return hashlib.sha256(f"{AUDIENCE}:{secret}".encode()).digest()
