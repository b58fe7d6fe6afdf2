"""Headers of a mail, read so that nothing in them can raise, or cost more than they are long.

The standard library's structured headers raise on some of what strangers send (3.11: IndexError,
ValueError on broken addresses), so only its decoder of encoded words is used. Pure.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from email.errors import HeaderParseError
from email.header import decode_header

Headers = Mapping[str, Sequence[str]]
"""Lower-case names to values as written, unfolded, topmost first."""

MOST_HEADERS, LONGEST_VALUE, LONGEST_MAILBOX = 1000, 8_000, 1000
MOST_IDS = 50
ID = re.compile(r"<[^<>\s]{1,250}>")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
COMMENT = re.compile(r"\([^()]*\)")
ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@(?:[\w-]{1,63}\.){1,10}[\w-]{2,63}")
PREFIX = re.compile(
    r"^(?:\s*(?:re|r|aw|antw|sv|vs|ref|rif|res|rv|fwd?|enc|tr|wg|i|odp|yan)\s*(?:\[\d+\])?\s*:)+",
    re.IGNORECASE,
)
# Codecs that are no charsets, or that take far longer than their text is long.
NO_CHARSET = frozenset(
    ["idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"]
)


def headers_of(raw: bytes) -> Headers:
    """The block before the first empty line; lines that are no header are passed over."""
    block = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    found: dict[str, list[str]] = {}
    name, count = "", 0
    for line in block.splitlines():
        text = text_of(line, "utf-8")
        if line[:1] in (b" ", b"\t"):
            if name and len(found[name][-1]) < LONGEST_VALUE:
                found[name][-1] += " " + text.strip()
            continue
        before, colon, value = text.partition(":")
        name = before.strip().lower() if colon and " " not in before.strip() else ""
        if name:
            found.setdefault(name, []).append(value.strip()[:LONGEST_VALUE])
            count += 1
        if count >= MOST_HEADERS:
            break
    return found


def first(headers: Headers, name: str) -> str:
    """The topmost value of a header; empty where there is none."""
    return next(iter(headers.get(name, ())), "")


def words(value: str) -> str:
    """What a header says: encoded words decoded, on one line."""
    try:
        parts = decode_header(value) if "=?" in value else [(value, None)]
    except (HeaderParseError, binascii.Error, ValueError):
        parts = [(value, None)]
    decoded = "".join(
        part if isinstance(part, str) else text_of(part, charset or "utf-8")
        for part, charset in parts
    )
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", decoded).split())


def text_of(data: bytes, charset: str) -> str:
    """Bytes as text: as declared if that is true, else UTF-8, else Windows-1252."""
    for name in (charset, "utf-8"):
        try:
            plain = name.lower().replace("-", "_").strip()
            if plain not in NO_CHARSET:
                return data.decode(plain)
        except (LookupError, UnicodeError, ValueError):
            cut = _without_half_letter(data, name)
            if cut is not None:
                return cut
    return data.decode("cp1252", "replace")


def _without_half_letter(data: bytes, charset: str) -> str | None:
    """UTF-8 that was cut within its last letter."""
    if charset.lower().replace("_", "-") not in ("utf-8", "utf8"):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8")
    return None


def ids(value: str) -> list[str]:
    """The message ids that a header names, in order."""
    return ID.findall(value)[-MOST_IDS:]


def address_of(value: str) -> tuple[str, str]:
    """Name and address (lower case) of a header that names one mailbox; both empty if it does not.

    What could be read in two ways names none: then nobody is mistaken for somebody else.
    """
    if len(value) > LONGEST_MAILBOX:
        return "", ""
    plain = COMMENT.sub("", QUOTED.sub("", value))
    inside = re.findall(r"<([^<>]*)>", plain)
    if len(inside) > 1 or (inside and plain.count("<") != 1):
        return "", ""
    address = (inside[0] if inside else plain).strip().lower()
    if not ADDRESS.fullmatch(address):
        return "", ""
    name = words(value.rpartition("<")[0].strip().strip('"')) if inside else ""
    return name.replace('"', "").replace("\\", ""), address


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def bare_subject(subject: str) -> str:
    """A subject without the marks of replies and forwards, in the languages of our guests."""
    return PREFIX.sub("", subject).strip()


def is_reply(subject: str) -> bool:
    return PREFIX.match(subject) is not None
