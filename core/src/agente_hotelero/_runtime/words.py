"""A hotel's own words for the agent's templates: what is allowed, and how they will look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import ChainableUndefined, DictLoader, TemplateError, Undefined, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agente_hotelero._runtime.templates import FILTERS, GIVEN
from agente_hotelero.errors import Rejected

LONGEST = 4000


class _Placeholder(ChainableUndefined):
    """A value that is not known yet, by its name: ``‹name›``."""

    def __str__(self) -> str:
        return f"‹{self._undefined_name}›"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Placeholder(name=f"{self._undefined_name}.{name}")

    def __iter__(self) -> Iterator[Any]:
        yield _Placeholder(name=self._undefined_name)

    def __bool__(self) -> bool:
        return True


class _Preview(ImmutableSandboxedEnvironment):
    """Where a placeholder would hide an attempt to leave the sandbox, it is refused."""

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        raise SecurityError(f"{attribute} is not allowed")


def _preview_environment(sources: Mapping[str, str]) -> _Preview:
    environment = _Preview(
        loader=DictLoader(sources), undefined=_Placeholder, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(dict.fromkeys(FILTERS, lambda value: value))
    return environment


def preview(sources: Mapping[str, str], text: str) -> str:
    """The words with a placeholder for each value. Raises Rejected for what is no template."""
    try:
        return _preview_environment(sources).from_string(text).render(language="‹language›").strip()
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise Rejected(f"cannot be used: {error}") from error


def check(sources: Mapping[str, str], name: str, text: str) -> None:
    """Raises Rejected for words that the agent could not say in place of `name`.

    They may use the values that the original uses, and no other: those are what will be there.
    """
    if not text.strip() or len(text) > LONGEST:
        raise Rejected(f"1 to {LONGEST} characters are needed")
    preview(sources, text)
    foreign = values_of(sources, text) - values_of(sources, sources[name])
    if foreign:
        raise Rejected(f"unknown values: {', '.join(sorted(foreign))}")


def values_of(sources: Mapping[str, str], text: str) -> set[str]:
    """The names of the values in a template, with those of what it includes."""
    environment = _preview_environment(sources)
    parsed = environment.parse(text)
    found = meta.find_undeclared_variables(parsed) - GIVEN
    for included in meta.find_referenced_templates(parsed):
        if included is not None and included in sources:
            found |= values_of(sources, sources[included])
    return found
