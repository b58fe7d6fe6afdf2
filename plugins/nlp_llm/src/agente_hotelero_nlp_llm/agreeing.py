"""Words that must have been written before a yes is believed, in all three languages. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_YES = (
    r"s[ií]+p?|sim+|yes+|yeah|yep|ok(?:ay|ey)?|dale|vale|claro|por supuesto|confirm\w*|de acuerdo|"
    r"exacto|exactly|correct[oa]?|perfe(?:cto|ito|ct)|certo|isso|pode|beleza|combinado|acepto|"
    r"aceito|adelante|listo|sure|go ahead|absolutely|of course|please do|book it|do it|reserv\w+"
)
_AGAIN = {
    "cancel": r"cancel\w*",
    "change": r"(?:cambi|modific|agreg|mud|troc|alter|inclu|adicion|chang|mov|add)\w*",
}
_THUMBS = "[👍✅👌]"
_NO = r"(?<!\w)(?:no|n[ãa]o|not|don'?t|nunca|never|ni|nem)(?!\w)"


def agrees(quote: str, expects: Sequence[str], text: str) -> bool:
    """Whether the quote says yes, or says again what the question was about."""
    words = [_YES, *(_AGAIN[kind] for kind in _AGAIN if kind in expects)]
    agrees = re.search(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)|{_THUMBS}", quote, re.IGNORECASE)
    return agrees is not None and not re.search(_NO, quote, re.IGNORECASE) and "?" not in text
