"""Messages that guests get unasked: when they are due, in which words, and for whom.

A `Journey` says so of one kind of message. A hotel writes its own into its file
(``[tenants.<id>.journeys.<name>]``); a plugin registers a `JourneySource`. The core does the rest:
it reads the stay again in the moment of sending, keeps to the hotel's hours and the guest's, asks
what the guest allowed, chooses one channel, sends once, and writes down why.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from jinja2 import Environment, TemplateSyntaxError, nodes
from pydantic import Field, model_validator

from agente_hotelero.components import Component, ConfigT, PluginConfig
from agente_hotelero.stays import Reservation

REVIEW_PAGE = re.compile(
    r"\bg\.page/|writereview|google\.[a-z.]+/maps/.*review|tripadvisor\.|trustpilot\."
    r"|holidaycheck\.|facebook\.com/\S*/reviews",
    re.IGNORECASE,
)
"""A page on which guests review hotels. Those links are a plugin's, which gives all of them to
every guest: by a hotel's own words some would get them and others not, or an agency's address."""


class Trigger(StrEnum):
    """What a message is timed by.

    BOOKED: the moment in which we heard of a new reservation. ARRIVAL: check-in time of the day of
    arrival. DEPARTURE: when the guest left; until the PMS says so, check-out time of the last day.
    """

    BOOKED = "booked"
    ARRIVAL = "arrival"
    DEPARTURE = "departure"


class Approved(PluginConfig):
    """The text that a channel's provider approved for a journey, for when nothing else may be sent;
    a part of settings, too.

    `languages` are the provider's codes, tried from the guest's language on. `values` fill it in:
    by name or position, a response template each (``{{ arrival | day }}``). `version` is the
    hotel's own mark of its wording, for the audit log.
    """

    name: str = Field(min_length=1, max_length=512)
    languages: tuple[str, ...] = Field(min_length=1)
    values: dict[str, str] = Field(default_factory=dict)
    buttons: tuple[str, ...] = ()
    version: str = "1"

    @model_validator(mode="after")
    def _same_for_all(self) -> Approved:
        if any(_sorts(value) for value in self.values.values()):
            raise ValueError("values must not depend on a condition: every guest gets the same")
        return self


def _sorts(template: str) -> bool:
    """Whether a template says one thing to some, and another to others. Raises ValueError."""
    try:
        tree = Environment(autoescape=True).parse(template)
    except TemplateSyntaxError as error:
        raise ValueError(f"is no template: {error}") from None
    loops = any(loop.test or loop.else_ for loop in tree.find_all(nodes.For))
    return loops or any(tree.find(kind) for kind in SORTING)


SORTING: tuple[type[nodes.Node], ...] = (
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminder:
    """At most one, where the guest neither wrote nor clicked since, and nothing calls for staff."""

    after: timedelta
    template: str
    approved: Mapping[str, Approved] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey:
    """One kind of message, sent once per stay.

    It is due at its trigger plus `offset`, by the hotel's clock on the wall, then at the first
    moment between `opens` and `closes`; what could not be sent then is tried until `expires` later.
    `purpose` is what a guest may refuse. `channels`, where given, are the only ones. `flag` names
    its switch. With `spacing` a guest gets no second one of its purpose within that time, for
    whatever stay. With `leads_away` it has `links` among its values (of ``name`` and ``url``),
    which must not go to the alias of a travel agency, and all of which every guest sees. For
    `waits_for_staff` at most it is put off while people deal with the guest; never longer: nobody
    is left out for having complained. `asks` is the intent whose owner reads the answer.
    """

    name: str
    trigger: Trigger
    offset: timedelta
    template: str
    purpose: str = "journey"
    opens: time = time(10)
    closes: time = time(20)
    expires: timedelta = timedelta(days=7)
    flag: str = ""
    channels: tuple[str, ...] = ()
    approved: Mapping[str, Approved] = field(default_factory=dict)
    reminder: Reminder | None = None
    spacing: timedelta | None = None
    leads_away: bool = False
    waits_for_staff: timedelta = timedelta()
    asks: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """A message about to be worded. `mark` names it in links and says nothing of the guest."""

    journey: str
    mark: str
    reservation: Reservation
    language: str
    reminder: bool


class JourneySource(Component[ConfigT]):
    """What a plugin wants sent unasked."""

    @abc.abstractmethod
    def journeys(self) -> Sequence[Journey]:
        """By the settings alone; asked once. Names begin with ``<plugin>.``."""

    async def values(self, occasion: Occasion) -> Mapping[str, object]:
        """What its templates need beyond what the core gives to all."""
        return {}


ASKS: Mapping[str, tuple[str, ...]] = {"arrival_time": ("time",), "opinion": ("opinion",)}
"""What an answer to each question of a journey holds: entity types, or any words at all."""
