"""The text of a mail, out of its MIME parts. Pure.

What comes in is at most `envelope.PARSED` bytes of a mail, so a part may end in its middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from agente_hotelero_channel_gmail.headers import text_of
from agente_hotelero_channel_gmail.html_text import CUT, images_shown, text_of_html
from agente_hotelero_channel_gmail.quotes import new_words

MOST_PARTS, MOST_BOUNDARIES = 200, 50
LONGEST_TEXT = 200_000
LONGEST_NEW, LONGEST_WHOLE = 8_000, 18_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """`new` are the guest's own words, `whole` all of the text, as staff see it; `shown` are the
    content ids of pictures inside the text."""

    new: str
    whole: str
    shown: frozenset[str] = frozenset()


def parse(raw: bytes) -> Message:
    """The tree of parts. Raises ValueError for one that nobody would write."""
    if raw.lower().count(b"boundary=") > MOST_BOUNDARIES:
        raise ValueError("too many boundaries")
    try:
        return message_from_bytes(raw)
    except RecursionError:
        raise ValueError("nested too deep") from None


def body_of(message: Message) -> Body:
    """The text that is there in its best form: what is kept of it is bounded."""
    pieces = list(_pieces(message))
    text = "\n\n".join(text for text, _ in pieces if text)
    whole = "\n".join(line for line in text.split("\n") if line != CUT).replace("\x00", "")
    shown = frozenset(one for _, ids in pieces for one in ids)
    new = new_words(text).replace("\x00", "")
    return Body(new=new[:LONGEST_NEW], whole=whole.strip()[:LONGEST_WHOLE], shown=shown)


def parts_of(message: Message) -> Iterator[Message]:
    """The first parts that are no containers, mails inside the mail left closed."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        inside = part.get_payload()
        if isinstance(inside, list) and part.get_content_maintype() == "multipart":
            waiting = [one for one in inside if isinstance(one, Message)] + waiting
        else:
            yield part


def decoded(part: Message) -> str:
    """A text part as text, whatever it says of its charset."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_param("charset", "utf-8")
    name = charset if isinstance(charset, str) else "utf-8"
    return text_of(data, name)[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")


def _pieces(part: Message, depth: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Texts in order, of alternatives the best, each with the pictures that it shows."""
    inside = part.get_payload()
    kind = part.get_content_type()
    if isinstance(inside, list):
        children = [one for one in inside if isinstance(one, Message)][:MOST_PARTS]
        if kind == "message/rfc822" or depth > MOST_BOUNDARIES:
            return
        if kind == "multipart/alternative":
            best = _best([list(_pieces(child, depth + 1)) for child in children])
            yield from best
        elif kind in ("multipart/related", "multipart/signed", "multipart/encrypted"):
            yield from _pieces(children[0], depth + 1) if children else ()
        else:
            for child in children:
                yield from _pieces(child, depth + 1)
    elif kind in ("text/plain", "text/html") and not _is_attached(part):
        yield _text(part, kind)


def _best(forms: list[list[tuple[str, list[str]]]]) -> list[tuple[str, list[str]]]:
    """The last form that says something: the richest, by RFC 2046."""
    for form in reversed(forms):
        if any(text.strip() for text, _ in form):
            return form
    return []


def _text(part: Message, kind: str) -> tuple[str, list[str]]:
    text = decoded(part)
    if kind == "text/html":
        return text_of_html(text), sorted(images_shown(text))
    if str(part.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, delsp=str(part.get_param("delsp", "")).lower() == "yes")
    return text, []


def _is_attached(part: Message) -> bool:
    return str(part.get("content-disposition", "")).strip().lower().startswith("attachment")


def unflowed(text: str, *, delsp: bool) -> str:
    """``format=flowed`` (RFC 3676): lines that end in a space go on in the next one."""
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        quoted = re.match(r">*", line)
        depth = quoted[0] if quoted else ""
        words = line[len(depth) :].removeprefix(" ")
        before = lines[-1] if lines else ""
        if goes_on and _depth(before) == len(depth):
            lines[-1] = (before[:-1] if delsp else before) + words
        else:
            lines.append(f"{depth} {words}" if depth else words)
        goes_on = words.endswith(" ") and words != "-- "
    return "\n".join(lines)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(">"))
