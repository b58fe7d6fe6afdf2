"""A guest's rights: to see what core and plugins hold of him, and to have it taken away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from agente_hotelero._db import desk, rights, stays
from agente_hotelero._db.rights import Traces
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.plugins import Plugins
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock, Log, MediaStore, PersonalData
from agente_hotelero.errors import HoteleroError, Rejected

LONGEST, MOST = 320, 20


@dataclass(frozen=True, kw_only=True)
class Rights:
    """`holders` are the plugins that hold something of guests, each with its guard."""

    database: Database
    tenants: Mapping[str, Tenant]
    holders: Mapping[str, tuple[PersonalData, Guard]]
    media: MediaStore
    clock: Clock
    log: Log

    async def export(self, tenant: str, addresses: Collection[str], who: str) -> dict[str, Any]:
        """All that is held of the guest with these addresses. Raises Rejected for none, and what a
        plugin raises: half an answer is none."""
        check(addresses)
        async with self.database.sessions() as session, session.begin():
            traces = await rights.find(session, tenant, addresses)
            found = await rights.export(session, tenant, traces)
            await self._audit(session, tenant, who, "export", {"conversations": len(traces.ids)})
        found["plugins"] = {}
        for plugin, held, guard in self._holders(tenant):
            services = self.tenants[tenant].sections[plugin][1]
            own = [
                await guard.call("export", partial(held.export, services, address), check=_mapping)
                for address in sorted(traces.addresses)
            ]
            found["plugins"][plugin] = [one for one in own if one]
        return found

    async def erase(self, tenant: str, addresses: Collection[str], who: str) -> dict[str, Any]:
        """Take it away; returns what was, by kind, and what must still be looked at.

        The plugins first: while one fails, the core still knows under which addresses to look, and
        it can be tried again; and once more afterwards, since a channel may have noted something as
        it sent, until the core let nothing more be sent. Raises Rejected, and what a plugin raises.
        """
        check(addresses)
        async with self.database.sessions() as session:
            traces = await rights.find(session, tenant, addresses)
        of_plugins = await self._erase_in_plugins(tenant, traces)
        accounts = [account for _, account in self.tenants[tenant].channels]
        async with self.database.sessions() as session, session.begin():
            await stays.hold(session, tenant, traces.references, traces.ids)
            # Something may have been sent meanwhile; from here on nothing is.
            traces = await rights.find(session, tenant, traces.addresses)
            done = await rights.erase(session, tenant, accounts, traces)
            await self._audit(session, tenant, who, "erase", {**done.counts, **of_plugins})
        # Before anything that may raise: the rows that named them are gone.
        left = await self._delete_files(done.files)
        for plugin, more in (await self._erase_in_plugins(tenant, traces)).items():
            of_plugins[plugin] += more
        self.log.info("guest_erased", tenant=tenant, **done.counts)
        return {
            "erased": {**done.counts, **of_plugins},
            "files_not_deleted": left,
            "other_addresses_on_reservations": sorted(traces.also),
        }

    async def _erase_in_plugins(self, tenant: str, traces: Traces) -> dict[str, int]:
        counts = {}
        for plugin, held, guard in self._holders(tenant):
            services = self.tenants[tenant].sections[plugin][1]
            counts[plugin] = 0
            for address in sorted(traces.addresses):
                work = partial(held.erase, services, address)
                counts[plugin] += await guard.call("erase", work, writes=True, check=_number)
        return counts

    async def _delete_files(self, files: Sequence[str]) -> list[str]:
        """Once the rows are gone; the names of those that the store would not let go."""
        left = []
        for name in files:
            try:
                await self.media.delete(name)
            except HoteleroError as error:
                self.log.exception("file_not_deleted", error=type(error).__name__)
                left.append(name)
        return left

    def _holders(self, tenant: str) -> list[tuple[str, PersonalData, Guard]]:
        sections = self.tenants[tenant].sections
        return [(name, *held) for name, held in self.holders.items() if name in sections]

    async def _audit(
        self, session: Any, tenant: str, who: str, action: str, counts: Mapping[str, int]
    ) -> None:
        """That it was done; not to whom."""
        after, now = dict(counts), self.clock.now()
        await desk.audit(session, tenant, who, action, "guest", now, after=after)


def holders(
    plugins: Plugins, guard: Callable[[str], Guard]
) -> dict[str, tuple[PersonalData, Guard]]:
    """The plugins that say how to export and erase a guest."""
    found: dict[str, tuple[PersonalData, Guard]] = {}
    for name, held in list(plugins.registered("register_personal_data")):
        if isinstance(held, PersonalData):
            found[name] = (held, guard(name))
        else:
            plugins.fail(name, "register_personal_data returned what it should not")
    return found


def check(addresses: Collection[str]) -> None:
    """Raises Rejected for what can be nobody's address."""
    given = [one.strip() for one in addresses]
    if not given or len(given) > MOST or not all(0 < len(one) <= LONGEST for one in given):
        raise Rejected(f"one to {MOST} addresses are needed, each of {LONGEST} characters at most")


def _mapping(found: object) -> None:
    if not isinstance(found, Mapping):
        raise TypeError("an export is a mapping")


def _number(found: object) -> None:
    if not isinstance(found, int):
        raise TypeError("how many rows were erased is a number")
