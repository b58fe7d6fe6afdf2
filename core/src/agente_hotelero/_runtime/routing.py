"""Who answers a turn: pure decisions over what was understood and the frames on the stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agente_hotelero.dialogue import MEANT, Frame
from agente_hotelero.messages import Intent, Understanding

HANDOVER = "human_handoff"
NOT_UNDERSTOOD = "not_understood"
# Said while a question waits, these are part of the answer, not a subject of their own.
ANSWERING = frozenset({"affirm", "deny", "acknowledge", "provide_info", "out_of_scope"})
# Beside something that is wanted these add nothing: "great, thank you", "yes, is there wifi?".
AGREEING = frozenset({"affirm", "deny", "acknowledge"})
CHOOSING = frozenset({"yes_no", "option"})
CLEAR = 0.5
# Whoever owns this is asked when an engine would rather have a reading confirmed.
UNSURE = "unsure"
LIKELY, MOST_LIKELY = 0.15, 3
# What a frame expects that was put there to hear how a stay is or was: any words that ask nothing.
OPINION = "opinion"
HOUSE = "house_question"
# What is said of a stay, or beside it.
OF_A_STAY = frozenset(
    {*ANSWERING, "thanks", "greeting", "goodbye", "dont_know", "complaint_maintenance", OPINION}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """Ask this handler, about these intents; `floor` when it is the top frame's turn."""

    handler: str
    intents: tuple[Intent, ...] = ()
    floor: bool = False


def route(
    understood: Understanding,
    choice: str | None,
    frames: Sequence[Frame],
    owners: Mapping[str, str],
    text: str = "",
) -> list[Call]:
    """Handlers to ask, in order: handover alone, else the frame that was answered (the last one
    first), then the owners of other clear intents as the guest named them; nobody means it was
    not understood. A frame that answers a message nobody had asked for is one only if it is
    answered."""
    opinion = _opinion(understood, choice, frames, owners, text)
    if opinion is not None:
        return [opinion]
    answered = _answered(understood, choice, frames)
    frames = [frame for frame in frames if not frame.unasked or frame is answered]
    top = frames[-1] if frames else None
    clear = _clear(understood, owners)
    if top is not None:
        clear = tuple(intent for intent in clear if intent.name not in ANSWERING)
    elif any(intent.name not in AGREEING for intent in clear):
        clear = tuple(intent for intent in clear if intent.name not in AGREEING)
    if any(intent.name == HANDOVER for intent in clear):
        return [Call(handler=owners[HANDOVER], intents=_of(clear, owners, owners[HANDOVER]))]
    calls: list[Call] = []
    answered = _answered(understood, choice, frames)
    if answered is not None:
        own = _of(clear, owners, answered.handler)
        calls.append(Call(handler=answered.handler, intents=own, floor=True))
    for intent in clear:
        owner = owners[intent.name]
        if all(call.handler != owner for call in calls):
            calls.append(Call(handler=owner, intents=_of(clear, owners, owner)))
    calls += _meant(choice, owners)
    asking = UNSURE in owners and top is not None and top.handler == owners[UNSURE]
    if not calls:
        calls += _unclear(understood, owners, asked=top is not None)
    if asking and answered is None:
        # Something else was said: what was meant before is asked no more.
        calls.insert(0, Call(handler=owners[UNSURE], floor=True))
    return calls


def _opinion(
    understood: Understanding,
    choice: str | None,
    frames: Sequence[Frame],
    owners: Mapping[str, str],
    text: str,
) -> Call | None:
    """The last frame's, if it wants to hear how the stay is, and that is all that was said: what is
    said of the house without asking is said of the stay."""
    top = frames[-1] if frames else None
    if top is None or OPINION not in top.expects or choice is not None or "?" in text:
        return None
    clear = _clear(understood, owners)
    house = owners.get(HOUSE, "")
    if all(one.name in OF_A_STAY or owners[one.name] == house for one in clear):
        return Call(handler=top.handler, intents=clear, floor=True)
    return None


def _meant(choice: str | None, owners: Mapping[str, str]) -> list[Call]:
    """The owner of the reading that the guest chose."""
    name = (choice or "").removeprefix(MEANT)
    if choice is None or not choice.startswith(MEANT) or name not in owners:
        return []
    return [Call(handler=owners[name], intents=(Intent(name=name, confidence=1.0),))]


def _unclear(understood: Understanding, owners: Mapping[str, str], *, asked: bool) -> list[Call]:
    """Whoever asks what was meant, if some reading is likely and nothing is being asked; else
    whoever says that it was not understood."""
    likely = tuple(
        intent
        for intent in sorted(understood.intents, key=lambda intent: -intent.confidence)
        if intent.confidence >= LIKELY and intent.name in owners and intent.name not in ANSWERING
    )
    if understood.verdict == "confirm" and likely and not asked and UNSURE in owners:
        return [Call(handler=owners[UNSURE], intents=likely[:MOST_LIKELY])]
    return [Call(handler=owners[NOT_UNDERSTOOD])] if NOT_UNDERSTOOD in owners else []


def _answered(
    understood: Understanding, choice: str | None, frames: Sequence[Frame]
) -> Frame | None:
    """The last question of which something it waits for, or lets be corrected, was said. A yes or
    a choice answers the last question only."""
    if choice is not None and frames:
        return frames[-1]
    said = {entity.type for entity in understood.entities}
    for depth, frame in enumerate(reversed(frames)):
        if (said if depth == 0 else said - CHOOSING) & set(frame.expects):
            return frame
    return None


def _clear(understood: Understanding, owners: Mapping[str, str]) -> tuple[Intent, ...]:
    if understood.verdict == "reject":
        return ()
    clear = (
        intent
        for intent in understood.intents
        if intent.confidence >= CLEAR and intent.name in owners
    )
    return tuple(sorted(clear, key=lambda intent: intent.at))


def _of(intents: tuple[Intent, ...], owners: Mapping[str, str], handler: str) -> tuple[Intent, ...]:
    return tuple(intent for intent in intents if owners[intent.name] == handler)
