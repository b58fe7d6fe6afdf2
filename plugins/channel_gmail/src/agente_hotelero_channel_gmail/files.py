"""Files of mails: which are worth keeping, and whether they are what they say. Pure.

Nothing is opened or unpacked; what is kept is handed to people, who are told its type.
"""

from __future__ import annotations

import base64
import binascii
import quopri
from collections.abc import Collection

from agente_hotelero.errors import Rejected

from agente_hotelero_channel_gmail.envelope import Attached
from agente_hotelero_channel_gmail.headers import words

DOCUMENTS = frozenset(
    [
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/rtf",
        "text/plain",
        "text/csv",
        "text/calendar",
    ]
)
OFFICE = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")
KINDS = {"image": "image", "audio": "audio", "video": "video"}
# Pictures that are programs.
NOT_KEPT = frozenset(["image/svg+xml"])
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
MARKUP = (b"<!doctype html", b"<html", b"<script", b"<?xml", b"<svg")
SIGNS: dict[str, tuple[bytes, ...]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "application/pdf": (b"%PDF-",),
}


def kind_of(file: Attached) -> str:
    """What it is to the core, or empty for what is only listed."""
    if file.mime_type in NOT_KEPT:
        return ""
    if file.mime_type in DOCUMENTS or file.mime_type.startswith(OFFICE):
        return "document"
    return KINDS.get(file.mime_type.partition("/")[0], "")


def is_shown(file: Attached, shown: Collection[str]) -> bool:
    """Whether a picture is a part of the text: a logo, a signature."""
    picture = file.mime_type.startswith("image/")
    return picture and (file.inside or file.content_id.strip("<>") in shown)


def name_of(file: Attached) -> str:
    """A plain name, without anything that leads elsewhere."""
    name = words(file.filename).replace("\\", "/").rpartition("/")[2]
    return name[:120] or "file"


def decoded(data: bytes, encoding: str) -> bytes:
    """What a part holds, out of its transfer encoding. Raises Rejected."""
    try:
        if encoding == "base64":
            return base64.b64decode(data)
        if encoding == "quoted-printable":
            return quopri.decodestring(data)
    except (binascii.Error, ValueError) as error:
        raise Rejected("the file is damaged") from error
    return data


def check(body: bytes, mime_type: str) -> None:
    """Raises Rejected for what is not what it was said to be, or is a program."""
    begins = body[:512].lstrip().lower()
    signs = SIGNS.get(mime_type)
    if signs and not body.startswith(signs):
        raise Rejected(f"the file is no {mime_type}")
    if body.startswith(PROGRAMS) or (mime_type != "text/plain" and begins.startswith(MARKUP)):
        raise Rejected("the file is a program")
