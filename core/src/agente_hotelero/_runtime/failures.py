"""What each plugin did wrong last, in this process: for operators, on `/health/ready`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Counter


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The last failure of a plugin; `count` is of all its failures since this process began."""

    operation: str
    kind: str
    at: datetime
    count: int


class Failures:
    """The last failure by plugin; `counter` counts them by plugin, operation and kind."""

    def __init__(self, counter: Counter | None = None) -> None:
        self.last: dict[str, Failure] = {}
        self._counter = counter

    def note(self, plugin: str, operation: str, kind: str) -> None:
        """`kind` is the class of what was raised: never its words, which may be a guest's."""
        before = self.last.get(plugin)
        self.last[plugin] = Failure(
            operation=operation,
            kind=kind,
            at=datetime.now(UTC),
            count=before.count + 1 if before else 1,
        )
        if self._counter is not None:
            self._counter.labels(plugin, operation, kind).inc()
