"""From QloApps' refusals to the errors of the agent. Pure; quotes nothing that may name a guest.

Its status codes and its own codes are unrelated, and a failure may come with status 200: what
counts as success is decided in `client`.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    Rejected,
    SoldOut,
    Throttled,
    Unavailable,
)

_CODE = re.compile(r'"code"\s*:\s*"?(\d+)|<code>(?:<!\[CDATA\[)?(\d+)')
_MESSAGE = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.){1,160})"')
_NO_METHOD, _SWITCHED_OFF, _NO_RESOURCE = 25, 22, 26
_NO_ROOM = "Requested room(s) not available"
_SAYABLE = (
    "Please provide ",
    "Invalid ",
    "Room count ",
    "Rooms not found",
    "Booking not found",
    "Customer not found",
    "Zip code is ",
)
NO_SUCH_STATE = "Invalid new order status"


def unsure(why: str, writes: bool) -> HoteleroError:
    """A write may have taken effect; a read did nothing."""
    return OutcomeUnknown(why) if writes else Unavailable(why)


def refusal(response: httpx.Response, *, writes: bool, what: str) -> HoteleroError:
    """What an answer means that is no success; `what` is the method and the resource."""
    status, codes = response.status_code, _codes(response)
    if 300 <= status < 400:
        return AuthFailed(_elsewhere(response))
    if status in (401, 403) or (status == 405 and _NO_METHOD in codes):
        return AuthFailed(_no_right(status, codes, what))
    if status == 404:
        return NotFound(f"{what}: HTTP 404")
    if status == 429:
        return Throttled(f"{what}: HTTP 429", retry_after=_seconds(response))
    if status == 503 and _SWITCHED_OFF in codes:
        return Unavailable("the webservice of QloApps is switched off in its back office")
    if 400 <= status < 500:
        return _refused(response, what)
    if status == 200 and NO_SUCH_STATE in response.text[:200]:
        return Rejected("QloApps knows no such order, or no such order state")
    why = f"HTTP {status}" if status >= 500 else f"an answer of another kind ({status})"
    return unsure(f"{what}: {why}", writes)


def _refused(response: httpx.Response, what: str) -> HoteleroError:
    found = _MESSAGE.search(response.text[:2000])
    message = found[1] if found else ""
    if message.startswith(_NO_ROOM):
        return SoldOut("no room is left, or the hotel does not sell such a stay")
    if message.startswith(_SAYABLE):
        return Rejected(f"QloApps refused: {message}")
    codes = ", ".join(str(code) for code in _codes(response))
    return Rejected(f"{what}: HTTP {response.status_code}, code {codes or 'none'}")


def _no_right(status: int, codes: tuple[int, ...], what: str) -> str:
    if _NO_METHOD in codes or _NO_RESOURCE in codes:
        return (
            f"the key may not do {what}: Advanced parameters > Webservice in the back office of"
            " QloApps gives the right"
        )
    return f"QloApps refused the key (HTTP {status}): it is wrong or not active there"


def _elsewhere(response: httpx.Response) -> str:
    host = urlsplit(response.headers.get("location", "")).netloc or "another address"
    return (
        f"QloApps redirects to {host}: base_url must be the shop's own address as it stands in"
        " Preferences > SEO & URLs; nothing was executed"
    )


def _codes(response: httpx.Response) -> tuple[int, ...]:
    found = _CODE.findall(response.text[:4000])
    return tuple(int(one or other) for one, other in found)


def _seconds(response: httpx.Response) -> float | None:
    told = response.headers.get("retry-after", "")
    return float(told) if told.isdecimal() else None
