"""Small plugin distributions, installed into a folder as pip would."""

from __future__ import annotations

from pathlib import Path

CORE = "agente-hotelero-core>=0.1,<0.2"


def install(
    folder: Path, name: str, code: str, requires: str = CORE, module: str | None = None
) -> None:
    """One module, called like the plugin if nothing else is said, with its metadata and entry
    point; the folder must be on the path."""
    module = module or name
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    info = folder / f"agente_hotelero_{name}-1.2.3.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: agente-hotelero-{name}\nVersion: 1.2.3\n"
    (info / "METADATA").write_text(f"{metadata}Requires-Dist: {requires}\n", encoding="utf-8")
    points = f"[agente_hotelero.plugins]\n{name} = {module}\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
