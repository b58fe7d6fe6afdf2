"""Folding: lower case without accents, with the way back to the guest's own characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

LIMIT = 2000
MASK = "¤"
_PLAIN = {
    "’": "'",
    "‘": "'",
    "`": "'",
    "´": "'",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "º": "o",
    "°": "o",
    "→": ">",
}
_DROPPED = frozenset({"Mn", "Me", "Cf"})
_BLANK = frozenset({"Cc", "Zs", "Zl", "Zp"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """Text for matching; `offsets[i]` is where character i stood in the original."""

    original: str
    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original of ``text[start:end]``, without surrounding blanks."""
        if start >= end or start >= len(self.offsets):
            return (0, 0)
        first, last = self.offsets[start], self._after(end)
        while first < last and self.original[first].isspace():
            first += 1
        while last > first and self.original[last - 1].isspace():
            last -= 1
        return (first, last)

    def _after(self, end: int) -> int:
        if end < len(self.offsets):
            return self.offsets[end]
        last = self.offsets[-1] + 1
        while last < len(self.original) and fold_char(self.original[last]) == "":
            last += 1
        return last


def fold(text: str, limit: int = LIMIT) -> Folded:
    """Fold at most `limit` characters; marks and invisible characters vanish, blanks are single."""
    kept: list[tuple[str, int]] = []
    for at, char in enumerate(text[:limit]):
        folded = fold_char(char)
        if folded and not (folded == " " and kept and kept[-1][0] == " "):
            kept.append((folded, at))
    return Folded(
        original=text,
        text="".join(char for char, _ in kept),
        offsets=tuple(at for _, at in kept),
    )


def plain(text: str) -> str:
    """The folded text alone, with single blanks."""
    return " ".join(fold(text).text.split())


@lru_cache(maxsize=4096)
def fold_char(char: str) -> str:
    """One folded character, or none for a mark; what has no single-character form stays."""
    if char in _PLAIN:
        return _PLAIN[char]
    category = unicodedata.category(char)
    if category in _DROPPED:
        return ""
    if category in _BLANK:
        return "\n" if char in "\n\r" else " "
    base = "".join(
        part
        for part in unicodedata.normalize("NFKD", char)
        if unicodedata.category(part) not in _DROPPED
    ).lower()
    return base if len(base) == 1 else char


def mask(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with the spans blotted out, lengths unchanged."""
    chars = list(text)
    for start, end in spans:
        chars[start:end] = MASK * (end - start)
    return "".join(chars)
