"""Tokens of staff: signed with `secret_key`, for a person or a program, until an instant."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from agente_hotelero.config import Settings
from agente_hotelero.desk import ROLES, Caller
from agente_hotelero.errors import AuthFailed

ALGORITHM = "HS256"
AUDIENCE = "agente-hotelero-admin"
CLAIMS = ["exp", "iat", "aud", "role", "tenants", "jti"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a token says. `id` is what is revoked; `by` is the person who got it, or on whose behalf
    it was made, and whose rights it cannot outlive nor exceed; None where that is the operator.
    `parents` are the programs' tokens with which it was made: it ends with them."""

    id: str
    caller: Caller
    made_at: datetime
    ends_at: datetime
    by: int | None
    parents: tuple[str, ...] = ()


def make(
    settings: Settings,
    *,
    role: str,
    tenants: Iterable[str],
    hours: int,
    name: str = "token",
    person: int | None = None,
    parent: Token | None = None,
) -> tuple[str, str]:
    """A token that ends after some hours, and its id. `person` is whose log-in it is; `parent` the
    token with which it is made for a program: that of another program it does not outlive."""
    now, jti = datetime.now(UTC), uuid.uuid4().hex
    ends, parents = now + timedelta(hours=hours), list[str]()
    if parent is not None and parent.caller.person is None:
        ends, parents = min(ends, parent.ends_at), [parent.id, *parent.parents]
    by = parent.by if parent is not None else None
    claims = {
        "aud": AUDIENCE,
        "sub": name,
        "person": person,
        "by": person if person is not None else by,
        "role": role,
        "tenants": sorted(tenants),
        # With its fraction: a password may be changed in the second of a log-in.
        "iat": now.timestamp(),
        "exp": ends,
        "parents": parents,
        "jti": jti,
    }
    return jwt.encode(claims, _keys(settings)[0], ALGORITHM), jti


def read(settings: Settings, token: str) -> Token:
    """Raises AuthFailed for a token that is not ours, has ended, or says nothing we know."""
    claims = _claims(token, _keys(settings))
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
        parents=tuple(claims.get("parents", ())),
    )


def _claims(token: str, keys: Sequence[bytes]) -> dict[str, Any]:
    """By the first key that fits. Raises AuthFailed."""
    for key in keys:
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": CLAIMS},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError as error:
            raise AuthFailed("token") from error
        return found
    raise AuthFailed("token")


def secrets(settings: Settings) -> list[str]:
    """The one that signs, and while it is being changed the one before."""
    both = (settings.secret_key, settings.secret_key_previous)
    return [one.get_secret_value() for one in both if one]


def _keys(settings: Settings) -> list[bytes]:
    return [_key(secret) for secret in secrets(settings)]


def _key(secret: str) -> bytes:
    """Derived, so that it is long enough and serves this purpose alone."""
    return hashlib.sha256(f"{AUDIENCE}:{secret}".encode()).digest()
