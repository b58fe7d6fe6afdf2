"""Meta's error codes as our error tree. Branch on `code` only; titles are deprecated.

Source: Meta's reference of Cloud API error codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)

PAIR_LIMIT = 131056
PAIR_WAIT_SECONDS = 6.0
THROTTLED = frozenset({130429, PAIR_LIMIT, 4, 80007, 613, 133016})
PASSING = frozenset({1, 2, 131000, 131016, 131057})
ACCOUNT = frozenset(
    {0, 3, 10, 190, 368, 131005, 131031, 131037, 131042, 131044, 131045, 131048, 131064}
    | {130497, 133010}
    | set(range(200, 300))
)


def error_of(status: int, answer: Any) -> HoteleroError:
    """The error that an answer other than 2xx means; its text holds the code only."""
    error = answer.get("error") if isinstance(answer, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    if not isinstance(code, int):
        return _without_code(status)
    if code in THROTTLED:
        wait = PAIR_WAIT_SECONDS if code == PAIR_LIMIT else None
        return Throttled(f"code {code}", retry_after=wait)
    if code in PASSING:
        return Unavailable(f"code {code}")
    if code in ACCOUNT:
        return AuthFailed(f"code {code}")
    return Rejected(f"code {code}")


def _without_code(status: int) -> HoteleroError:
    """A proxy's answer, not Meta's: a gateway may have passed the message on before it failed."""
    if status == 429:
        return Throttled("HTTP 429")
    if status == 503:
        return Unavailable("HTTP 503")
    if status >= 500:
        return OutcomeUnknown(f"HTTP {status}")
    return AuthFailed("HTTP 401") if status == 401 else Rejected(f"HTTP {status}")
