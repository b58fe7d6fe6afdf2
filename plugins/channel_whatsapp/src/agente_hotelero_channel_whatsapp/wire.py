"""JSON of which nothing is certain, and Meta's stamps. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
DEEPEST = 8
LONGEST_NUMBER = 20


def read(body: bytes) -> Json:
    """A body as an object. Raises ValueError when it is none; a number out of all bounds, or one
    that is none (NaN), costs only itself."""
    try:
        found = json.loads(body, parse_int=_number, parse_constant=lambda _: None)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the contract of Ingress.parse
    return found


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def text(value: object) -> str:
    """A string without what no database takes, or a number written as one; else empty."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def tables(value: object) -> list[Json]:
    return [item for item in rows(value) if isinstance(item, dict)]


def instant(stamp: object) -> datetime | None:
    """Seconds since 1970, which Meta mostly writes as a string."""
    try:
        return datetime.fromtimestamp(int(text(stamp)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def kept(value: object, depth: int = DEEPEST) -> Any:
    """JSON to be stored: what is nested too deeply, and what is no number, is left out."""
    if isinstance(value, dict):
        return {text(key): kept(item, depth - 1) for key, item in value.items()} if depth else None
    if isinstance(value, list):
        return [kept(item, depth - 1) for item in value] if depth else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return text(value) if isinstance(value, str) else value


def digest(*parts: object) -> str:
    """A key for what has no id: the same for the same JSON, however it is ordered."""
    return "sha256:" + hashlib.sha256(_canonical(parts).encode()).hexdigest()


def _canonical(parts: Sequence[object]) -> str:
    return json.dumps(parts, sort_keys=True, default=str)
