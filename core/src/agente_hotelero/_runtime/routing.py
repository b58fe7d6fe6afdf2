"""Who answers a turn: pure decisions over what was understood and the frames on the stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agente_hotelero.dialogue import Frame
from agente_hotelero.messages import Intent, Understanding

HANDOVER = "human_handoff"
NOT_UNDERSTOOD = "not_understood"
# Said while a question waits, these are part of the answer, not a subject of their own.
ANSWERING = frozenset(
    {"affirm", "deny", "acknowledge", "provide_info", "dont_know", "out_of_scope"}
)
CLEAR = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """Ask this handler, about these intents; `floor` when it is the top frame's turn."""

    handler: str
    intents: tuple[Intent, ...] = ()
    floor: bool = False


def route(
    understood: Understanding, choice: str | None, top: Frame | None, owners: Mapping[str, str]
) -> list[Call]:
    """Handlers to ask, in order: handover alone, else the top frame if it was answered, then the
    owners of other clear intents as the guest named them; nobody means it was not understood."""
    clear = _clear(understood, owners)
    if top is not None:
        clear = tuple(intent for intent in clear if intent.name not in ANSWERING)
    if any(intent.name == HANDOVER for intent in clear):
        return [Call(handler=owners[HANDOVER], intents=_of(clear, owners, owners[HANDOVER]))]
    calls: list[Call] = []
    if top is not None and answers(understood, choice, top):
        calls.append(Call(handler=top.handler, intents=_of(clear, owners, top.handler), floor=True))
    for intent in sorted(clear, key=lambda intent: intent.at):
        owner = owners[intent.name]
        if all(call.handler != owner for call in calls):
            calls.append(Call(handler=owner, intents=_of(clear, owners, owner)))
    if not calls and NOT_UNDERSTOOD in owners:
        calls.append(Call(handler=owners[NOT_UNDERSTOOD]))
    return calls


def answers(understood: Understanding, choice: str | None, top: Frame) -> bool:
    """Whether something the frame waits for, or accepts a correction of, was said."""
    if choice is not None:
        return True
    return any(entity.type in top.expects for entity in understood.entities)


def _clear(understood: Understanding, owners: Mapping[str, str]) -> tuple[Intent, ...]:
    if understood.verdict == "reject":
        return ()
    return tuple(
        intent
        for intent in understood.intents
        if intent.confidence >= CLEAR and intent.name in owners
    )


def _of(intents: tuple[Intent, ...], owners: Mapping[str, str], handler: str) -> tuple[Intent, ...]:
    return tuple(intent for intent in intents if owners[intent.name] == handler)
