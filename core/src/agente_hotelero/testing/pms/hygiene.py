"""Hygiene: no secret and no guest in what operators read."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from agente_hotelero.testing.pms.faults import Fault
from agente_hotelero.testing.pms.operations import OPERATIONS, Operation
from agente_hotelero.testing.pms.visit import Bench, Visit

# The core lets libraries say warnings only: below, they quote what passes through.
LIBRARIES = ("httpx", "httpcore", "sqlalchemy", "aiosqlite", "psycopg", "asyncio")
TROUBLES = (None, Fault.UNAUTHORISED, Fault.DOWN, Fault.HTML, Fault.REFUSED, Fault.LOST)


class Hygiene:
    """Canaries: a secret in the settings, and a guest's address and number in the orders."""

    def test_the_secret_is_told_nowhere(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            secret = visit.hotel.need("secret")
            with listening() as lines:
                errors = await go_through(bench, visit)
            adapter = visit.adapter
            shown = [repr(adapter), str(adapter), repr(adapter.config), str(adapter.config)]
            assert secret not in "\n".join([*shown, repr(visit.info)]), "a repr shows the secret"
            assert not any(secret in line for line in lines), "a log line shows the secret"
            assert not any(secret in text for text in errors), "an error shows the secret"

        bench.run(work)

    def test_no_guest_is_named_in_logs_and_errors(self, bench: Bench) -> None:
        async def work(visit: Visit) -> None:
            with listening() as lines:
                errors = await go_through(bench, visit)
            guest = visit.hotel.guest
            canaries = [(guest.email or "").lower(), (guest.phone or "").removeprefix("+")]
            for canary in filter(None, canaries):
                assert not any(canary in line.lower() for line in lines), "a log names a guest"
                assert not any(canary in text.lower() for text in errors), "an error names a guest"

        bench.run(work)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(LIBRARIES) and record.levelno < logging.WARNING:
            return
        self.lines.append(self.format(record))


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every line that is logged meanwhile, by structlog or logging."""
    lines: list[str] = []
    root, handler = logging.getLogger(), _Lines(lines)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as events:
            yield lines
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
        lines += [_told(event) for event in events]


def _told(event: object) -> str:
    found = event.get("exc_info") if isinstance(event, dict) else None
    error = found if isinstance(found, BaseException) else None
    return repr(event) + ("".join(traceback.format_exception(error)) if error else "")


async def go_through(bench: Bench, visit: Visit) -> list[str]:
    """Every operation, well and in trouble; the errors as a traceback shows them."""
    errors: list[str] = []
    troubles = [one for one in TROUBLES if visit.transport or one is None or one in bench.faults]
    for operation in OPERATIONS:
        if not operation.needs or visit.info.capabilities & operation.needs:
            for fault in troubles:
                errors += await _told_by(bench, visit, operation, fault)
    return errors


async def _told_by(
    bench: Bench, visit: Visit, operation: Operation, fault: Fault | None
) -> list[str]:
    try:
        attempt = await operation.prepare(visit)
    except pytest.skip.Exception:
        return []
    try:
        if visit.transport is not None:
            visit.transport.strike(fault)
            await attempt.call(visit.adapter)
        else:
            async with visit.make(visit.services, fault=fault) as adapter:
                await attempt.call(adapter)
    except Exception as error:
        return ["".join(traceback.format_exception(error)), repr(error)]
    finally:
        if visit.transport is not None:
            visit.transport.calm()
        await visit.tidy()
    return []
