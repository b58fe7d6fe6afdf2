"""Words that must have been written before a yes is believed, in all three languages. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_YES = (
    r"s[ií]+p?|sim+|yes+|yeah|yep|ok(?:ay|ey)?|dale|vale|claro|por supuesto|confirm\w*|de acuerdo|"
    r"exacto|exactly|correct[oa]?|perfe(?:cto|ito|ct)|certo|isso|pode ser|beleza|combinado|acepto|"
    r"aceito|adelante|listo|sure|go ahead|absolutely|of course|please do|do it"
)
_BOOKS = r"book it|res[eé]rval[ao]|p(?:uedes?|ode) reservar"
_CANCELS = r"canc[eé]l\w*"
# Where the question is whether to cancel, to book is no yes, and the other way round.
_AGAIN = {
    "cancel": _CANCELS,
    "change": r"(?:cambi|modific|agreg|mud|troc|alter|inclu|adicion|chang|mov|add)\w*",
}
_THUMBS = "[👍✅👌]"
_NO = r"(?<!\w)(?:no|n[ãa]o|not|don'?t|nunca|never|ni|nem)(?!\w)"


def agrees(quote: str, expects: Sequence[str], text: str) -> bool:
    """Whether the quote says yes, or says again what the question was about."""
    again = [_AGAIN[kind] for kind in _AGAIN if kind in expects] or [_BOOKS]
    against = _BOOKS if "cancel" in expects else _CANCELS
    yes = rf"(?<!\w)(?:{'|'.join([_YES, *again])})(?!\w)|{_THUMBS}"
    return _has(yes, quote) and not _has(rf"{_NO}|{against}", quote) and "?" not in text


def _has(words: str, quote: str) -> bool:
    return re.search(words, quote, re.IGNORECASE) is not None
