"""`hotelero check-plugin`: how a plugin is packaged, and what its own conformance tests say."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importlib_metadata import EntryPoint
from packaging.requirements import InvalidRequirement, Requirement

from agente_hotelero import __version__, hookspecs
from agente_hotelero._runtime.plugins import CORE, Plugins, installed
from agente_hotelero.components import (
    ChannelKind,
    Component,
    Finding,
    PersonalData,
    PluginSchema,
)
from agente_hotelero.config import PluginSwitch
from agente_hotelero.pms import INTERFACE_VERSION, PmsAdapter

GRADES = "HOTELERO_GRADES"
UPPER = ("<", "<=", "~=", "==")
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("register_"))


class CannotCheck(Exception):
    """There is no such plugin, or nothing that could be run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An installed plugin and its tests; they run in `folder`."""

    point: EntryPoint
    tests: Path
    folder: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How the tests ended; `grades` by conformance class. `erases`: a guest who is erased was found
    nowhere afterwards; None where no test looked."""

    passed: bool
    grades: dict[str, str]
    erases: bool | None = None


def locate(named: str, tests: Path | None) -> Target:
    """By name, the plugin with its project's tests; by path, that of the nearest pyproject.toml.

    Raises CannotCheck.
    """
    points, path = installed(), Path(named).resolve()
    if named in points:
        project = _project_of(points[named]) or Path.cwd()
        return _target(points[named], tests or project / "tests", project)
    if not path.exists():
        raise CannotCheck(f"{named} is neither an installed plugin nor a path")
    found = _pyproject(path)
    if found is None:
        raise CannotCheck(f"there is no pyproject.toml with a plugin around {named}")
    project, name = found
    if name not in points:
        raise CannotCheck(f"{name} is not installed here: pip install -e {project}")
    chosen = tests or (project / "tests" if path == project else path)
    return _target(points[name], chosen, project)


def _target(point: EntryPoint, tests: Path, folder: Path) -> Target:
    if not tests.exists():
        raise CannotCheck(f"there are no tests at {tests}: name them with --tests")
    return Target(point=point, tests=tests.resolve(), folder=folder)


