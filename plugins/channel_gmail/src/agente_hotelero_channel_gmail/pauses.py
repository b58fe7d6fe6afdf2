"""When a mailbox is left alone: its password was refused, or it has sent enough for a day.

Google locks out who goes on trying, so a refused password is not tried again before an hour has
passed, or another one is configured.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from agente_hotelero import Services

from agente_hotelero_channel_gmail import records
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.tables import Pause

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
ENOUGH = "the daily sending limit is reached"


async def why_not_read(services: Services, config: GmailConfig, account: str) -> str:
    """Why the servers must not be asked now; empty when they may be."""
    pause = await records.pause_of(services, account)
    return pause.reason if pause and is_refused(pause, config, services.clock.now()) else ""


async def why_not_sent(services: Services, config: GmailConfig, account: str) -> str:
    """Why nothing may be sent now; empty when it may."""
    pause, now = await records.pause_of(services, account), services.clock.now()
    if pause is None:
        return ""
    if pause.until is not None:
        return pause.reason if pause.until > now else ""
    return pause.reason if is_refused(pause, config, now) else ""


def is_refused(pause: Pause, config: GmailConfig, now: datetime) -> bool:
    """Whether this password was refused a short while ago."""
    same = pause.password == mark_of(config, pause.account)
    return pause.until is None and same and now < pause.since + HOUR


async def refused(services: Services, config: GmailConfig, account: str, why: str) -> None:
    """Remember that a password was refused."""
    await records.set_pause(services, account, reason=why, password=mark_of(config, account))


async def enough_for_today(services: Services, account: str) -> None:
    """The provider says so: until the next day of the hotel."""
    local = services.clock.now().astimezone(services.time_zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    await records.set_pause(services, account, reason=ENOUGH, until=midnight)


async def count_for_today(services: Services, config: GmailConfig, account: str) -> bool:
    """Whether one more may be sent by our own count; if not, when it may be again is remembered."""
    now = services.clock.now()
    number, oldest = await records.sent_since(services, account, now - DAY)
    if number < config.daily_limit or oldest is None:
        return True
    await records.set_pause(services, account, reason=ENOUGH, until=oldest + DAY)
    return False


def mark_of(config: GmailConfig, account: str) -> str:
    """What tells one password from another."""
    secret = config.account(account).app_password.get_secret_value()
    return hashlib.sha256(f"{account}:{secret}".encode()).hexdigest()[:16]
