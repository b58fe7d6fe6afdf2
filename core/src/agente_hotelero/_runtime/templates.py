"""Response templates: Jinja2 in a sandbox, compiled once, one file per language and name.

A template sees money only as `Priced`: everything else that looks like an amount is refused, and
each amount that is printed is noted with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from babel.dates import format_date, format_time
from babel.numbers import format_currency
from jinja2 import DictLoader, StrictUndefined, Template, TemplateError, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agente_hotelero._runtime import outputs
from agente_hotelero._runtime.guard import Guard
from agente_hotelero.components import Templates
from agente_hotelero.errors import ConfigError, HoteleroError, PluginBug
from agente_hotelero.messages import Priced
from agente_hotelero.stays import Money

LOG = structlog.get_logger("agent")
SUFFIX = ".j2"
LOCALES = {"es": "es_AR", "pt": "pt_BR", "en": "en_US"}
DATES = {"es": "EEE d 'de' MMM 'de' y", "pt": "EEE, d 'de' MMM 'de' y", "en": "EEE, MMM d, y"}


class TemplateProblem(HoteleroError):
    """A template does not exist or cannot be rendered with these values."""


@dataclass(slots=True)
class Rendered:
    """The words, and the amounts in them as ``{"source", "amount", "currency"}``."""

    text: str = ""
    amounts: list[dict[str, str]] = field(default_factory=list)


class Renderer:
    """All templates of all plugins, by ``<plugin>/<name>`` and language.

    One that cannot be compiled is missing, and named in `broken`.
    """

    def __init__(
        self, sources: Mapping[str, str], guards: Mapping[str, Guard] | None = None
    ) -> None:
        self.sources = sources
        self._guards = guards or {}
        self._ours: Renderer | None = None
        environment = ImmutableSandboxedEnvironment(
            loader=DictLoader(sources),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_finalize,
        )
        environment.filters.update(FILTERS)
        self._compiled: dict[str, Template] = {}
        self.broken: list[str] = []
        for name in sources:
            try:
                self._compiled[name] = environment.get_template(name)
            except TemplateError:
                self.broken.append(name)

    def with_words(self, own: Mapping[str, str]) -> Renderer:
        """The same with other words for some templates, keyed ``<plugin>/<language>/<name>``.

        Where those turn out to be unusable, the guest gets ours.
        """
        made = Renderer({**self.sources, **own}, self._guards)
        made._ours = self
        return made

    def names(self) -> set[str]:
        return set(self._compiled)

    def render(
        self,
        template: str,
        values: Mapping[str, object],
        *,
        language: str,
        zone: ZoneInfo,
        room: int = outputs.LONGEST_TEXT,
    ) -> Rendered:
        """Raises TemplateProblem for an unknown template, a missing value or bare money, and
        PluginBug for words that are endless or do not fit in `room` characters."""

        try:
            return self._guarded(template, values, language, zone, room)
        except (TemplateProblem, PluginBug):
            if self._ours is None:
                raise
            LOG.warning("own_words_failed", template=template, language=language)
            return self._ours.render(template, values, language=language, zone=zone, room=room)

    def _guarded(
        self,
        template: str,
        values: Mapping[str, object],
        language: str,
        zone: ZoneInfo,
        room: int,
    ) -> Rendered:
        def work() -> Rendered:
            rendered = self._rendered(template, values, language, zone)
            outputs.text(len(rendered.text), room)
            return rendered

        guard = self._guards.get(template.partition("/")[0])
        return guard.run("render", work) if guard else work()

    def _rendered(
        self, template: str, values: Mapping[str, object], language: str, zone: ZoneInfo
    ) -> Rendered:
        rendered = Rendered()
        try:
            text = self._find(template, language).render(
                {**values, "language": language, "_zone": zone, "_rendered": rendered}
            )
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise TemplateProblem(f"{template} ({language}): {error}") from error
        rendered.text = "\n".join(line.rstrip() for line in text.strip().splitlines())
        return rendered

    def _find(self, template: str, language: str) -> Template:
        plugin, _, name = template.partition("/")
        found = self._compiled.get(f"{plugin}/{language}/{name}")
        if found is None:
            raise TemplateProblem(f"no template {template} in {language}")
        return found


def collect(folders: Iterable[tuple[str, Templates]]) -> dict[str, str]:
    """Sources of every plugin's folder, keyed ``<plugin>/<language>/<name>``."""
    sources: dict[str, str] = {}
    for plugin, folder in folders:
        root = files(folder.package) / folder.folder
        if not root.is_dir():
            raise ConfigError.at(f"plugins.{plugin}", f"its folder {folder.folder} is missing")
        for language in root.iterdir():
            if language.is_dir():
                for file in language.iterdir():
                    if file.name.endswith(SUFFIX):
                        name = f"{plugin}/{language.name}/{file.name.removesuffix(SUFFIX)}"
                        sources[name] = file.read_text(encoding="utf-8")
    return sources


def money(value: Money, language: str) -> str:
    """An amount as the language writes it, with the ISO code: no symbol is unambiguous."""
    text = format_currency(
        value.amount,
        value.currency,
        format="#,##0.00",
        locale=LOCALES[language],
        currency_digits=True,
    )
    return f"{value.currency} {text}"


@pass_context
def _finalize(context: Context, value: Any) -> Any:
    if isinstance(value, Priced):
        context["_rendered"].amounts.append(
            {
                "source": value.source_id,
                "amount": str(value.money.amount),
                "currency": value.money.currency,
            }
        )
        return money(value.money, context["language"])
    if isinstance(value, Money | Decimal | float):
        raise TypeError("an amount needs its source: use Priced")
    return value


@pass_context
def _day(context: Context, value: date) -> str:
    language = context["language"]
    return format_date(value, DATES[language], locale=LOCALES[language])


@pass_context
def _clock(context: Context, value: time) -> str:
    pattern = "h:mm a" if context["language"] == "en" else "HH:mm"
    return format_time(value, pattern, locale=LOCALES[context["language"]])


@pass_context
def _instant(context: Context, value: datetime) -> str:
    local = value.astimezone(context["_zone"])
    return f"{_day(context, local.date())}, {_clock(context, local.time())}"


# Where values stand and no more: a width would make a text as large as somebody likes.
PATTERN = re.compile(r"(?:[^%]|%[sd%])*")


def _format(pattern: str, *values: object) -> str:
    """Jinja's own, but for amounts, which would come out without their source, and for widths.
    Whoever wrote the words: those that a hotel stored long ago are not checked again."""
    if not PATTERN.fullmatch(pattern):
        raise TypeError("only %s and %d are taken")
    if any(isinstance(value, Priced | Money | Decimal) for value in values):
        raise TypeError("an amount needs its source: print it as it is")
    return pattern % values


FILTERS = {"day": _day, "clock": _clock, "instant": _instant, "format": _format}
# What is there in every template.
GIVEN = {"language"}
