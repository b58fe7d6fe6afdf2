"""What a file is by its first bytes, whatever it was said to be. Pure.

Signatures: the formats' own specifications, for the types that WhatsApp carries.
"""

from __future__ import annotations

OFFICE = "application/vnd.openxmlformats"
OLD_OFFICE = "application/msword"
ZIPPED = b"PK\x03\x04"
# Kinds of WhatsApp and what their files may be; documents may be anything.
KINDS = {
    "image": ("image/",),
    "sticker": ("image/webp",),
    "audio": ("audio/", "video/mp4"),
    "video": ("video/",),
}
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, ZIPPED, OFFICE),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OFFICE),
)
PDF, PDF_BEGINS_WITHIN = b"%PDF-", 1024
# Documents that a program will open as what they claim to be.
CLAIMS = {
    "application/pdf": ("application/pdf",),
    OFFICE: (OFFICE, OLD_OFFICE),
    OLD_OFFICE: (OFFICE, OLD_OFFICE),
    "application/vnd.ms-": (OFFICE, OLD_OFFICE),
}


def type_of(body: bytes) -> str:
    """A MIME type; empty when it is not known."""
    for offset, mark, found in SIGNATURES:
        if body[offset : offset + len(mark)] == mark:
            return found if offset != 8 or body[:4] == b"RIFF" else ""
    return "application/pdf" if PDF in body[:PDF_BEGINS_WITHIN] else _mpeg(body)


def _mpeg(body: bytes) -> str:
    """Frames of AAC (layer 0) and of MP3 (layers 1 to 3) begin with twelve set bits, or eleven."""
    if len(body) < 2 or body[0] != 0xFF or body[1] & 0xE0 != 0xE0:
        return ""
    layer = body[1] >> 1 & 3
    return "audio/aac" if layer == 0 and body[1] & 0xF0 == 0xF0 else "audio/mpeg" if layer else ""


def fits(body: bytes, kind: str, mime_type: str) -> bool:
    """Whether a file may be of the kind, and a document what it claims to be."""
    found = type_of(body)
    if kind in KINDS:
        return found.startswith(KINDS[kind])
    claim = mime_type.split(";")[0].strip().lower()
    allowed = next((types for start, types in CLAIMS.items() if claim.startswith(start)), None)
    return allowed is None or found in allowed
