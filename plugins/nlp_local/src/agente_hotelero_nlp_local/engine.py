"""The engine: entities by grammar, intents by the trained model, both read in context."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from agente_hotelero import NlpEngine, PluginConfig
from agente_hotelero.components import Question
from agente_hotelero.messages import (
    Entity,
    Intent,
    StayHint,
    Understanding,
    UnderstandRequest,
    Verdict,
)
from pydantic import Field

from agente_hotelero_nlp_local import (
    contacts,
    denials,
    entities,
    intents,
    languages,
    model,
    phrases,
    teaching,
)
from agente_hotelero_nlp_local.text import plain

LONGEST = 2000
# Half of a character, which no encoder takes.
_NOT_TEXT = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"[^\W\d_]+")
ANSWERED = 0.34
CERTAIN = 0.99
FEW_WORDS = 2
ASKED = 0.25
STAYING = frozenset({"check_availability", "make_reservation", "price_quote", "provide_info"})
# Whoever speaks of a reservation that exists says its dates and people of that one; and what
# cancelling costs is said where it is cancelled.
OF_WHAT_EXISTS = {
    "modify_reservation": STAYING,
    "cancel_reservation": STAYING - {"make_reservation"} | {"refund_cancellation_policy"},
    "reservation_status": STAYING - {"make_reservation"},
}
CORRECTED = frozenset({"stay", "party", "room_type", "rate", "person", "email"})


class NlpLocalConfig(PluginConfig):
    """``[plugins.nlp_local]``, or per tenant."""

    act_above: float = Field(default=0.5, gt=0, lt=1)
    """Confidence from which an intent is acted upon."""


class LocalNlp(NlpEngine[NlpLocalConfig]):
    """Reads a message in a few milliseconds; the model is loaded once per process."""

    config_class = NlpLocalConfig

    _model: intents.Classifier

    async def __aenter__(self) -> Self:
        """Load the model and learn the hotel's questions now: the first guest need not wait."""
        await self.services.run_sync(_warm)
        self._model = await self.services.run_sync(lambda: taught(self.services.questions))
        return self

    async def understand(self, request: UnderstandRequest) -> Understanding:
        return read(request, self.config.act_above, self._model)


def taught(questions: Sequence[Question]) -> intents.Classifier:
    """The shipped model, with a hotel's own phrases if it has any."""
    examples = teaching.examples_of(questions)
    return teaching.teach(model.shipped(), examples) if examples else model.shipped()


def read(
    request: UnderstandRequest, act_above: float = 0.5, known: intents.Classifier | None = None
) -> Understanding:
    """The understanding of a text in its context, by the shipped model if `known` is none. Pure
    but for that; never raises."""
    text = _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", request.text[:LONGEST])
    if not text.strip():
        return _of_taps(request.language or request.languages[0])
    classifier = known or model.shipped()
    found, scores = intents.read(_without_reference(text, request), classifier)
    found = denials.softened(found, plain(text))
    language = languages.of(text, scores, request.language, request.languages)
    said = entities.read(text, request, language, common_words(), _top(found))
    found = _without_people(found, said, text)
    if languages.asked(text, request.languages) and not request.expects:
        found = (Intent(name="greeting", confidence=CERTAIN), *found)
    found = _of_what_exists(_with_family(found, said, act_above), act_above)
    wanted = _in_context(found, said, request.expects, text)
    verdict = _verdict(wanted, said, request.expects, act_above)
    if verdict == "confirm" and not _has_known_word(text):
        verdict = "reject"
    told = tuple(_scaled(intent, act_above) for intent in wanted)
    return Understanding(language=language, intents=told, entities=said, verdict=verdict)


def _scaled(intent: Intent, act_above: float) -> Intent:
    """With `act_above` at one half, where the core begins to act."""
    if intent.confidence >= act_above:
        above = (intent.confidence - act_above) / (1 - act_above)
        return replace(intent, confidence=round(0.5 + above / 2, 3))
    return replace(intent, confidence=round(intent.confidence / act_above / 2, 3))


def _without_reference(text: str, request: UnderstandRequest) -> str:
    """The text without a booking's reference, whose letters say nothing of what is wanted; the
    text itself where there is nothing else."""
    booking = contacts.reference(text, expected="reference" in request.expects)
    if booking is None:
        return text
    first, last = booking.span
    rest = f"{text[:first]}{' ' * (last - first)}{text[last:]}"
    return rest if re.search(r"\w", rest) else text


def _warm() -> None:
    """Load and compile all that reading needs, so that the first guest does not wait for it."""
    common_words()
    zone = ZoneInfo("UTC")
    for language in ("es", "pt", "en"):
        read(
            UnderstandRequest(
                text="hola, 2 x 3, 5/1, ana@example.com",
                language=language,
                languages=(language,),
                reference=datetime(2026, 1, 1, tzinfo=zone),
                zone=zone,
                expects=("yes_no", "stay", "party", "person", "reference", "cancel", "change"),
            )
        )


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Words of the example phrases: none of them is likely to be somebody's name."""
    return entities.ordinary(example.text for example in phrases.shipped())


