"""A hotel's journeys: those of its file, and those of plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero.config import TenantSettings
from agente_hotelero.errors import ConfigError, Problem
from agente_hotelero.proactive import Approved, Journey, JourneySource, Reminder

LANGUAGES = ("es", "pt", "en")
Source = tuple[JourneySource[Any], Guard]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A journey; `own` renders the words of the hotel's file and the values of approved templates.

    `flag` switches it: the journey's own, or for a plugin's the plugin.
    """

    journey: Journey
    own: Renderer
    flag: str
    source: Source | None = None

    def approved(self, channel: str, reminder: bool) -> Approved | None:
        """What the provider of a channel approved for it."""
        asked = self.journey.reminder if reminder else self.journey
        return asked.approved.get(channel) if asked is not None else None

    def template(self, reminder: bool) -> str:
        wanted = self.journey.reminder if reminder else None
        return wanted.template if wanted is not None else self.journey.template


def of_file(settings: TenantSettings) -> list[Plan]:
    """Those that a hotel's file names."""
    plans = []
    for name, one in settings.journeys.items():
        journey = one.journey(name)
        texts = {f"journeys/{language}/{name}": text for language, text in one.text.items()}
        own = Renderer({**texts, **_values(journey)})
        plans.append(Plan(journey=journey, own=own, flag=journey.flag))
    return plans


def of_plugin(plugin: str, source: JourneySource[Any], guard: Guard) -> list[Plan]:
    """Those of a plugin's source. Raises PluginBug for what it may not say."""

    def read() -> Sequence[Journey]:
        found = source.journeys()
        if not all(isinstance(one, Journey) and one.name.startswith(f"{plugin}.") for one in found):
            raise TypeError("not journeys of this plugin")
        return found

    return [
        Plan(
            journey=journey,
            own=Renderer(_values(journey)),
            flag=journey.flag or plugin,
            source=(source, guard),
        )
        for journey in guard.run("journeys", read)
    ]


def problems(tenant: str, settings: TenantSettings) -> list[Problem]:
    """What is wrong with the words of a hotel's file."""
    found = []
    for name, one in settings.journeys.items():
        path = f"tenants.{tenant}.journeys.{name}"
        missing = [language for language in settings.languages if language not in one.text]
        if one.text and missing:
            found.append(Problem(path=f"{path}.text", problem=f"has no {', '.join(missing)}"))
        unknown = [channel for channel in one.channels if channel not in settings.channels]
        if unknown:
            found.append(
                Problem(
                    path=f"{path}.channels",
                    problem=f"{unknown[0]!r} is no channel of this hotel",
                    allowed=", ".join(settings.channels),
                )
            )
        for plan in of_file(settings):
            if plan.journey.name == name:
                found += [Problem(path=path, problem=_what(key)) for key in plan.own.broken]
    return found


def refuse_doubles(tenant: str, plans: Sequence[Plan]) -> None:
    """Raises ConfigError when two journeys have one name."""
    names = [plan.journey.name for plan in plans]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError.at(f"tenants.{tenant}.journeys", f"two are called {name}")


def value_key(language: str, part: str, channel: str, name: str) -> str:
    """A value of an approved template as the renderer knows it."""
    return f"values/{language}/{part}.{channel}.{name}"


def _values(journey: Journey) -> Mapping[str, str]:
    parts: list[tuple[str, Journey | Reminder]] = [("first", journey)]
    if journey.reminder is not None:
        parts.append(("reminder", journey.reminder))
    return {
        value_key(language, part, channel, name): text
        for language in LANGUAGES
        for part, one in parts
        for channel, approved in one.approved.items()
        for name, text in approved.values.items()
    }


def _what(key: str) -> str:
    kind, language, name = key.split("/")
    if kind == "journeys":
        return f"its text in {language} is no template"
    return f"a value of its approved template is no template: {name.split('.')[-1]}"
