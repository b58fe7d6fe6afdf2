"""What an image is made of, as CycloneDX 1.6: `python tools/sbom.py FILE`.

Of the environment that runs it: everything that our distributions need, with licence, and the
dependencies between them.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).parents[1]))
from tools.constraints import EXTRAS, OURS, needed, requirements

# Those whose wheels do not say.
IN_ITS_SOURCES = {"imapclient": "BSD-3-Clause", "pyrage": "MIT"}


def component(one: Distribution) -> dict[str, Any]:
    name = canonicalize_name(one.metadata["Name"])
    return {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{one.version}",
        "name": name,
        "version": one.version,
        "purl": f"pkg:pypi/{name}@{one.version}",
        "licenses": [{"license": {"name": licence_of(one)}}],
    }


def licence_of(one: Distribution) -> str:
    """By its expression, else its classifiers, else its first line, else as its sources say."""
    told, name = _field(one, "License-Expression"), canonicalize_name(one.metadata["Name"])
    classified = [
        line.rpartition(" :: ")[2]
        for line in one.metadata.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    free = (_field(one, "License") or "").strip().splitlines()
    known = free[0][:100] if free else IN_ITS_SOURCES.get(name, "unknown")
    return told or " / ".join(classified) or known


def _field(one: Distribution, name: str) -> str | None:
    """The field of its metadata; None where it has none (indexing would raise one day)."""
    return next(iter(one.metadata.get_all(name) or []), None)


def bom(found: Iterable[Distribution]) -> dict[str, Any]:
    parts = {canonicalize_name(one.metadata["Name"]): one for one in found}
    refs = {name: f"pkg:pypi/{name}@{one.version}" for name, one in parts.items()}
    depends = [
        {
            "ref": refs[name],
            "dependsOn": sorted(
                {
                    refs[other]
                    for one in requirements(name, EXTRAS if name.startswith(OURS) else ())
                    if (other := canonicalize_name(one.name)) in refs
                }
            ),
        }
        for name in sorted(parts)
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).isoformat(),
            "component": {"type": "application", "name": OURS, "bom-ref": OURS},
        },
        "components": [component(parts[name]) for name in sorted(parts)],
        "dependencies": depends,
    }


def shipped() -> list[Distribution]:
    """Our distributions and all that they need, each once."""
    wanted = needed()
    found = {canonicalize_name(one.metadata["Name"]): one for one in distributions()}
    return [one for name, one in found.items() if name in wanted or name.startswith(OURS)]


def main() -> int:
    to = Path(sys.argv[1])
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(json.dumps(bom(shipped()), indent=1), encoding="utf-8")
    print(f"{to}: {len(shipped())} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
