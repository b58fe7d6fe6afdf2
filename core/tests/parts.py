"""Relay and sender as the agent makes them, for tests that drive them by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.happenings import Happenings
from agente_hotelero._runtime.holding import Holding
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.opting import Opting
from agente_hotelero._runtime.receipts import Receipts
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock

LOG = structlog.get_logger()
NOBODY = Subscribers(subscriptions=[], log=LOG)


def relay_of(
    database: Database,
    engine: Any,
    directory: Directory,
    clock: Clock,
    opting: Opting | None = None,
) -> Relay:
    """A relay on a stand-in of the engine, without waiting for the rest of a burst."""
    metrics = Metrics()
    accounts = accounts_of(database, engine, clock, {})
    return Relay(
        database,
        engine,
        directory,
        clock=clock,
        log=LOG,
        metrics=metrics,
        debounce=0.0,
        limiter=Limiter(None, log=LOG, metrics=metrics),
        guest_per_minute=60,
        announcer=accounts.announcer,
        happenings=Happenings(clock=clock, log=LOG, accounts=accounts),
        receipts=Receipts(clock=clock, log=LOG, engine=engine, accounts=accounts, attempts=3),
        subscribers=NOBODY,
        opting=opting
        or Opting(engine=engine, clock=clock, tenants={}, renderer_of=lambda tenant: Renderer({})),
    )


def sender_of(
    database: Database,
    engine: Any,
    tenants: Mapping[str, Tenant],
    clock: Clock,
    subscribers: Subscribers = NOBODY,
) -> Sender:
    """A sender that tries three times."""
    metrics = Metrics()
    accounts = accounts_of(database, engine, clock, tenants)
    return Sender(
        database=database,
        clock=clock,
        log=LOG,
        metrics=metrics,
        attempts=3,
        unknown_wait=0.1,
        tenants=tenants,
        limiter=Limiter(None, log=LOG, metrics=metrics),
        subscribers=subscribers,
        announcer=accounts.announcer,
        holding=Holding(
            database=database,
            engine=engine,
            accounts=accounts,
            clock=clock,
            log=LOG,
            metrics=metrics,
            tenants=tenants,
        ),
        receipts=Receipts(clock=clock, log=LOG, engine=engine, accounts=accounts, attempts=3),
    )


def accounts_of(
    database: Database, engine: Any, clock: Clock, tenants: Mapping[str, Tenant]
) -> Accounts:
    """Accounts whose stops nobody has subscribed to."""
    announcer = Announcer(engine=engine, clock=clock, wanted=lambda tenant: frozenset())
    return Accounts(
        database=database,
        engine=engine,
        announcer=announcer,
        clock=clock,
        log=LOG,
        tenants=tenants,
    )
