"""Settings of review requests. None of them can tell one guest from another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import time
from typing import Annotated

from agente_hotelero import PluginConfig
from agente_hotelero.proactive import Approved
from jinja2 import Environment, nodes
from pydantic import AfterValidator, Field, model_validator

from agente_hotelero_review_requests import links


def _https(url: str) -> str:
    return links.check_https(url).rstrip("/") if url else url


class ReviewConfig(PluginConfig):
    """``[plugins.review_requests]``, or per tenant.

    `links` are the pages on which guests write, by platform, in the order in which they are shown.
    Times are those of the hotel's clock on the wall.
    """

    links: dict[str, str] = Field(default_factory=dict)
    base_url: Annotated[str, AfterValidator(_https)] = ""
    offset_hours: float = Field(default=24, ge=3, le=72)
    opens: time = time(10)
    closes: time = time(20)
    reminder: bool = True
    reminder_hours: float = Field(default=72, ge=72, le=24 * 7)
    approved: dict[str, Approved] = Field(default_factory=dict)
    approved_reminder: dict[str, Approved] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sensible(self) -> ReviewConfig:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        for platform, url in self.links.items():
            links.check(platform, url)
        for one in (*self.approved.values(), *self.approved_reminder.values()):
            shown = _shown(one.values.values(), len(self.links))
            if shown and shown != set(range(len(self.links))):
                raise ValueError(f"{one.name} shows some of the links: show all of them, or none")
        return self


def _shown(values: Collection[str], count: int) -> set[int]:
    """Which of so many links an approved text names by their places, as ``{{ links[0].url }}``."""
    tree = Environment(autoescape=True).parse("\n".join(values))
    if any(_is_links(loop.iter) for loop in tree.find_all(nodes.For)):
        return set(range(count))
    places = (one.arg for one in tree.find_all(nodes.Getitem) if _is_links(one.node))
    return {place.value for place in places if isinstance(place, nodes.Const)}


def _is_links(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "links"
