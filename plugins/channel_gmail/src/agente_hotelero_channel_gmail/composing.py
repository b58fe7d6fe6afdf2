"""Mails as they go out: the same words as plain text and as HTML, in their thread. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from agente_hotelero.errors import Rejected
from agente_hotelero.messages import Location, OutboundMessage, Part

from agente_hotelero_channel_gmail.headers import ADDRESS, bare_subject

MOST_REFERENCES = 20
LONGEST_SUBJECT = 150
# A line that names something and says it: three in a row are a table.
NAMED = re.compile(r"([^:\n]{1,40}):\s+(\S.{0,200})")
FEWEST_ROWS = 3
URL = re.compile(r"https?://[^\s<>\"']+")
STYLE = "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.5;color:#222"
BUTTON = (
    "display:inline-block;margin:4px 8px 4px 0;padding:10px 18px;border-radius:6px;"
    "background:#1a5fb4;color:#ffffff;text-decoration:none"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What surrounds the words. `links` are the addresses of the options, if they have any;
    `leave` is where a guest stops what he did not ask for."""

    name: str
    sender: str
    to: str
    message_id: str
    at: datetime
    subject: str
    in_reply_to: str = ""
    references: Sequence[str] = ()
    links: Sequence[str] = ()
    leave: str = ""
    plain: bool = False


def composed(message: OutboundMessage, letter: Letter) -> EmailMessage:
    """The mail. Raises Rejected for an address that no mail can go to."""
    mail = EmailMessage(policy=SMTP)
    try:
        _head(mail, message, letter)
    except (ValueError, IndexError) as error:
        raise Rejected("a header cannot be written") from error
    parts = message.parts or (
        Part(text=message.text, image=message.image, location=message.location),
    )
    mail.set_content(_plain(message, parts, letter), charset="utf-8", cte="quoted-printable")
    mail.add_alternative(
        _html(message, parts, letter), subtype="html", charset="utf-8", cte="quoted-printable"
    )
    return mail


def subject_of(subject: str, hotel: str) -> str:
    """``Re:`` once, whatever the guest's program wrote; of a mail that answers none the hotel."""
    bare = bare_subject(subject)[:LONGEST_SUBJECT]
    return f"Re: {bare}" if bare else hotel


def references(before: Sequence[str], message_id: str) -> list[str]:
    """The first mail of the thread and the last ones."""
    chain = [*before, message_id]
    return chain if len(chain) <= MOST_REFERENCES else [chain[0], *chain[1 - MOST_REFERENCES :]]


def _head(mail: EmailMessage, message: OutboundMessage, letter: Letter) -> None:
    if not (ADDRESS.fullmatch(letter.to) and letter.to.isascii()):
        raise Rejected("no address that a mail can go to")
    name = re.sub(r"[\x00-\x1f\x7f\"<>@]", " ", letter.name).strip()
    mail["From"] = f'"{name}" <{letter.sender}>' if name else letter.sender
    mail["To"] = letter.to
    mail["Subject"] = " ".join(letter.subject.split())
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = letter.message_id
    if letter.in_reply_to:
        mail["In-Reply-To"] = letter.in_reply_to
        mail["References"] = " ".join(letter.references)
    if message.purpose:
        mail["Auto-Submitted"] = "auto-generated"
        _leave(mail, letter)
    elif message.by == "agent":
        mail["Auto-Submitted"] = "auto-replied"
    if message.by == "agent":
        mail["X-Auto-Response-Suppress"] = "All"


def _leave(mail: EmailMessage, letter: Letter) -> None:
    """How to hear no more of what was not asked for (RFC 2369, RFC 8058)."""
    mailto = f"<mailto:{letter.sender}?subject=STOP>"
    mail["List-Unsubscribe"] = f"<{letter.leave}>, {mailto}" if letter.leave else mailto
    if letter.leave:
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _plain(message: OutboundMessage, parts: Sequence[Part], letter: Letter) -> str:
    lines = [_with_place(part) for part in parts]
    options = [f"{place}. {one.title}" for place, one in enumerate(message.options, 1)]
    if message.attachment is not None and message.attachment.url:
        lines.append(message.attachment.url)
    return "\n\n".join([*lines, "\n".join(options)]).strip() + "\n"


