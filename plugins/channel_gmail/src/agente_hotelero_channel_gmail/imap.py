"""The IMAP side of a mailbox: opening it, and its errors as ours. Blocking; call it in a thread."""

from __future__ import annotations

import imaplib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from agente_hotelero.errors import AuthFailed, NotFound, Throttled, Unavailable
from imapclient.exceptions import LoginError
from imapclient.imapclient import SENT, IMAPClient, SocketTimeout

from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.tables import MailIn

# The library writes mails into its log at DEBUG.
logging.getLogger("imapclient").setLevel(logging.WARNING)
ALL = b"\\All"
GMAIL = "X-GM-EXT-1"
WHO_WE_ARE = {"name": "agente-hotelero", "vendor": "agente-hotelero"}
# What says that a log-in was refused although the password may be right: nothing to alert of.
PASSING = re.compile(
    r"UNAVAILABLE|INUSE|LIMIT|too many|try again|temporar|SERVERBUG|\[ALERT\]", re.I
)
REFUSED = re.compile(
    r"AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|invalid cred|password", re.I
)
BUSY_SECONDS = 120.0


@contextmanager
def opened(config: GmailConfig, username: str) -> Iterator[IMAPClient]:
    """A mailbox, logged in. Raises AuthFailed, Throttled and Unavailable, also for what is done in
    it."""
    with translated():
        client = _connected(config)
        try:
            _log_in(client, config, username)
            if client.has_capability("ID"):
                client.id_(WHO_WE_ARE)
            yield client
        finally:
            _close(client)


@contextmanager
def translated() -> Iterator[None]:
    """The library's errors as ours; what servers say stays out of them, it may name a guest."""
    try:
        yield
    except LoginError as error:
        raise _refusal(str(error)) from error
    except (imaplib.IMAP4.error, OSError, EOFError, UnicodeError) as error:
        raise Unavailable(f"IMAP: {type(error).__name__}") from error


def is_in_sent(config: GmailConfig, username: str, message_id: str) -> bool:
    """Whether the mailbox has this mail of ours among those that were sent."""
    with opened(config, username) as client:
        folder = client.find_special_folder(SENT)
        if folder is None:
            return False
        client.select_folder(folder, readonly=True)
        return bool(client.search(["HEADER", "Message-ID", message_id]))


def said_already(client: IMAPClient) -> bool:
    """Whether the server said more in one breath with its last answer. The library waits for the
    socket, and would not see what has been read from it."""
    line = client.socket()
    patience = line.gettimeout()
    line.settimeout(0)
    try:
        return bool(client._imap.file.peek(1))
    except OSError:
        return False
    finally:
        line.settimeout(patience)


def abilities(config: GmailConfig, username: str) -> list[str]:
    """What of all that helps the server can do."""
    with opened(config, username) as client:
        client.select_folder(config.folder, readonly=True)
        return [one for one in ("IDLE", GMAIL) if client.has_capability(one)]


def part_of(config: GmailConfig, username: str, mail: MailIn, section: str, limit: int) -> bytes:
    """A part of a mail, encoded as it came, wherever staff have filed it since.

    Raises NotFound when it is gone; more than `limit` bytes are not read.
    """
    with opened(config, username) as client:
        found = _find(client, mail)
        item = f"BODY.PEEK[{section}]<0.{limit + 1}>"
        answer = client.fetch([found], [item]).get(found, {}) if found else {}
        data = answer.get(f"BODY[{section}]<0>".encode())
        if not isinstance(data, bytes):
            raise NotFound("the mail is not there any more")
        return data


def _find(client: IMAPClient, mail: MailIn) -> int | None:
    state = client.select_folder(mail.folder, readonly=True)
    same = state.get(b"UIDVALIDITY") == mail.uidvalidity
    if same and client.search([b"UID", str(mail.uid)]):
        return mail.uid
    everything = client.find_special_folder(ALL)
    if everything is not None:
        client.select_folder(everything, readonly=True)
    elsewhere = client.search(["HEADER", "Message-ID", mail.message_id])
    return int(elsewhere[-1]) if elsewhere else None


def _connected(config: GmailConfig) -> IMAPClient:
    client = IMAPClient(
        config.imap_host,
        port=config.imap_port,
        ssl=config.imap_security == "tls",
        timeout=SocketTimeout(connect=config.timeout_seconds, read=config.timeout_seconds),
    )
    client.normalise_times = False
    if config.imap_security == "starttls":
        client.starttls()
    return client


def _log_in(client: IMAPClient, config: GmailConfig, username: str) -> None:
    """By password; other mechanisms belong here."""
    client.login(username, config.account(username).app_password.get_secret_value())


def _refusal(words: str) -> AuthFailed | Throttled | Unavailable:
    """What a refused log-in means. Google locks out who goes on trying with a wrong password."""
    if REFUSED.search(words) and not re.search(r"UNAVAILABLE|INUSE|too many", words, re.I):
        return AuthFailed("the mailbox refuses the password")
    if PASSING.search(words):
        return Throttled("the mailbox is busy", retry_after=BUSY_SECONDS)
    return Unavailable("IMAP: the log-in was refused")


def _close(client: IMAPClient) -> None:
    """A dead connection cannot say goodbye, and need not."""
    try:
        client.logout()
    except (imaplib.IMAP4.error, OSError, EOFError):
        _shut(client)


def _shut(client: IMAPClient) -> None:
    try:
        client.shutdown()
    except (imaplib.IMAP4.error, OSError):
        return
