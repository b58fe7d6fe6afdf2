"""`hotelero new`: a copy of a living plugin under another name."""

from __future__ import annotations

import re
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from agente_hotelero._runtime.plugins import installed

# The name of the plugins in `_scaffold`: a word that stands for nothing else in them.
WORD = re.compile("acme", re.IGNORECASE)
NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
# What tests, tools and installers leave behind in a living plugin.
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache", ".venv", "*.egg-info")
NEXT_STEPS = """\
{folder} is a plugin that works, against a PMS of its own. Next:

    cd {folder}
    python -m pip install -e ".[dev]"
    python -m pytest
    hotelero check-plugin {plugin}

Then make it yours: README.md says in which order. To switch it on, in hotel.toml:

    [plugins.{plugin}]
    enabled = true

    [tenants.<hotel>]
    pms = "{plugin}"
"""


class NotMade(ValueError):
    """Why there is no new plugin; nothing was written."""


def plugin(kind: str, name: str, into: Path) -> Path:
    """Write the plugin ``<kind>_<name>`` into a folder of its own in `into`, whole or not at all.

    Raises NotMade for a bad name, one that an installed plugin has, and a folder that is there.
    """
    if not NAME.fullmatch(name) or name.endswith("_") or "__" in name:
        raise NotMade(
            f"{name!r} is not a good name: a small letter, then small letters, digits and single "
            "underscores, at most 24 in all"
        )
    if f"{kind}_{name}" in installed():
        raise NotMade(f"a plugin {kind}_{name} is installed already; choose another name")
    target = into / f"agente-hotelero-{kind}-{name}".replace("_", "-")
    if target.exists():
        raise NotMade(f"{target} exists already; nothing was written")
    with tempfile.TemporaryDirectory(dir=into, prefix=".new-") as folder:
        made = Path(folder) / target.name
        with as_file(files("agente_hotelero") / "_scaffold" / kind) as living:
            shutil.copytree(living, made, ignore=LEFTOVERS)
        _rename(made, name)
        made.rename(target)
    return target


def _rename(folder: Path, name: str) -> None:
    """Put the name for the word, in texts and in names of files; the deepest first."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            path.write_text(_renamed(text, name), encoding="utf-8")
        path.rename(path.with_name(_renamed(path.name, name)))


def _renamed(text: str, name: str) -> str:
    """As the word is written where it stands: Acme, pms-acme, pms_acme."""

    def written(found: re.Match[str]) -> str:
        if found[0][0].isupper():
            return "".join(part.capitalize() for part in name.split("_"))
        before = text[found.start() - 1 : found.start()]
        return name.replace("_", "-") if before == "-" else name

    return WORD.sub(written, text)