def _with_place(part: Part) -> str:
    point = part.location
    return part.text if point is None else f"{part.text}\n{map_of(point)}".strip()


def map_of(point: Location) -> str:
    """A place as a link that any program opens."""
    return f"https://www.openstreetmap.org/?mlat={point.latitude}&mlon={point.longitude}#map=17"


def _html(message: OutboundMessage, parts: Sequence[Part], letter: Letter) -> str:
    rows = "".join(_row(part, letter) for part in parts)
    options = _options(message, letter)
    return (
        '<!DOCTYPE html><html><body style="margin:0">'
        f'<div style="{STYLE};max-width:640px;padding:8px">'
        f'<table role="presentation" cellpadding="0" cellspacing="0" width="100%">{rows}</table>'
        f"{options}</div></body></html>\n"
    )


def _row(part: Part, letter: Letter) -> str:
    """A piece of the answer: what is offered stands beside its picture."""
    text = _block(_with_place(part), linked=not letter.plain)
    image = part.image
    if image is None or letter.plain or not image.url.startswith(("https://", "http://")):
        return f'<tr><td colspan="2" style="padding:6px 0">{text}</td></tr>'
    picture = (
        f'<img src="{escape(image.url)}" alt="{escape(image.caption)}" width="200" '
        'style="max-width:200px;border-radius:6px">'
    )
    return (
        f'<tr><td width="216" valign="top" style="padding:6px 16px 6px 0">{picture}</td>'
        f'<td valign="top" style="padding:6px 0">{text}</td></tr>'
    )


def _block(text: str, *, linked: bool) -> str:
    """Escaped lines; three or more that name something become a table."""
    pieces: list[str] = []
    rows: list[tuple[str, str]] = []
    for line in [*text.split("\n"), None]:
        named = NAMED.fullmatch(line) if line is not None else None
        if named is not None and not line_is_link(named[1]):
            rows.append((named[1], named[2]))
            continue
        pieces += _table(rows, linked=linked)
        rows = []
        if line is not None:
            pieces.append(_linked(line, linked=linked) + "<br>")
    return "".join(pieces).removesuffix("<br>")


def line_is_link(name: str) -> bool:
    """``https`` is no name of anything."""
    return name.strip().lower() in ("http", "https")


def _table(rows: Sequence[tuple[str, str]], *, linked: bool) -> list[str]:
    if len(rows) < FEWEST_ROWS:
        return [_linked(f"{name}: {value}", linked=linked) + "<br>" for name, value in rows]
    lines = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#555">{escape(name)}</td>'
        f"<td>{_linked(value, linked=linked)}</td></tr>"
        for name, value in rows
    )
    return [f'<table role="presentation" cellpadding="0" cellspacing="0">{lines}</table>']


def _linked(line: str, *, linked: bool) -> str:
    if not linked:
        return escape(line)
    at, pieces = 0, []
    for found in URL.finditer(line):
        url = escape(found[0])
        pieces.append(f'{escape(line[at : found.start()])}<a href="{url}">{url}</a>')
        at = found.end()
    return "".join([*pieces, escape(line[at:])])


def _options(message: OutboundMessage, letter: Letter) -> str:
    """Buttons where there are links, else the numbers to answer with."""
    if not message.options:
        return ""
    titles = [escape(one.title) for one in message.options]
    if len(letter.links) == len(titles):
        buttons = "".join(
            f'<a href="{escape(link)}" style="{BUTTON}">{title}</a>'
            for link, title in zip(letter.links, titles, strict=True)
        )
        return f'<p style="margin:12px 0">{buttons}</p>'
    return "".join(f"<div>{place}. {title}</div>" for place, title in enumerate(titles, 1))
