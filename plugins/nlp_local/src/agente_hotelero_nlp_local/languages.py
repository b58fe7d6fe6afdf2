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
    ("es", r"\b(?:(?:en|hablan?s?|hablar?) espanol|in spanish|em espanhol|hablar en espanol)\b"),
    ("pt", r"\b(?:(?:em|fala[mr]?) portugues|in portuguese|en portugues)\b"),
    ("en", r"\b(?:(?:in|speak) english|(?:en|em) ingles)\b"),
    ("es", r"^\W*(?:espanol|castellano)\b"),
    ("pt", r"^\W*portugues\b"),
    ("en", r"^\W*(?:english|ingles)\b"),
)


def asked(text: str, spoken: Sequence[str]) -> str | None:
    """The language that a guest asks for by name."""
    folded = plain(text)
    return next(
        (name for name, words in _ASKED if name in spoken and re.search(words, folded)), None
    )


def of(text: str, scores: Matrix, known: str | None, spoken: Sequence[str]) -> str:
    """The language to answer in; `scores` are the model's, in the order of `LANGUAGES`."""
    wanted = asked(text, spoken)
    if wanted is not None:
        return wanted
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
    enough = len(plain(text).split()) >= WORDS_TO_CHANGE and margin >= MARGIN_TO_CHANGE
    return name if enough else known
