"""Each hotel's own job: what has been kept long enough goes, and guests long silent are erased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from agente_hotelero._db import rights as rows
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero._runtime.rights import Rights
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.errors import HoteleroError

JOB = "core/retention_of_guests"
CRON = "40 4 * * *"
WHO = "retention"
# The rest has its turn the next night.
MOST_GUESTS = 500
# Looked at in one go; who is spared takes nobody's place.
PAGE = 200


def planned(tenants: Mapping[str, Tenant], rights: Rights) -> dict[str, Planned]:
    """Every night, by the hotel's clock."""
    return {
        f"{JOB}/{name}": Planned(cron=CRON, zone=tenant.settings.zone, run=_job(tenant, rights))
        for name, tenant in tenants.items()
    }


def _job(tenant: Tenant, rights: Rights) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await keep_to(tenant, rights)

    return run


async def keep_to(tenant: Tenant, rights: Rights) -> None:
    """Raises at the end what a plugin raised that could not erase a guest: the others go all the
    same, and the next night he is tried again."""
    periods, now = tenant.settings.retention, rights.clock.now()
    today = now.astimezone(tenant.settings.zone).date()
    guests, failed = await _erase_silent(tenant, rights, now - timedelta(days=periods.guests_days))
    async with rights.database.sessions() as session, session.begin():
        gone = await rows.forget_messages(
            session, tenant.id, now - timedelta(days=periods.messages_days)
        )
        gone["stays"] = await rows.forget_stays(
            session, tenant.id, today - timedelta(days=periods.stays_days)
        )
        gone["unasked"] = await rows.forget_unasked(
            session, tenant.id, now - timedelta(days=periods.journeys_days)
        )
    rights.log.info("forgotten", tenant=tenant.id, guests=guests, failed=len(failed), **gone)
    if failed:
        raise failed[0]


async def _erase_silent(
    tenant: Tenant, rights: Rights, before: datetime
) -> tuple[int, list[HoteleroError]]:
    """Returns how many guests were, and why others could not be. A conversation is silent for
    itself, and erased with all that there is of its guest: so one who wrote elsewhere since, or has
    a stay that ended later or is to come, is spared."""
    erased, after, failed = 0, 0, list[HoteleroError]()
    while erased < MOST_GUESTS:
        async with rights.database.sessions() as session:
            page = await rows.silent_since(session, tenant.id, before, after, PAGE)
        for one in page[: MOST_GUESTS - erased]:
            if await _is_silent(tenant, rights, one.reach, before):
                try:
                    await rights.erase(tenant.id, [one.reach], WHO)
                    erased += 1
                except HoteleroError as error:
                    rights.log.exception("guest_not_erased", tenant=tenant.id)
                    failed.append(error)
        if len(page) < PAGE:
            break
        after = int(page[-1].id or 0)
    return erased, failed


async def _is_silent(tenant: Tenant, rights: Rights, address: str, before: datetime) -> bool:
    """Whether all that would go with an address is old, as it is now; False too for one who went
    already with another conversation of his."""
    first = before.astimezone(tenant.settings.zone).date()
    async with rights.database.sessions() as session:
        traces = await rows.find(session, tenant.id, [address])
        return bool(traces.ids) and not await rows.is_active(
            session, tenant.id, traces, before, first
        )
