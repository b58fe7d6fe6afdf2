"""deploy/image/constraints.txt: the versions of everything an image may hold, as installed here.

Run it in an environment in which the whole test suite has passed: `.venv/bin/python
tools/constraints.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILE = Path(__file__).parents[1] / "deploy" / "image" / "constraints.txt"
OURS = "agente-hotelero"
EXTRAS = ("otel", "s3", "age")


def needed() -> dict[str, str]:
    """Everything that our distributions need, however far away, and its version."""
    installed: list[str] = [canonicalize_name(one.metadata["Name"]) for one in distributions()]
    ours = [name for name in installed if name.startswith(f"{OURS}-")]
    found: dict[str, str] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(name, EXTRAS) for name in ours]
    while waiting:
        name, extras = waiting.pop()
        for requirement in requirements(name, extras):
            other = canonicalize_name(requirement.name)
            if other not in found:
                waiting.append((other, tuple(requirement.extras)))
            try:
                found[other] = distribution(other).version
            except PackageNotFoundError:
                found.pop(other, None)
    return {name: version for name, version in found.items() if not name.startswith(OURS)}


def requirements(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    try:
        required = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for text in required:
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in ("", *extras)):
            yield one


def main() -> int:
    lines = [f"{name}=={version}" for name, version in sorted(needed().items())]
    FILE.write_text("\n".join(["# Made by tools/constraints.py.", *lines, ""]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
