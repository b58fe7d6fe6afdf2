"""A guest with a mailbox, who writes and answers as people do: under the mail that is quoted."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime, make_msgid

from agente_hotelero_channel_gmail.testing.post_office import PostOffice

OURS = re.compile(r"<hotelero\.(\d+)\.[0-9a-f]+@")
MAP = re.compile(r"mlat=(-?[\d.]+)&mlon=(-?[\d.]+)")


@dataclass(frozen=True, kw_only=True)
class Received:
    """A mail that a guest got. `mark` is the number in the outbox, `images` what stands beside the
    text, `location` a place that it links to."""

    text: str
    html: str
    subject: str
    mark: str
    message_id: str
    references: tuple[str, ...]
    headers: dict[str, str]
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    location: tuple[float, float] | None = None

    @classmethod
    def of(cls, raw: bytes) -> Received:
        mail = message_from_bytes(raw, policy=default)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        text = str(plain.get_content()) if plain is not None else ""
        markup = str(html.get_content()) if html is not None else ""
        message_id = str(mail["Message-ID"]).strip()
        mark, point = OURS.match(message_id), MAP.search(text)
        return cls(
            text=text.replace("\r\n", "\n").strip(),
            html=markup,
            subject=str(mail["Subject"]),
            mark=mark[1] if mark else "",
            message_id=message_id,
            references=tuple(str(mail["References"] or "").split()),
            headers={name.lower(): str(value) for name, value in mail.items()},
            images=tuple(re.findall(r'<img src="([^"]+)"', markup)),
            links=tuple(re.findall(r'<a href="([^"]+)" style', markup)),
            location=(float(point[1]), float(point[2])) if point else None,
        )


@dataclass
class MailGuest:
    """Writes to one hotel over SMTP, and reads what comes back."""

    office: PostOffice
    address: str
    hotel: str
    name: str = "Guest"
    subject: str = "Consulta"
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Known at the post office; nobody reads his mailbox over IMAP.
        self.office.dovecot.users.setdefault(self.address, "guest-password")

    def say(self, text: str, *, headers: dict[str, str] | None = None, quote: bool = True) -> str:
        """Write, in answer to the last mail if there is one; returns the Message-ID."""
        mail = EmailMessage()
        mail["From"] = f"{self.name} <{self.address}>"
        mail["To"] = self.hotel
        mail["Date"] = format_datetime(self.office.now())
        mail["Message-ID"] = make_msgid(domain="guest.example")
        self._answer(mail)
        for name, value in (headers or {}).items():
            del mail[name]
            mail[name] = value
        mail.set_content(f"{text}\n{self._quoted() if quote else ''}")
        self.post(mail)
        return str(mail["Message-ID"])

    def choose(self, place: int) -> str:
        """Answer with the number of an option."""
        return self.say(str(place))

    def post(self, mail: EmailMessage, *, login: str = "") -> None:
        """Hand a mail in; `login` is whoever really sends it, if that is somebody else."""
        who = login or self.address
        with smtplib.SMTP("127.0.0.1", self.office.port, timeout=20) as line:
            line.login(who, self.office.dovecot.users[who])
            line.send_message(mail, from_addr=who, to_addrs=[self.hotel])
        self.written.append(str(mail["Message-ID"]))

    def replies(self, after: int = 0) -> list[Received]:
        """What the hotel wrote, in order."""
        found = [Received.of(raw) for raw in self.office.dovecot.mails(self.address)]
        return [one for one in found if one.mark][after:]

    def _answer(self, mail: EmailMessage) -> None:
        replies = self.replies()
        if not replies:
            mail["Subject"] = self.subject
            return
        last = replies[-1]
        mail["Subject"] = f"Re: {last.subject.removeprefix('Re: ')}"
        mail["In-Reply-To"] = last.message_id
        mail["References"] = " ".join([*last.references, last.message_id])

    def _quoted(self) -> str:
        replies = self.replies()
        if not replies:
            return ""
        lines = "\n".join(f"> {line}" for line in replies[-1].text.split("\n"))
        return f"\nEl mié, 18 nov 2026 a las 12:00, Hotel ({self.hotel}) escribió:\n\n{lines}\n"
