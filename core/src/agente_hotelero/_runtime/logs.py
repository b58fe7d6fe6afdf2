"""JSON log lines on standard error, without personal data or secrets."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date, time, timedelta
from pathlib import PurePath
from typing import Any
from uuid import UUID

import structlog

from agente_hotelero.errors import HoteleroError

SECRET_KEYS = re.compile(r"token|secret|password|authorization|api[-_]?key|signature|cookie", re.I)
PERSONAL_KEYS = frozenset(
    {
        "text",
        "body",
        "name",
        "guest",
        "email",
        "phone",
        "address",
        "profile_name",
        "caption",
        "wa_id",
    }
)
PATTERNS = (
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    re.compile(
        r"(?<![^\W_])(?<!-)(?!(?:\d{1,3}\.){3}\d{1,3}(?!\d))\+?\d[\d ().-]{7,}\d(?![^\W_]|-)"
    ),
    re.compile(r"(?i)(?<=[?&])[\w-]*(?:key|token|secret|password|signature)=[^&\s\"']+"),
    re.compile(r"(?i)bearer\s+\S+"),
    re.compile(r"(?i)(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
HIDDEN = "[redacted]"
SHORTEST_PHONE = 10**8
OURS = ("agent", "plugin", "engine", "webhooks")
KEPT = frozenset(
    {"event", "level", "timestamp", "logger", "tenant", "plugin", "channel", "account"}
)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """structlog processor: hide values of telling keys, and telling patterns in every string."""
    for key in list(event):
        event[key] = _clean(key, event[key])
    return event


def _clean(key: str, value: Any) -> Any:
    if key in PERSONAL_KEYS or SECRET_KEYS.search(key):
        return HIDDEN
    if key in KEPT and key != "event":
        return value
    if isinstance(value, str):
        return _scrub(value)
    if isinstance(value, Mapping):
        return {inner: _clean(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    return _plain(value)


def _plain(value: object) -> object:
    """What a line may hold of anything else. An object shows its kind: its words may be anybody's.
    A number as long as a telephone's may be one."""
    if isinstance(value, BaseException):
        return _scrub(_in_a_line(value))
    if isinstance(value, date | time | timedelta | PurePath | UUID):
        return str(value)
    if isinstance(value, int) and abs(value) >= SHORTEST_PHONE:
        return HIDDEN
    return value if value is None or isinstance(value, int | float) else f"<{type(value).__name__}>"


def _scrub(text: str) -> str:
    for pattern in PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


def without_messages(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """structlog processor: an exception as its frames and types.

    A foreign message may quote what a guest wrote; only those of our own errors are kept.
    """
    found = event.pop("exc_info", None)
    if not found:
        return event
    error = found[1] if isinstance(found, tuple) else sys.exc_info()[1]
    error = found if isinstance(found, BaseException) else error
    if error is not None:
        event["exception"] = "\n".join(_told(error))
    return event


def _told(error: BaseException) -> list[str]:
    """The chain of causes, the first one first."""
    lines: list[str] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines = [*_told(cause), "which led to"]
    lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
    return [*lines, _in_a_line(error)]


def _in_a_line(error: BaseException) -> str:
    return type(error).__name__ + (f": {error}" if isinstance(error, HoteleroError) else "")


def configure(level: str) -> None:
    """Send our lines at `level`, and warnings of the libraries, through one JSON formatter.

    Libraries never say more than warnings: at their lower levels they quote what passes through.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        without_messages,
        redact,
        structlog.processors.JSONRenderer(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendering)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel("WARNING")
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("uvicorn.error").setLevel("INFO")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