def _has_known_word(text: str) -> bool:
    """Whether any word is one that guests use: "flurb glarb" is like nothing at all."""
    return any(word in common_words() for word in _WORD.findall(plain(text)))


def _of_taps(language: str) -> Understanding:
    """Nothing was written: an option was tapped, or a picture sent."""
    return Understanding(language=language, verdict="act")


def _top(found: Sequence[Intent]) -> Intent | None:
    return found[0] if found else None


def _without_people(
    found: tuple[Intent, ...], said: Sequence[Entity], text: str
) -> tuple[Intent, ...]:
    """ "Para mañana, una persona" counts guests; it asks for nobody."""
    rest = text
    for entity in said:
        if entity.type in ("party", "stay"):
            rest = rest.replace(entity.text, " ")
    if any(entity.type == "party" for entity in said) and len(re.findall(r"\w+", rest)) < FEW_WORDS:
        return tuple(intent for intent in found if intent.name != "human_handoff")
    return found


def _of_what_exists(found: tuple[Intent, ...], act_above: float) -> tuple[Intent, ...]:
    """Without the wishes that are part of a clear wish about a reservation."""
    clear = {intent.name for intent in found if intent.confidence >= act_above}
    part = frozenset[str]().union(*(OF_WHAT_EXISTS[name] for name in clear & set(OF_WHAT_EXISTS)))
    return tuple(intent for intent in found if intent.name not in part)


def _with_family(
    found: tuple[Intent, ...], said: Sequence[Entity], act_above: float
) -> tuple[Intent, ...]:
    """Wishes around a stay are shades of one: together, or beside dates, they are clear enough."""
    family = [intent for intent in found if intent.name in STAYING]
    others = [intent.confidence for intent in found if intent.name not in STAYING]
    if any(one.name in OF_WHAT_EXISTS and one.confidence >= act_above for one in found):
        return found
    dated = any(getattr(entity.value, "arrival", None) is not None for entity in said)
    whole = dated and any(_is_stay_and_more(entity, said) for entity in said)
    if any(confidence >= act_above for confidence in others) and not whole:
        return found
    together = min(sum(intent.confidence for intent in family), CERTAIN)
    if not dated and together < act_above:
        return found
    best = _asked_for(family) or Intent(name="provide_info", confidence=0.0)
    raised = replace(best, confidence=round(max(together, act_above, best.confidence), 3))
    rest = tuple(intent for intent in found if intent.name != best.name)
    return (raised, *rest)


def _asked_for(family: Sequence[Intent]) -> Intent | None:
    """The likeliest; where something may be asked for, that is not merely telling of it."""
    asked = [one for one in family if one.name != "provide_info" and one.confidence >= ASKED]
    return next(iter(asked or family), None)


def _is_stay_and_more(entity: Entity, said: Sequence[Entity]) -> bool:
    """Whether a stay was said that nobody says but to have it: how long, or for whom."""
    if not isinstance(entity.value, StayHint):
        return False
    return entity.value.nights is not None or any(other.type == "party" for other in said)


def _in_context(
    found: tuple[Intent, ...], said: Sequence[Entity], expects: Sequence[str], text: str
) -> tuple[Intent, ...]:
    """Where the answer to a question is nearly all of the text, it is nothing but that answer."""
    answer = [entity for entity in said if entity.type in expects]
    if not answer:
        return found
    total = sum(len(word) for word in plain(text).split())
    covered = sum(entity.span[1] - entity.span[0] for entity in said)
    if total and covered >= total * (1 - ANSWERED):
        return tuple(intent for intent in found if intent.name in ("thanks", "human_handoff"))
    kept = tuple(intent for intent in found if intent.name != "goodbye")
    if any(entity.type == "reference" for entity in answer):
        return tuple(intent for intent in kept if intent.name not in STAYING)
    if "cancel" not in expects and any(entity.type in CORRECTED for entity in answer):
        # What is still being put together is corrected; no reservation is meant by it.
        return tuple(intent for intent in kept if intent.name != "modify_reservation")
    return kept


def _verdict(
    wanted: Sequence[Intent], said: Sequence[Entity], expects: Sequence[str], act_above: float
) -> Verdict:
    if any(entity.type in expects for entity in said):
        return "act"
    clear = [intent for intent in wanted if intent.name != intents.NOT_AN_INTENT]
    best = max((intent.confidence for intent in clear), default=0.0)
    if best >= act_above:
        return "act"
    return "confirm" if best >= act_above / 2 else "reject"
