"""JSON log lines on standard error, without personal data or secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

SECRET_KEYS = re.compile(r"token|secret|password|authorization|api_?key|signature|cookie", re.I)
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
    re.compile(r"(?<![\w-])(?!(?:\d{1,3}\.){3}\d{1,3}(?!\d))\+?\d[\d ().-]{7,}\d(?![\w-])"),
    re.compile(r"(?i)bearer\s+\S+"),
    re.compile(r"(?i)(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
HIDDEN = "[redacted]"
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
    if isinstance(value, list | tuple):
        return [_clean("", item) for item in value]
    return value


def _scrub(text: str) -> str:
    for pattern in PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


def configure(level: str) -> None:
    """Send our lines, and those of the libraries, through one JSON formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendering)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, its_level in {"httpx": "WARNING", "dbos": "WARNING", "alembic": "WARNING"}.items():
        logging.getLogger(name).setLevel(its_level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
