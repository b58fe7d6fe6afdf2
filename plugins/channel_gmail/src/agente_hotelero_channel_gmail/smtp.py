"""The SMTP side of a mailbox: one mail at a time, and what a server's refusal means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP as POLICY

import aiosmtplib
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    RecipientRefused,
    Rejected,
    Throttled,
    Unavailable,
)

from agente_hotelero_channel_gmail.config import GmailConfig

LATER_SECONDS, GROWTH = 60.0, 2.0
# Google: 550 5.4.5 Daily user sending limit exceeded.
DAILY = re.compile(r"\b5\.4\.5\b|daily (?:user )?sending|sending (?:limit|quota) exceeded", re.I)
NO_SUCH_ADDRESS = re.compile(r"\b5\.1\.[1236]\b|user unknown|no such user|does not exist", re.I)
CREDENTIALS = frozenset([530, 534, 535, 538])


class DailyLimit(AuthFailed):
    """No more mails today, says the provider."""


async def post(config: GmailConfig, username: str, mail: EmailMessage, to: str) -> None:
    """Hand a mail over. Raises AuthFailed, DailyLimit, Throttled, Unavailable, RecipientRefused,
    Rejected (not taken), and OutcomeUnknown where nobody knows."""
    body = mail.as_bytes(policy=POLICY)
    client = await connected(config, username)
    try:
        with refused():
            await client.mail(username)
        with refused(of_recipient=True):
            await client.rcpt(to)
        await _data(client, body)
    finally:
        client.close()


async def connected(config: GmailConfig, username: str) -> aiosmtplib.SMTP:
    """A server that knows us. Raises AuthFailed, Throttled, Unavailable."""
    client = aiosmtplib.SMTP(
        hostname=config.smtp_host,
        port=config.smtp_port,
        use_tls=config.smtp_security == "tls",
        start_tls=config.smtp_security == "starttls",
        timeout=config.timeout_seconds,
        local_hostname="agente-hotelero",
    )
    password = config.account(username).app_password.get_secret_value()
    try:
        with refused():
            await client.connect()
            await client.login(username, password)
    except HoteleroError:
        client.close()
        raise
    return client


@contextmanager
def refused(*, of_recipient: bool = False) -> Iterator[None]:
    """Errors before the mail itself was sent: whatever happened, it was not taken."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        raise error_of(error.code, error.message, of_recipient=of_recipient) from error
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise Unavailable(f"SMTP: {type(error).__name__}") from error


def error_of(code: int, words: str, *, of_recipient: bool = False) -> HoteleroError:
    """What an answer means; its words stay out of the error, they may name a guest."""
    if DAILY.search(words):
        return DailyLimit("the provider's daily sending limit is reached")
    if code in CREDENTIALS:
        return AuthFailed("the mail server refuses the password")
    if 400 <= code < 500:
        return Throttled(f"SMTP {code}", retry_after=LATER_SECONDS, growth=GROWTH)
    if of_recipient or NO_SUCH_ADDRESS.search(words):
        return RecipientRefused(f"SMTP {code}")
    return Rejected(f"SMTP {code}")


async def _data(client: aiosmtplib.SMTP, body: bytes) -> None:
    """From here on silence says nothing: the server may have the mail."""
    try:
        await client.data(body)
    except aiosmtplib.SMTPResponseException as error:
        raise error_of(error.code, error.message) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise OutcomeUnknown(f"SMTP: {type(error).__name__} after the mail was sent") from error
