"""Files: what hotels upload and guests send, each under an id that expires.

Meta's page "Media": ids of uploads last 30 days, ids in webhooks 7; the address of a file lasts
five minutes and wants the token; types and sizes as its table of supported media.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from typing import Any

from agente_hotelero_channel_whatsapp.testing import refusals
from agente_hotelero_channel_whatsapp.testing.refusals import Refused

UPLOADED_FOR, RECEIVED_FOR, URL_FOR = timedelta(days=30), timedelta(days=7), timedelta(minutes=5)
MEGA = 1024 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument."
# type of file: (greatest size, kind of message)
SUPPORTED: Mapping[str, tuple[int, str]] = {
    "audio/aac": (16 * MEGA, "audio"),
    "audio/amr": (16 * MEGA, "audio"),
    "audio/mpeg": (16 * MEGA, "audio"),
    "audio/mp4": (16 * MEGA, "audio"),
    "audio/ogg": (16 * MEGA, "audio"),
    "text/plain": (100 * MEGA, "document"),
    "application/pdf": (100 * MEGA, "document"),
    "application/msword": (100 * MEGA, "document"),
    "application/vnd.ms-excel": (100 * MEGA, "document"),
    "application/vnd.ms-powerpoint": (100 * MEGA, "document"),
    f"{OFFICE}wordprocessingml.document": (100 * MEGA, "document"),
    f"{OFFICE}spreadsheetml.sheet": (100 * MEGA, "document"),
    f"{OFFICE}presentationml.presentation": (100 * MEGA, "document"),
    "image/jpeg": (5 * MEGA, "image"),
    "image/png": (5 * MEGA, "image"),
    "image/webp": (500 * 1024, "sticker"),
    "video/mp4": (16 * MEGA, "video"),
    "video/3gpp": (16 * MEGA, "video"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file under an id, of one number."""

    id: str
    number: str
    mime_type: str
    body: bytes
    expires: datetime
    filename: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class Shelf:
    """All files that there are."""

    now: Callable[[], datetime]
    files: dict[str, File] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(7 * 10**14))
    _secret: bytes = field(default_factory=lambda: uuid.uuid4().bytes)

    def put(self, number: str, body: bytes, mime_type: str, *, lasts: timedelta) -> File:
        file = File(
            id=str(next(self._ids)),
            number=number,
            mime_type=mime_type,
            body=body,
            expires=self.now() + lasts,
        )
        self.files[file.id] = file
        return file

    def upload(self, number: str, parts: Mapping[str, tuple[str, bytes]]) -> File:
        """What a hotel sends as a form. Raises Refused."""
        if parts.get("messaging_product", ("", b""))[1] != b"whatsapp":
            raise Refused(code=refusals.BAD_PARAMETER, details="messaging_product is required.")
        if "file" not in parts:
            raise Refused(code=refusals.BAD_PARAMETER, details="The parameter file is required.")
        told, body = parts["file"]
        mime_type = told if told in SUPPORTED else told.partition(";")[0].strip()
        if mime_type not in SUPPORTED:
            details = (
                f"Param file must be a file with one of the following types: {list(SUPPORTED)}"
            )
            raise Refused(code=refusals.BAD_PARAMETER, details=f"{details}. Received {told!r}.")
        if len(body) > SUPPORTED[mime_type][0]:
            raise Refused(code=refusals.BAD_PARAMETER, details=f"{mime_type}: file is too large")
        return self.put(number, body, told, lasts=UPLOADED_FOR)

    def get(self, file_id: str) -> File | None:
        """None where there is no such file, or no longer."""
        file = self.files.get(file_id)
        return file if file is not None and self.now() < file.expires else None

    def delete(self, file_id: str) -> bool:
        return self.files.pop(file_id, None) is not None

    def url(self, base: str, file: File) -> str:
        """Where the file itself is, for five minutes."""
        ext = str(int((self.now() + URL_FOR).timestamp()))
        path = "whatsapp_business/attachments/"
        return f"{base}/{path}?mid={file.id}&ext={ext}&hash={self._sign(file.id, ext)}"

    def at(self, mid: str, ext: str, given: str) -> File | None:
        """The file behind such an address; None where the address is wrong or too old."""
        good = hmac.compare_digest(given.encode(), self._sign(mid, ext).encode())
        if not good or self.now() >= datetime.fromtimestamp(int(ext), UTC):
            return None
        return self.get(mid)

    def described(self, base: str, file: File) -> dict[str, Any]:
        """As ``GET /<media id>`` answers."""
        return {
            "messaging_product": "whatsapp",
            "url": self.url(base, file),
            "mime_type": file.mime_type,
            "sha256": file.sha256,
            "file_size": str(len(file.body)),
            "id": file.id,
        }

    def require(self, number: str, kind: str, file_id: str) -> File:
        """A file that is to be sent. Raises Refused for one of another number, or too old."""
        file = self.get(file_id)
        if file is None or file.number != number:
            details = (
                f"Param {kind}['id'] is not a valid whatsapp business account media attachment ID"
            )
            raise Refused(code=refusals.BAD_PARAMETER, details=details)
        fits = SUPPORTED.get(file.mime_type.partition(";")[0].strip(), (0, ""))[1]
        if kind not in (fits, "document"):
            details = f"{kind}: a file of type {file.mime_type} is not one"
            raise Refused(code=refusals.MEDIA_UPLOAD, details=details)
        return file

    def require_voice(self, number: str, file_id: str) -> None:
        """A voice message is Ogg with Opus. Raises Refused."""
        file = self.require(number, "audio", file_id)
        if not file.mime_type.startswith("audio/ogg"):
            raise Refused(code=refusals.MEDIA_UPLOAD, details="audio: voice must be audio/ogg")

    def _sign(self, mid: str, ext: str) -> str:
        return hmac.new(self._secret, f"{mid}:{ext}".encode(), hashlib.sha256).hexdigest()[:32]


def form(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """The parts of a multipart form: name to (type, content). No library is needed for it."""
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    found = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if name is not None and isinstance(content, bytes):
            found[str(name)] = (str(part.get("content-type", "")), content)
    return found
