"""Errors: their class tells the caller what to do.

::

    HoteleroError
    ├── ConfigError              stop and tell the operator: TOML path, problem, what is allowed
    ├── TemporaryError           try again, after `retry_after` seconds when given
    │   ├── Throttled
    │   └── Unavailable
    ├── OutcomeUnknown           reconcile; never simply try again
    ├── PermanentError           trying again cannot help
    │   ├── NotFound
    │   ├── Rejected
    │   │   └── BadMedia         a file that is broken, too long, or not what it was said to be
    │   ├── SoldOut
    │   ├── PriceChanged         carries the new offer
    │   ├── AuthFailed           of a channel: its account is stopped
    │   ├── WindowClosed         only an approved template may be sent to this guest now
    │   ├── RecipientRefused     this guest cannot be reached, or does not want to be
    │   ├── TemplateRefused      this template cannot be sent any more
    │   └── Unsupported
    └── PluginBug                anything else a plugin raised; never shown to a guest
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agente_hotelero.stays import Amendment, Cancellation, Offer, Service

    Priced = Offer | Amendment | Cancellation | Service


class HoteleroError(Exception):
    """Base of every error this package raises on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One wrong setting: its TOML path, what is wrong in a sentence, and what would do."""

    path: str
    problem: str
    allowed: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" + (
            f" (allowed: {self.allowed})" if self.allowed else ""
        )


class ConfigError(HoteleroError):
    """Settings are wrong. Never carries a value, which may be a secret."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))

    @classmethod
    def at(cls, path: str, problem: str, allowed: str = "") -> ConfigError:
        return cls([Problem(path=path, problem=problem, allowed=allowed)])


class TemporaryError(HoteleroError):
    """The same call may succeed later, not before `retry_after` seconds when that is known; each
    time it is refused again that grows by `growth`. After `tries` it seldom succeeds any more."""

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: float | None = None,
        growth: float = 1.0,
        tries: int | None = None,
    ) -> None:
        self.retry_after = retry_after
        self.growth = growth
        self.tries = tries
        super().__init__(message)


class Throttled(TemporaryError):
    """The other side asked us to slow down."""


class Unavailable(TemporaryError):
    """The other side is down, too slow, or answers nonsense; nothing was changed there."""


class OutcomeUnknown(HoteleroError):
    """The request may or may not have taken effect. Look it up before doing anything else."""


class PermanentError(HoteleroError):
    """Repeating the same call cannot succeed."""


class NotFound(PermanentError):
    """What was asked for does not exist there."""


class Rejected(PermanentError):
    """The other side understood and refused; the message is for staff, not for guests."""


class BadMedia(Rejected):
    """A file is broken or not what it was said to be; or, `too_long`, more than is taken."""

    def __init__(self, message: str = "", *, too_long: bool = False) -> None:
        self.too_long = too_long
        super().__init__(message)


class SoldOut(PermanentError):
    """No unit is left for this stay."""


class PriceChanged(PermanentError):
    """It no longer costs what was said; `offer` is the same thing at its present price."""

    def __init__(self, offer: Priced) -> None:
        self.offer = offer
        super().__init__("the price changed")


class AuthFailed(PermanentError):
    """Our credentials, or a caller's signature, were refused."""


class WindowClosed(PermanentError):
    """The guest wrote too long ago: only a template may be sent until the next message comes."""


class RecipientRefused(PermanentError):
    """This guest cannot be reached here; with `purpose` he does not want messages of that kind."""

    def __init__(self, message: str = "", *, purpose: str = "") -> None:
        self.purpose = purpose
        super().__init__(message)


class TemplateRefused(PermanentError):
    """The provider does not send this template: paused, disabled, unknown or wrongly filled in."""

    def __init__(self, message: str = "", *, template: str = "") -> None:
        self.template = template
        super().__init__(message)


class Unsupported(PermanentError):
    """The component does not offer this operation; its capabilities say so."""


class PluginBug(HoteleroError):
    """A plugin raised something outside this tree; `plugin` names it, `__cause__` has the rest."""

    def __init__(self, plugin: str, operation: str) -> None:
        self.plugin = plugin
        self.operation = operation
        super().__init__(f"{plugin} failed in {operation}")
