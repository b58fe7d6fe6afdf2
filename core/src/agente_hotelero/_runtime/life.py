"""Replicas on PostgreSQL: each shows that it lives, and takes over what a dead one left.

A process holds a session advisory lock on its executor id. Whoever finds unfinished work of an id
whose lock is free, twice, puts that work back into its queue. After the database was away everybody
first takes his own lock again before he looks at others'.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

import structlog
from dbos import DBOS
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

LOCK = text("SELECT pg_try_advisory_lock(hashtext('hotelero-executor'), hashtext(:id))")
FREE = text("SELECT pg_advisory_unlock(hashtext('hotelero-executor'), hashtext(:id))")
UNFINISHED = text(
    "SELECT DISTINCT executor_id FROM dbos.workflow_status "
    "WHERE status = 'PENDING' AND executor_id <> :id"
)
LOOK_SECONDS = 1.5
DEAD_AFTER_SECONDS = 4.0
AGAIN_SECONDS = 0.5
GIVE_UP_SECONDS = 300.0
LOCK_LOST = 75
LOG = structlog.get_logger("engine")


class Life:
    """The life of one executor."""

    def __init__(self, url: URL, executor: str) -> None:
        self._executor = executor
        self._engine: Engine = create_engine(
            url, poolclass=NullPool, connect_args={"connect_timeout": 5}, hide_parameters=True
        )
        self._connection: Connection | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="life", daemon=True)
        self._free_since: dict[str, float] = {}

    def begin(self) -> None:
        """Take our own lock; blocks until the database gives it."""
        while not self._take():
            time.sleep(AGAIN_SECONDS)

    def watch(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Stop watching and give the lock back: others may take over at once."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LOOK_SECONDS * 4)
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.close()
        self._engine.dispose()

    def _take(self) -> bool:
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return bool(self._connection.execute(LOCK, {"id": self._executor}).scalar())

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self._look()
            except DBAPIError as error:
                LOG.warning("life_lock_lost", error=type(error).__name__)
                self._free_since.clear()
                self._retake()

    def _retake(self) -> None:
        """Take our lock again; if somebody took our work meanwhile, or nothing comes back, end."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while not self._stop.wait(AGAIN_SECONDS):
            try:
                if self._take():
                    LOG.warning("life_lock_retaken")
                    return
            except DBAPIError:
                if time.monotonic() < deadline:
                    continue
            LOG.error("life_lost")
            os._exit(LOCK_LOST)

    def _look(self) -> None:
        """Find executors with unfinished work, and take over from those that are gone."""
        if self._connection is None:
            return
        rows = self._connection.execute(UNFINISHED, {"id": self._executor}).fetchall()
        others = {str(row[0]) for row in rows}
        for executor in set(self._free_since) - others:
            del self._free_since[executor]
        for executor in others:
            self._consider(self._connection, executor)

    def _consider(self, connection: Connection, executor: str) -> None:
        if not connection.execute(LOCK, {"id": executor}).scalar():
            self._free_since.pop(executor, None)
            return
        try:
            since = self._free_since.setdefault(executor, time.monotonic())
            if time.monotonic() - since >= DEAD_AFTER_SECONDS:
                _take_over(executor)
        finally:
            connection.execute(FREE, {"id": executor})


def _take_over(executor: str) -> None:
    """Put a dead executor's unfinished work back; partition and priority are kept."""
    left = DBOS.list_workflows(
        status="PENDING", executor_id=executor, load_input=False, load_output=False
    )
    for workflow in left:
        DBOS.resume_workflow(workflow.workflow_id, queue_name=workflow.queue_name)
    LOG.warning("took_over", workflows=len(left))
