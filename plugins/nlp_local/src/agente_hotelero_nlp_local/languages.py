"""Which language a message is in: the conversation's, unless there is good evidence of another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agente_hotelero_nlp_local.features import Matrix
from agente_hotelero_nlp_local.phrases import LANGUAGES
from agente_hotelero_nlp_local.text import plain

WORDS_TO_CHANGE = 3
MARGIN_TO_CHANGE = 0.35
MARGIN_AT_FIRST = 0.08
_ASKED = (
    ("es", r"\b(?:en espanol|in spanish|em espanhol|habla[ns]? espanol|hablar? (?:en )?espanol)\b"),
    ("pt", r"\b(?:em portugues|in portuguese|en portugues|fala portugues)\b"),
    ("en", r"\b(?:in english|en ingles|em ingles|speak english)\b"),
)


def of(text: str, scores: Matrix, known: str | None, spoken: Sequence[str]) -> str:
    """The language to answer in; `scores` are the model's, in the order of `LANGUAGES`."""
    folded = plain(text)
    for language, pattern in _ASKED:
        if language in spoken and re.search(pattern, folded):
            return language
    ranked = sorted(
        ((float(score), name) for name, score in zip(LANGUAGES, scores, strict=True)), reverse=True
    )
    allowed = [(score, name) for score, name in ranked if name in spoken]
    if not allowed:
        return known or spoken[0]
    best, name = allowed[0]
    margin = best - (allowed[1][0] if len(allowed) > 1 else 0.0)
    if known is None:
        return name if margin >= MARGIN_AT_FIRST else spoken[0]
    enough = len(folded.split()) >= WORDS_TO_CHANGE and margin >= MARGIN_TO_CHANGE
    return name if enough else known
