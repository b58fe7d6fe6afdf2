"""How sure a word is, told by how many of the likely readings agree on it. Pure.

A model can be sure of each token and wrong as a whole ("424" for "quarto 204"); but then its next
readings say something else in that place.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from agente_hotelero_stt_tts.numerals import in_words

ANDS = {"es": "y", "pt": "e"}
NUMBER = re.compile(r"\s*(\d{1,6})([.,;:!?…]*)")
TOKEN = re.compile(r"\d+|[^\W\d_]+")


def tokens(text: str, language: str) -> list[str]:
    """What is compared: letters only, no accents, numbers in words."""
    found = []
    for token in TOKEN.findall(text.casefold()):
        said = in_words(int(token), language) if token.isdigit() else token
        found += re.findall(r"[a-z]+", _plain(said))
    return found


def agreement(
    words: Sequence[str], others: Sequence[tuple[str, float]], language: str
) -> list[float]:
    """For each word of the best reading, the share of all readings that have it there too.

    `others` are all readings, the best one first, with the logarithm of their likelihood.
    """
    most = max(likelihood for _, likelihood in others)
    weights = [math.exp(likelihood - most) for _, likelihood in others]
    parts = [tokens(word, language) for word in words]
    flat = [token for part in parts for token in part]
    shares = [0.0] * len(flat)
    for (text, _), weight in zip(others, weights, strict=True):
        for block in _matches(flat, tokens(text, language)):
            for place in range(block.a, block.a + block.size):
                shares[place] += weight / sum(weights)
    return _of_parts(parts, shares)


def numbers_joined(words: Sequence[tuple[str, float]], language: str) -> list[tuple[str, float]]:
    """What Spanish and Portuguese say with "and" was taken apart: "20 e 4" is twenty-four, and as
    sure as its least sure part."""
    joined: list[tuple[str, float]] = []
    for one in words:
        joined.append(one)
        while (whole := _one_number(joined[-3:], language)) is not None:
            joined[-3:] = [whole]
    return joined


def _one_number(three: Sequence[tuple[str, float]], language: str) -> tuple[str, float] | None:
    if len(three) < 3 or three[1][0].strip().lower() != ANDS.get(language):
        return None
    first, last = NUMBER.fullmatch(three[0][0]), NUMBER.fullmatch(three[2][0])
    if first is None or last is None or first[2]:
        return None
    tens, ones = int(first[1]), int(last[1])
    small = tens % 10 == 0 and tens % 100 >= 20 and 0 < ones < 10
    large = language == "pt" and tens > 0 and tens % 100 == 0 and 0 < ones < 100
    if not (small or large):
        return None
    lead = three[0][0][: first.start(1)]
    return f"{lead}{tens + ones}{last[2]}", min(sure for _, sure in three)


def _matches(best: list[str], other: list[str]) -> Sequence[SequenceMatcher.Match]:  # type: ignore[name-defined]
    return SequenceMatcher(a=best, b=other, autojunk=False).get_matching_blocks()


def _of_parts(parts: Sequence[Sequence[str]], shares: Sequence[float]) -> list[float]:
    found, at = [], 0
    for part in parts:
        found.append(min(shares[at : at + len(part)], default=1.0))
        at += len(part)
    return [min(share, 1.0) for share in found]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))
