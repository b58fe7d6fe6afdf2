"""Replies into messages: template × language × what the channel can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agente_hotelero._runtime.outputs import LONGEST_TEXT
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero.components import Channel
from agente_hotelero.messages import (
    Attachment,
    Location,
    MessageTemplate,
    OfferedOption,
    Option,
    Part,
    Reply,
)
from agente_hotelero.stays import Image


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """What a channel shows: how many options, how long their titles may be, whether all that a turn
    says is one message; and for how long after a guest's message it may be anything."""

    max_options: int = 0
    max_title: int = 20
    window: timedelta | None = None
    whole: bool = False

    @classmethod
    def of(cls, channel: type[Channel[Any]] | Channel[Any]) -> Abilities:
        return cls(
            max_options=channel.max_options,
            max_title=channel.max_option_title,
            window=channel.window,
            whole=channel.whole_answers,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Bubble:
    """One message to be sent; `acts` are its templates, `amounts` the sources of its sums.
    `spoken` are the words of a recording, for those who read; `listed`: there is something to
    choose from in its text."""

    text: str
    options: tuple[OfferedOption, ...] = ()
    image: Image | None = None
    location: Location | None = None
    attachment: Attachment | None = None
    template: MessageTemplate | None = None
    parts: tuple[Part, ...] = ()
    spoken: str = ""
    listed: bool = False
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
    return _as_one(bubbles) if can.whole else _joined(bubbles)


def fit(bubble: Bubble, can: Abilities) -> Bubble:
    """Options beyond the channel's limits become a numbered list in the text."""
    fits = len(bubble.options) <= can.max_options and all(
        len(option.title) <= can.max_title for option in bubble.options
    )
    if fits or not bubble.options:
        return bubble
    lines = [f"{number}. {option.title}" for number, option in enumerate(bubble.options, 1)]
    return replace(bubble, text="\n".join([bubble.text, *lines]), options=(), listed=True)


def _as_one(bubbles: Sequence[Bubble]) -> list[Bubble]:
    """One bubble with all of them as its parts. Of several with options the last one keeps them:
    in the others they are numbered."""
    if len(bubbles) < 2:
        return list(bubbles)
    asking = max((at for at, one in enumerate(bubbles) if one.options), default=-1)
    pieces = [one if at == asking else fit(one, Abilities()) for at, one in enumerate(bubbles)]
    return [
        Bubble(
            text="\n\n".join(one.text for one in pieces),
            options=pieces[asking].options if asking >= 0 else (),
            parts=tuple(
                Part(text=one.text, image=one.image, location=one.location) for one in pieces
            ),
            listed=any(one.listed for one in pieces),
            acts=tuple(act for one in pieces for act in one.acts),
            amounts=tuple(amount for one in pieces for amount in one.amounts),
        )
    ]


def _joined(bubbles: list[Bubble]) -> list[Bubble]:
    joined: list[Bubble] = []
    for bubble in bubbles:
        if joined and _is_plain(joined[-1]) and bubble.image is None and bubble.location is None:
            before = joined.pop()
            bubble = replace(
                bubble,
                text=f"{before.text}\n\n{bubble.text}",
                listed=before.listed or bubble.listed,
                acts=(*before.acts, *bubble.acts),
                amounts=(*before.amounts, *bubble.amounts),
            )
        joined.append(bubble)
    return joined


def _is_plain(bubble: Bubble) -> bool:
    return not bubble.options and bubble.image is None and bubble.location is None
