"""A hotel's own words for the agent's templates: what is allowed, and how they will look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import ChainableUndefined, DictLoader, TemplateError, Undefined, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agente_hotelero._runtime import opting
from agente_hotelero._runtime.templates import FILTERS, GIVEN, PATTERN
from agente_hotelero.errors import Rejected
from agente_hotelero.proactive import REVIEW_PAGE

LONGEST = 4000
# What words need, and nothing that could run long, grow large, or take an amount from its source.
ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Filter,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.If,
    nodes.Getattr,
    nodes.Include,
    nodes.For,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Test,
)
ALLOWED_FILTERS = {*FILTERS, "upper", "lower", "capitalize", "title", "trim", "length", "join"}
AMOUNTS = {"money"}
RESERVED = {*GIVEN, "_zone", "_rendered"}


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
    environment.filters.update(dict.fromkeys(FILTERS, lambda value, *_: value))
    return environment


def preview(sources: Mapping[str, str], text: str) -> str:
    """The words with a placeholder for each value. Raises Rejected for what is no template."""
    try:
        return _preview_environment(sources).from_string(text).render(language="‹language›").strip()
    except Exception as error:
        raise Rejected(f"cannot be used: {type(error).__name__}") from error


def check(sources: Mapping[str, str], name: str, text: str) -> None:
    """Raises Rejected for words that the agent could not say in place of `name`.

    They may use the values that the original uses, and no other: those are what will be there.
    """
    if not text.strip() or len(text) > LONGEST:
        raise Rejected(f"1 to {LONGEST} characters are needed")
    if REVIEW_PAGE.search(text):
        raise Rejected("links to review pages are sent by review_requests alone, to every guest")
    _refuse(_parsed(sources, text), set(sources))
    shown = preview(sources, text)
    if name.endswith("/how_to_stop") and not opting.tells_how(shown):
        raise Rejected("must name a word that stops the messages, as STOP does")
    foreign = values_of(sources, text) - values_of(sources, sources[name])
    if foreign:
        raise Rejected(f"unknown values: {', '.join(sorted(foreign))}")


def _parsed(sources: Mapping[str, str], text: str) -> nodes.Template:
    try:
        return _preview_environment(sources).parse(text)
    except (TemplateError, RecursionError) as error:
        raise Rejected(f"cannot be used: {error}") from error


def _refuse(tree: nodes.Template, known: set[str]) -> None:
    """Raises Rejected for anything but plain words: they are said to guests by our own process."""
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            raise Rejected(f"{type(node).__name__} is not allowed")
        if isinstance(node, nodes.Filter) and node.name not in ALLOWED_FILTERS:
            raise Rejected(f"the filter {node.name} is not allowed")
        if isinstance(node, nodes.Filter) and node.name == "format" and not _plain(node.node):
            raise Rejected("format needs its words in quotes, with %s or %d for each value")
        if isinstance(node, nodes.Getattr) and (node.attr in AMOUNTS or node.attr.startswith("_")):
            raise Rejected(f"{node.attr} is not allowed: an amount is printed as a whole")
        if isinstance(node, nodes.Name) and node.ctx != "load" and node.name in RESERVED:
            raise Rejected(f"{node.name} is not allowed")
        if isinstance(node, nodes.For) and any(
            inner is not node for inner in node.find_all(nodes.For)
        ):
            raise Rejected("a loop in a loop is not allowed")
        if isinstance(node, nodes.Include) and _included(node) not in known:
            raise Rejected("only templates of the agent can be included")


def _plain(node: nodes.Node | None) -> bool:
    text = node.value if isinstance(node, nodes.Const) else None
    return isinstance(text, str) and PATTERN.fullmatch(text) is not None


def _included(node: nodes.Include) -> object:
    return node.template.value if isinstance(node.template, nodes.Const) else None


def values_of(sources: Mapping[str, str], text: str) -> set[str]:
    """The names of the values in a template, with those of what it includes."""
    parsed = _parsed(sources, text)
    found = meta.find_undeclared_variables(parsed) - GIVEN
    for included in meta.find_referenced_templates(parsed):
        if included is not None and included in sources:
            found |= values_of(sources, sources[included])
    return found
