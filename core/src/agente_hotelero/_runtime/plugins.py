"""The loader: configuration decides before import, and a broken plugin never stops the others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
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
State = Literal["active", "disabled", "incompatible", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginRecord:
    """What became of one installed plugin. `load_ms` is the time its import took."""

    name: str
    version: str
    state: State
    reason: str = ""
    load_ms: float = 0.0


def installed() -> dict[str, EntryPoint]:
    """The plugins that are there, by name; nothing is imported."""
    return {point.name: point for point in entry_points(group=hookspecs.ENTRY_POINT_GROUP)}


class Plugins:
    """Loaded plugins and a record of every installed one."""

    def __init__(self) -> None:
        self.records: dict[str, PluginRecord] = {}
        self._manager = pluggy.PluginManager(hookspecs.NAMESPACE)
        self._manager.add_hookspecs(hookspecs)

    @classmethod
    def load(cls, switches: Mapping[str, PluginSwitch]) -> Plugins:
        """Import what is enabled. Raises ConfigError when a required plugin is not active."""
        plugins = cls()
        for name, point in sorted(installed().items()):
            switch = switches.get(name, PluginSwitch())
            plugins.records[name] = plugins._load_one(point, switch.enabled)
        broken = [
            Problem(
                path=f"plugins.{name}.required",
                problem=f"the plugin is {record.state}: {record.reason}",
            )
            for name, record in plugins.records.items()
            if switches.get(name, PluginSwitch()).required and record.state != "active"
        ]
        if broken:
            raise ConfigError(broken)
        return plugins

    def active(self, name: str) -> bool:
        record = self.records.get(name)
        return record is not None and record.state == "active"

    def registered(self, hook: str) -> Iterator[tuple[str, Any]]:
        """What each active plugin returns from a hook, with the plugin's name."""
        for impl in getattr(self._manager.hook, hook).get_hookimpls():
            if self.active(impl.plugin_name):
                try:
                    yield impl.plugin_name, impl.function()
                except (Exception, SystemExit) as error:
                    self.fail(impl.plugin_name, f"{hook} raised {type(error).__name__}: {error}")

    def fail(self, name: str, reason: str) -> None:
        """Take a plugin out of service; `hotelero plugins` and health show why."""
        self.records[name] = replace(self.records[name], state="failed", reason=reason)

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
        return replace(record, state="active", load_ms=_ms_since(started))

    def _register(self, name: str, module: ModuleType) -> None:
        self._manager.register(module, name=name)
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError:
            self._manager.unregister(name=name)
            raise


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
