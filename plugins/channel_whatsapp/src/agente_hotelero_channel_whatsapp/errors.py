"""Meta's error codes: what each means for the message, and for others after it. Pure.

Branch on `code` only; titles and subcodes are deprecated. The same code may come as the answer to a
send, in a `failed` status, or both. Source: Meta's reference of Cloud API error codes; classes as
on the WhatsApp facts page, A7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    RecipientRefused,
    Rejected,
    TemplateRefused,
    Throttled,
    Unavailable,
    WindowClosed,
)
from agente_hotelero.messages import Failure

from agente_hotelero_channel_whatsapp.wire import text

PAIR_LIMIT = 131056
PAIR_WAIT_SECONDS = PAIR_WAIT_GROWTH = 4.0  # Meta asks for 4, 16, 64 … seconds
UNDELIVERABLE, NOT_ALLOWED = 131026, 131030
MEDIA_UPLOAD = 131053  # fetching our link failed, or what we uploaded is no good
UNKNOWN_OBJECT = 100  # also: no such field
THROTTLED = frozenset({130429, PAIR_LIMIT, 4, 80007, 613, 133016})
# Meta does not say what went wrong; its cause is often in the message.
UNSAID, UNSAID_TRIES = 131000, 3
PASSING = frozenset({1, 2, UNSAID, 131016, 131057, MEDIA_UPLOAD})
WINDOW = frozenset({131047})
OPTED_OUT = frozenset({131050})
RECIPIENT = frozenset({UNDELIVERABLE, NOT_ALLOWED, 131021, 131049, 130472, 131062})
PAUSED, DISABLED, MISSING = 132015, 132016, 132001
TEMPLATE = frozenset(
    {132000, MISSING, 132005, 132007, 132008, 132012, PAUSED, DISABLED, 131063, 132068, 132069}
)
ACCOUNT = frozenset(
    {0, 3, 10, 190, 368, 131005, 131031, 131037, 131042, 131044, 131045, 131048, 131064}
    | {130497, 133010}
    | set(range(200, 300))
)
CLASSES: Mapping[Failure, frozenset[int]] = {
    "temporary": THROTTLED | PASSING,
    "window": WINDOW,
    "opted_out": OPTED_OUT,
    "recipient": RECIPIENT,
    "template": TEMPLATE,
    "account": ACCOUNT,
}
_BY_CODE: Mapping[int, Failure] = {code: name for name, codes in CLASSES.items() for code in codes}
LONGEST_DETAILS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An answer other than 2xx; `code` is None when it is not Meta's. `details` may be logged."""

    status: int
    code: int | None = None
    details: str = ""
    trace: str = ""
    retry_after: float | None = None


class Refused(Exception):
    """Meta, or something before it, said no."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(f"code {refusal.code}, HTTP {refusal.status}")


def failure_of(code: int) -> Failure:
    """What a code means for others than this message; empty for one that is ours to mend (100,
    131008, 131009, 131051, 131052), or that we do not know."""
    return _BY_CODE.get(code, "")


def error_of_code(
    code: int, *, template: str = "", by_link: bool = True, retry_after: float | None = None
) -> HoteleroError:
    """The error that a code means; its text holds the code only. `by_link`: Meta was to fetch a
    file, which may go better another time."""
    words = f"code {code}"
    if code == PAIR_LIMIT:
        return Throttled(words, retry_after=PAIR_WAIT_SECONDS, growth=PAIR_WAIT_GROWTH)
    if code in THROTTLED:
        return Throttled(words, retry_after=retry_after)
    if code == MEDIA_UPLOAD and not by_link:
        return Rejected(words)
    match failure_of(code):
        case "temporary":
            return Unavailable(words, tries=UNSAID_TRIES if code == UNSAID else None)
        case "window":
            return WindowClosed(words)
        case "opted_out":
            return RecipientRefused(words, purpose="marketing")
        case "recipient":
            return RecipientRefused(words)
        case "template":
            return TemplateRefused(words, template=template)
        case "account":
            return AuthFailed(words)
        case _:
            return Rejected(words)


def error_of(
    refusal: Refusal, *, template: str = "", by_link: bool = True, writes: bool = True
) -> HoteleroError:
    """The error that an answer other than 2xx means."""
    if refusal.code is None:
        return _without_code(refusal, writes)
    return error_of_code(
        refusal.code, template=template, by_link=by_link, retry_after=refusal.retry_after
    )


def _without_code(refusal: Refusal, writes: bool) -> HoteleroError:
    """A proxy's answer, not Meta's: a gateway may have passed the message on before it failed."""
    words, status = f"HTTP {refusal.status}", refusal.status
    if status == 429:
        return Throttled(words, retry_after=refusal.retry_after)
    if status == 503 or (status >= 500 and not writes):
        return Unavailable(words, retry_after=refusal.retry_after)
    if status >= 500:
        return OutcomeUnknown(words)
    return AuthFailed(words) if status == 401 else Rejected(words)


def refusal_of(response: httpx.Response) -> Refusal:
    """Reads a body that may be anything. Long numbers, which may be a guest's, are left out."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    error = answer.get("error") if isinstance(answer, Mapping) else None
    error = error if isinstance(error, Mapping) else {}
    code, data = error.get("code"), error.get("error_data")
    details = text(data.get("details") if isinstance(data, Mapping) else error.get("message"))
    wait = response.headers.get("retry-after", "")
    return Refusal(
        status=response.status_code,
        code=code if isinstance(code, int) and not isinstance(code, bool) else None,
        details=re.sub(r"\d{5,}", "…", details)[:LONGEST_DETAILS],
        trace=text(error.get("fbtrace_id"))[:64],
        retry_after=float(wait) if wait.isdecimal() else None,
    )
