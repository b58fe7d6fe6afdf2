"""What pages of plugins have in common: headers that keep a browser safe, and its language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Response
from pydantic import AfterValidator

from agente_hotelero.desk import ChatFile

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _storable(text: str) -> str:
    if "\x00" in text or any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        raise ValueError("has a character that cannot be stored")
    return text


Plain = Annotated[str, AfterValidator(_storable)]
"""Text from outside that every database can hold: for the fields of forms and bodies."""


SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "audio/ogg", "audio/mpeg"})
"""What a browser may show within a page; anything else is saved, whatever it says it is."""


def download(file: ChatFile) -> Response:
    """A guest's file for a browser, which never takes it for a page or a script of ours."""
    plain = file.mime_type.partition(";")[0].strip().lower()
    shown = plain in SHOWN
    headers = {
        **HEADERS,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline" if shown else "attachment",
    }
    kind = plain if shown else "application/octet-stream"
    return Response(file.body, media_type=kind, headers=headers)


def preferred_language(accept: str, offered: Sequence[str]) -> str:
    """The first language of an ``Accept-Language`` header that is offered; else the first offered.

    Languages are two-letter codes; weights are not read, since browsers sort by them.
    """
    for part in accept.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in offered:
            return code
    return offered[0]
