"""A journey's message in words: those of the hotel's file, of a template, or of the provider's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from agente_hotelero._runtime import opting
from agente_hotelero._runtime.live import word_key
from agente_hotelero._runtime.proactive.plans import Plan
from agente_hotelero._runtime.proactive.timing import Hours
from agente_hotelero._runtime.proactive.ways import Way
from agente_hotelero._runtime.rendering import Bubble
from agente_hotelero._runtime.templates import Rendered, Renderer, TemplateProblem
from agente_hotelero.messages import MessageTemplate
from agente_hotelero.proactive import Approved, Occasion
from agente_hotelero.stays import Property

LOG = structlog.get_logger("agent")
STOP = "core/how_to_stop"


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """What one hotel's messages are worded with; `renderer` has its own words for templates,
    `plain` has not."""

    hotel: str
    zone: ZoneInfo
    hours: Hours
    house: Property
    renderer: Renderer
    plain: Renderer


@dataclass(frozen=True, kw_only=True, slots=True)
class Worded:
    """What is said, with the name and the version of its words."""

    bubble: Bubble
    template: str
    version: str


async def word(speaker: Speaker, plan: Plan, occasion: Occasion, way: Way) -> Worded:
    """Raises TemplateProblem for words that cannot be filled in, and what a plugin's source raises.

    Whatever may be said in free words ends with how to stop it.
    """
    values = dict(_values(speaker, occasion))
    if plan.source is not None:
        source, guard = plan.source
        values |= await guard.call("values", partial(source.values, occasion), check=_mapping)
    name = plan.template(occasion.reminder)
    said, words = _said(speaker, plan, name, occasion.language, values)
    if way.approved is not None:
        template = _filled_in(speaker, plan, occasion, way.approved, way.channel, values)
        bubble = Bubble(text=said.text, template=template, acts=(name,))
        return Worded(bubble=bubble, template=way.approved.name, version=way.approved.version)
    stop = _how_to_stop(speaker, occasion.language)
    bubble = Bubble(text=f"{said.text}\n\n{stop}", acts=(name,), amounts=tuple(said.amounts))
    return Worded(bubble=bubble, template=name, version=version_of(words))


def _said(
    speaker: Speaker, plan: Plan, name: str, language: str, values: Mapping[str, object]
) -> tuple[Rendered, str]:
    """The words and their template's source: the hotel's own, unless these would keep a link from
    some guest. Whoever sees fewer links than another is sorted out."""
    own = plan.own if name.startswith("journeys/") else speaker.renderer
    said = own.render(name, values, language=language, zone=speaker.zone)
    if plan.journey.leads_away and not _has_all_links(said.text, values):
        LOG.warning("own_words_hide_links", template=name, language=language)
        own = speaker.plain
        said = own.render(name, values, language=language, zone=speaker.zone)
    return said, own.sources[word_key(name, language)]


def _how_to_stop(speaker: Speaker, language: str) -> str:
    """In the hotel's own words, if these tell it."""
    said = speaker.renderer.render(STOP, {}, language=language, zone=speaker.zone).text
    if opting.tells_how(said):
        return said
    LOG.warning("own_words_hide_how_to_stop", language=language)
    return speaker.plain.render(STOP, {}, language=language, zone=speaker.zone).text


def _has_all_links(text: str, values: Mapping[str, object]) -> bool:
    links = values.get("links") or ()
    return isinstance(links, list | tuple) and all(str(one["url"]) in text for one in links)


def _refuse_some_links(filled: Mapping[str, str], values: Mapping[str, object]) -> None:
    """In an approved text too all links are shown, or none. Raises TemplateProblem."""
    text = " ".join(filled.values())
    links = values.get("links") or ()
    shown = [str(one["url"]) in text for one in links] if isinstance(links, list | tuple) else []
    if any(shown) and not all(shown):
        raise TemplateProblem("an approved text shows some of the links, and not all")


def version_of(text: str) -> str:
    """A mark of a wording: the same for the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _filled_in(
    speaker: Speaker,
    plan: Plan,
    occasion: Occasion,
    approved: Approved,
    channel: str,
    values: Mapping[str, object],
) -> MessageTemplate:
    """The provider's template, its languages from the guest's on."""
    part = "reminder" if occasion.reminder else "first"
    own = [one for one in approved.languages if one.split("_")[0] == occasion.language]
    others = [one for one in approved.languages if one not in own]
    filled = {
        name: plan.own.render(
            f"values/{part}.{channel}.{name}",
            values,
            language=occasion.language,
            zone=speaker.zone,
        ).text
        for name in approved.values
    }
    if plan.journey.leads_away:
        _refuse_some_links(filled, values)
    return MessageTemplate(
        name=approved.name,
        languages=(*own, *others),
        values=filled,
        buttons=approved.buttons,
    )


def _values(speaker: Speaker, occasion: Occasion) -> Mapping[str, object]:
    """What every journey's words may use: `checking.VALUES`."""
    seen = occasion.reservation
    return {
        "name": seen.guest.name.split()[0] if seen.guest.name.split() else "",
        "guest": seen.guest.name,
        "hotel": speaker.hotel,
        "reference": seen.reference,
        "room": seen.room_type_name,
        "arrival": seen.stay.arrival,
        "departure": seen.stay.departure,
        "nights": seen.stay.nights,
        "check_in": speaker.hours.check_in,
        "check_out": speaker.hours.check_out,
        "address": speaker.house.address,
    }


def _mapping(found: object) -> None:
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise TypeError("values are a mapping by name")
