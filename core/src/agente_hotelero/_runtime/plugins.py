"""The loader: configuration decides before import, and a broken plugin never stops the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Literal

import pluggy
from importlib_metadata import EntryPoint, entry_points
from packaging.requirements import InvalidRequirement, Requirement

import agente_hotelero
from agente_hotelero import hookspecs
from agente_hotelero.config import PluginSwitch
from agente_hotelero.errors import ConfigError, Problem

CORE = "agente-hotelero-core"
SLOW_MS = 2000.0
# What a plugin's import, and each of its hooks, took the first time: the next finds it done.
_FIRST_MS: dict[tuple[str, str], float] = {}
State = Literal["active", "disabled", "incompatible", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginRecord:
    """What became of one installed plugin. `load_ms` is the time its import and hooks took."""

    name: str
    version: str
    state: State
    reason: str = ""
    load_ms: float = 0.0

    @property
    def slow(self) -> bool:
        """Whether its import holds up every start."""
        return self.load_ms > SLOW_MS


def installed() -> dict[str, EntryPoint]:
    """The plugins that are there, by name; nothing is imported."""
    return {point.name: point for point in entry_points(group=hookspecs.ENTRY_POINT_GROUP)}


class Plugins:
    """Loaded plugins and a record of every installed one."""

    def __init__(self) -> None:
        self.records: dict[str, PluginRecord] = {}
        self._switches: Mapping[str, PluginSwitch] = {}
        self._asked: set[tuple[str, str]] = set()
        self._manager = pluggy.PluginManager(hookspecs.NAMESPACE)
        self._manager.add_hookspecs(hookspecs)

    @classmethod
    def load(cls, switches: Mapping[str, PluginSwitch]) -> Plugins:
        """Import what is enabled. Raises ConfigError when a required plugin is not active."""
        plugins = cls()
        plugins._switches = switches
        for name, point in sorted(installed().items()):
            switch = switches.get(name, PluginSwitch())
            plugins.records[name] = plugins._load_one(point, switch.enabled)
        broken = [
            _missing(record)
            for name, record in plugins.records.items()
            if plugins.required(name) and record.state != "active"
        ]
        if broken:
            raise ConfigError(broken)
        return plugins

    def required(self, name: str) -> bool:
        """Whether nothing may start without this plugin."""
        return self._switches.get(name, PluginSwitch()).required

    def active(self, name: str) -> bool:
        record = self.records.get(name)
        return record is not None and record.state == "active"

    def registered(self, hook: str) -> Iterator[tuple[str, Any]]:
        """What each active plugin returns from a hook, with the plugin's name."""
        for impl in getattr(self._manager.hook, hook).get_hookimpls():
            name = impl.plugin_name
            if not self.active(name):
                continue
            started = time.perf_counter()
            try:
                given = impl.function()
            except (Exception, SystemExit) as error:
                self.fail(name, f"{hook} raised {type(error).__name__}: {error}")
                continue
            self._note_time(name, hook, started)
            yield name, given

    def listed(self, hook: str, fits: Callable[[Any], bool]) -> dict[str, Sequence[Any]]:
        """By plugin, what a hook returns a list of; who returns anything else is out of service."""
        found: dict[str, Sequence[Any]] = {}
        for name, given in self.registered(hook):
            if isinstance(given, list | tuple) and all(fits(one) for one in given):
                found[name] = given
            else:
                self.fail(name, f"{hook} returned what it should not")
        return found

    def fail(self, name: str, reason: str) -> None:
        """Take a plugin out of service; `hotelero plugins` and health show why.

        Raises ConfigError when nothing may start without it.
        """
        self.records[name] = replace(self.records[name], state="failed", reason=reason)
        if self.required(name):
            raise ConfigError([_missing(self.records[name])])

    def _note_time(self, name: str, hook: str, started: float) -> None:
        took = _FIRST_MS.setdefault((name, hook), _ms_since(started))
        if (name, hook) not in self._asked:
            self._asked.add((name, hook))
            load_ms = round(self.records[name].load_ms + took, 1)
            self.records[name] = replace(self.records[name], load_ms=load_ms)

    def _load_one(self, point: EntryPoint, enabled: bool) -> PluginRecord:
        record = PluginRecord(name=point.name, version=_version(point), state="disabled")
        if not enabled:
            return record
        unmet = _unmet_core_requirement(point)
        if unmet:
            return replace(record, state="incompatible", reason=unmet)
        started = time.perf_counter()
        try:
            self._register(point.name, point.load())
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            return replace(record, state="failed", reason=reason, load_ms=_ms_since(started))
        load_ms = _FIRST_MS.setdefault((point.name, "import"), _ms_since(started))
        return replace(record, state="active", load_ms=load_ms)

    def _register(self, name: str, module: ModuleType) -> None:
        self._manager.register(module, name=name)
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError:
            self._manager.unregister(name=name)
            raise


def _missing(record: PluginRecord) -> Problem:
    return Problem(
        path=f"plugins.{record.name}.required",
        problem=f"the plugin is {record.state}: {record.reason}",
    )


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def _version(point: EntryPoint) -> str:
    return str(point.dist.version) if point.dist else "unknown"


def _unmet_core_requirement(point: EntryPoint) -> str:
    """Why this core does not satisfy the plugin; pip cannot tell for editable installs."""
    for text in (point.dist.requires or []) if point.dist else []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return f"its requirement {text!r} cannot be read"
        ours = agente_hotelero.__version__
        if requirement.name == CORE and not requirement.specifier.contains(ours, prereleases=True):
            return f"needs {CORE}{requirement.specifier}, this is {ours}"
    return ""
