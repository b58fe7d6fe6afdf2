"""What pages of plugins have in common: headers that keep a browser safe, and its language."""

from __future__ import annotations

from collections.abc import Sequence

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def preferred_language(accept: str, offered: Sequence[str]) -> str:
    """The first language of an ``Accept-Language`` header that is offered; else the first offered.

    Languages are two-letter codes; weights are not read, since browsers sort by them.
    """
    for part in accept.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in offered:
            return code
    return offered[0]
