"""What both sides of the simulator speak of: numbers, and messages that Meta took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A number as Meta knows it, with the app that is subscribed to it."""

    phone_number_id: str
    token: str
    app_secret: str
    business_id: str = "200000000000001"
    display_phone_number: str = "15550001"
    verified_name: str = "Hotel"
    app_id: str = "300000000000001"
    quality: str = "GREEN"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message that Meta took, as the guest's phone shows it; `body` is what was posted.

    `to` are digits, or a business-scoped user id. `file` is the id or link of what came with it.
    """

    id: str
    account: str
    to: str
    kind: str
    text: str = ""
    options: tuple[tuple[str, str], ...] = ()
    image: str = ""
    location: tuple[float, float] | None = None
    mark: str = ""
    file: str = ""
    voice: bool = False
    template: str = ""
    reply_to: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """How one guest is known: the number may be hidden, the user id not yet given."""

    phone: str = ""
    user_id: str = ""
    username: str = ""
    name: str = "Guest"


@dataclass
class Clock:
    """The time of all stamps, retries and limits: `base`, and what a test has let pass."""

    base: Callable[[], datetime]
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.base() + self.ahead

    def stamp(self) -> str:
        """Seconds since 1970, as webhooks carry them."""
        return str(int(self.now().timestamp()))
