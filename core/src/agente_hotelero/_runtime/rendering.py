"""Replies into messages: template × language × what the channel can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from agente_hotelero._runtime.outputs import LONGEST_TEXT
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero.components import Channel
from agente_hotelero.messages import Location, OfferedOption, Option, Reply
from agente_hotelero.stays import Image


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """What a channel shows: how many options, and how long their titles may be."""

    max_options: int = 0
    max_title: int = 20

    @classmethod
    def of(cls, channel: type[Channel[Any]] | Channel[Any]) -> Abilities:
        return cls(max_options=channel.max_options, max_title=channel.max_option_title)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bubble:
    """One message to be sent; `acts` are its templates, `amounts` the sources of its sums."""

    text: str
    options: tuple[OfferedOption, ...] = ()
    image: Image | None = None
    location: Location | None = None
    acts: tuple[str, ...] = ()
    amounts: tuple[dict[str, str], ...] = ()


def titles(
    options: Sequence[Option], renderer: Renderer, language: str, zone: ZoneInfo
) -> tuple[OfferedOption, ...]:
    """Options with the words the guest sees."""
    return tuple(
        OfferedOption(
            id=option.id,
            title=option.label
            or renderer.render(option.phrase, option.values, language=language, zone=zone).text,
        )
        for option in options
    )


def render(
    replies: Sequence[Reply], renderer: Renderer, *, language: str, zone: ZoneInfo, can: Abilities
) -> list[Bubble]:
    """One bubble per reply, then plain neighbours joined: every extra message costs money.

    Raises TemplateProblem, or PluginBug for the plugin that has no end of words.
    """
    bubbles, room = [], LONGEST_TEXT
    for reply in replies:
        words = renderer.render(
            reply.template, reply.values, language=language, zone=zone, room=room
        )
        room -= len(words.text)
        options = titles(reply.options, renderer, language, zone)
        bubble = Bubble(
            text=words.text,
            options=options,
            image=reply.image,
            location=reply.location,
            acts=(reply.template,),
            amounts=tuple(words.amounts),
        )
        bubbles.append(fit(bubble, can))
    return _joined(bubbles)


def fit(bubble: Bubble, can: Abilities) -> Bubble:
    """Options beyond the channel's limits become a numbered list in the text."""
    fits = len(bubble.options) <= can.max_options and all(
        len(option.title) <= can.max_title for option in bubble.options
    )
    if fits or not bubble.options:
        return bubble
    lines = [f"{number}. {option.title}" for number, option in enumerate(bubble.options, 1)]
    return replace(bubble, text="\n".join([bubble.text, *lines]), options=())


def _joined(bubbles: list[Bubble]) -> list[Bubble]:
    joined: list[Bubble] = []
    for bubble in bubbles:
        if joined and _is_plain(joined[-1]) and bubble.image is None and bubble.location is None:
            before = joined.pop()
            bubble = replace(
                bubble,
                text=f"{before.text}\n\n{bubble.text}",
                acts=(*before.acts, *bubble.acts),
                amounts=(*before.amounts, *bubble.amounts),
            )
        joined.append(bubble)
    return joined


def _is_plain(bubble: Bubble) -> bool:
    return not bubble.options and bubble.image is None and bubble.location is None