def _pyproject(path: Path) -> tuple[Path, str] | None:
    """The project around a path, and the plugin that it makes."""
    for folder in (path, *path.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
            points = project.get("entry-points", {}).get(hookspecs.ENTRY_POINT_GROUP, {})
            if points:
                return folder, next(iter(points))
    return None


def _project_of(point: EntryPoint) -> Path | None:
    """Where an editable plugin is worked on; the module is found, not imported."""
    spec = importlib.util.find_spec(point.module)
    if spec is None or spec.origin is None:
        return None
    found = _pyproject(Path(spec.origin))
    return found[0] if found and found[1] == point.name else None


# ── packaging ────────────────────────────────────────────────────────────────────────────────────


def residue(point: EntryPoint, verdict: Verdict) -> Finding | None:
    """Whether the plugin leaves nothing of a guest who is erased; None where it holds nothing."""
    plugins = Plugins.load({point.name: PluginSwitch(enabled=True)})
    if not _holds_guests(plugins, point.name) and verdict.erases is None:
        return None
    return Finding(
        ok=verdict.erases is True,
        what="nothing is left of a guest who is erased",
        advice="inherit agente_hotelero.testing.personal.PersonalDataTests in its tests",
    )


def _holds_guests(plugins: Plugins, name: str) -> bool:
    schema = _given(plugins, name, "register_schema")
    tables = isinstance(schema, PluginSchema) and schema.personal
    return tables or _given(plugins, name, "register_personal_data") is not None


def _erasure(given: dict[str, Any]) -> Finding | None:
    """Tables that may hold something of guests need a way to take it out."""
    schema = given["register_schema"]
    if not isinstance(schema, PluginSchema) or not schema.personal:
        return None
    return Finding(
        ok=isinstance(given["register_personal_data"], PersonalData),
        what="its tables may hold something of guests",
        advice="register_personal_data, or personal=False in its PluginSchema",
    )


def packaging(point: EntryPoint) -> Iterator[Finding]:
    """What an installation relies on, beyond the tests."""
    yield _named(point)
    yield _requires(point)
    plugins = Plugins.load({point.name: PluginSwitch(enabled=True)})
    record = plugins.records[point.name]
    if record.state != "active":
        yield Finding(ok=False, what=f"it is {record.state}", advice=record.reason)
        return
    given = {hook: _given(plugins, point.name, hook) for hook in HOOKS}
    used = [hook for hook, value in given.items() if value is not None]
    yield Finding(
        ok=bool(used),
        what=f"hooks: {', '.join(used) or 'none'}",
        advice="mark a function with @hookimpl",
    )
    record = plugins.records[point.name]
    if record.state != "active":
        yield Finding(ok=False, what=f"it is {record.state}", advice=record.reason)
    erasure = _erasure(given)
    if erasure is not None:
        yield erasure
    for kind in _components(given):
        yield from _component(kind)


def _given(plugins: Plugins, name: str, hook: str) -> Any:
    return dict(plugins.registered(hook)).get(name)


def _named(point: EntryPoint) -> Finding:
    expected = f"agente_hotelero_{point.name}"
    return Finding(
        ok=point.module == expected,
        what=f"the entry point {point.name} names {point.module}",
        advice=f"name the module {expected}",
    )


def _requires(point: EntryPoint) -> Finding:
    """The core, from a version on and below another: the loader checks it, and so does pip."""
    texts = (point.dist.requires or []) if point.dist else []
    for text in texts:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue
        if wanted.name == CORE:
            bounded = any(one.operator in UPPER for one in wanted.specifier)
            fits = wanted.specifier.contains(__version__, prereleases=True)
            return Finding(
                ok=bounded and fits,
                what=f"it requires {wanted}; this is {__version__}",
                advice=f"require {CORE}>=x.y,<x.z",
            )
    return Finding(ok=False, what="it requires no core", advice=f"require {CORE}>=x.y,<x.z")


def _components(given: dict[str, Any]) -> Iterator[type[Component[Any]]]:
    for value in given.values():
        for one in value if isinstance(value, list | tuple) else ():
            kind = one.channel if isinstance(one, ChannelKind) else one
            if isinstance(kind, type) and issubclass(kind, Component):
                yield kind


def _component(kind: type[Component[Any]]) -> Iterator[Finding]:
    config = kind.config_class
    yield Finding(
        ok=config.model_config.get("extra") == "forbid",
        what=f"{kind.__name__}: settings are {config.__name__}",
        advice="derive it from PluginConfig: unknown keys must be errors",
    )
    if issubclass(kind, PmsAdapter):
        version = _interface_version(kind)
        yield Finding(
            ok=version in (None, INTERFACE_VERSION),
            what=f"{kind.__name__}: interface version {version or 'told once it is open'}",
            advice=f"this core has version {INTERFACE_VERSION}",
        )


def _interface_version(kind: type[PmsAdapter[Any]]) -> int | None:
    """As `info` tells it; None where it first needs to be open, and the tests look at it."""
    try:
        return object.__new__(kind).info().interface_version
    except Exception:
        return None


# ── tests ────────────────────────────────────────────────────────────────────────────────────────


def run_tests(target: Target) -> Verdict:
    """The plugin's tests in a process of their own, shown as they go. Raises CannotCheck."""
    if importlib.util.find_spec("pytest") is None:
        raise CannotCheck("the tests need pytest: pip install 'agente-hotelero-core[testing]'")
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "grades.json"
        done = subprocess.run(  # noqa: S603 - the tests that the operator named
            [sys.executable, "-m", "pytest", "-q", "-rs", str(target.tests)],
            cwd=target.folder,
            env={**os.environ, GRADES: str(told)},
            check=False,
        )
        if done.returncode not in (0, 1):
            raise CannotCheck(f"pytest could not run {target.tests}")
        found = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    looked = [one["erases"] for one in found.values() if one["erases"] is not None]
    grades = {name: str(one["grade"]) for name, one in found.items() if one["erases"] is None}
    return Verdict(
        passed=done.returncode == 0, grades=grades, erases=all(looked) if looked else None
    )
