"""Settings: the servers, and the mailboxes of a hotel."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self

from agente_hotelero import PluginConfig
from agente_hotelero.errors import NotFound
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from agente_hotelero_channel_gmail.headers import ADDRESS

Security = Literal["tls", "starttls", "none"]
Host = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]


def _address(value: str) -> str:
    if not ADDRESS.fullmatch(value):
        raise ValueError("is not an e-mail address")
    return value.lower()


Address = Annotated[str, AfterValidator(_address)]


def _password(value: SecretStr) -> SecretStr:
    """Google shows app passwords in groups of four."""
    return SecretStr(value.get_secret_value().replace(" ", ""))


class GmailAccount(PluginConfig):
    """One mailbox. `aliases` are other addresses that deliver into it."""

    username: Address
    app_password: Annotated[SecretStr, AfterValidator(_password)]
    name: str = Field(default="", max_length=100)
    """Who writes, as guests see it; the hotel's name if not given."""
    aliases: tuple[Address, ...] = ()


class GmailConfig(PluginConfig):
    """``[plugins.channel_gmail]``, or per tenant."""

    accounts: tuple[GmailAccount, ...] = ()
    imap_host: Host = "imap.gmail.com"
    imap_port: Port = 993
    imap_security: Security = "tls"
    smtp_host: Host = "smtp.gmail.com"
    smtp_port: Port = 465
    smtp_security: Security = "tls"
    authserv_ids: tuple[str, ...] = ("mx.google.com",)
    """Names under which our own mail server says who a mail is really from; none: nobody is."""
    folder: str = Field(default="INBOX", min_length=1)
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)
    """How long a server may be silent within one command."""
    poll_seconds: float = Field(default=60.0, gt=0, le=540)
    """How often to look, whether the server pushed anything or not; so IDLE is renewed too."""
    max_mail_mb: int = Field(default=25, ge=1, le=100)
    """Files of larger mails are only listed."""
    answers_per_hour: int = Field(default=20, ge=1)
    """More mails of one sender, or in one thread, are left to people."""
    daily_limit: int = Field(default=450, ge=1)
    """Mails sent in any 24 hours; Gmail allows 500, Workspace 2,000."""
    thread_days: int = Field(default=30, ge=1)
    """How long a mail of the same sender and subject belongs to the same conversation."""
    public_url: str = Field(default="", pattern=r"^(https?://[^/\s]+)?$")
    """Where guests reach this agent's pages; without it answers are given in words."""
    link_secret: SecretStr | None = None
    link_hours: float = Field(default=72.0, gt=0)
    links_to_relays: bool = False
    """Whether booking sites that relay mails let the hotel's links through."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        for host, security in (
            (self.imap_host, self.imap_security),
            (self.smtp_host, self.smtp_security),
        ):
            if security == "none" and not _is_here(host):
                raise ValueError("passwords go to other machines only over TLS")
        if self.public_url and not (self.link_secret and len(self.secret()) >= 16):
            raise ValueError("public_url needs a link_secret of at least 16 characters")
        return self

    def account(self, username: str) -> GmailAccount:
        """Raises NotFound."""
        for one in self.accounts:
            if one.username == username:
                return one
        raise NotFound("no such mailbox is configured")

    def own(self, username: str) -> frozenset[str]:
        """The addresses from which nobody but ourselves writes."""
        account = self.account(username)
        return frozenset((account.username, *account.aliases))

    def secret(self) -> str:
        return self.link_secret.get_secret_value() if self.link_secret else ""


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
