"""Calls to a JSON API whose failures come as errors of our tree: for adapters of all kinds."""

from __future__ import annotations

from typing import Any

import httpx

from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


async def call(
    http: httpx.AsyncClient, method: str, url: str, *, writes: bool = False, **options: Any
) -> Any:
    """The parsed answer. With `writes`, what may have taken effect raises OutcomeUnknown.

    Raises AuthFailed (401, 403), NotFound (404), Throttled (429; `retry_after` in seconds),
    Rejected (any other 4xx), and Unavailable or OutcomeUnknown for silence, 5xx, redirects and
    answers that are not JSON. No message quotes a body, which may hold guests' data.
    """
    try:
        response = await http.request(method, url, **options)
    except NEVER_SENT as error:
        raise Unavailable(type(error).__name__) from error
    except httpx.HTTPError as error:
        raise _unsure(type(error).__name__, writes) from error
    if not response.is_success:
        raise refusal(response, writes=writes)
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise _unsure("an answer that is not JSON", writes) from error


def refusal(response: httpx.Response, *, writes: bool = False) -> HoteleroError:
    """The error that a status which is no success means, by the rules of `call`."""
    status = response.status_code
    if status in (401, 403):
        return AuthFailed(f"HTTP {status}")
    if status == 404:
        return NotFound(f"HTTP {status}")
    if status == 429:
        return Throttled(f"HTTP {status}", retry_after=_seconds(response))
    if 400 <= status < 500:
        return Rejected(f"HTTP {status}")
    if writes:
        return OutcomeUnknown(f"HTTP {status}")
    return Unavailable(f"HTTP {status}", retry_after=_seconds(response))


def _seconds(response: httpx.Response) -> float | None:
    """Retry-After in its common form, whole seconds."""
    told = response.headers.get("retry-after", "")
    return float(told) if told.isdecimal() else None


def _unsure(why: str, writes: bool) -> HoteleroError:
    return OutcomeUnknown(why) if writes else Unavailable(why)
