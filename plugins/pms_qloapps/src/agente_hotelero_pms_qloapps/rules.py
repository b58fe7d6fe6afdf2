"""What QloApps takes as a name, an e-mail address and a telephone number. Pure.

Mirrored because it answers a bad one with an empty 500, or with ``Fatal error`` and status 200.
"""

from __future__ import annotations

import re

MAX_NAME, MAX_PHONE, MAX_EMAIL = 32, 32, 128
_BAD_IN_NAME = re.compile(r"[0-9!<>,;?=+()@#\"°{}_$%:]")
_PHONE = re.compile(r"\+?[\s\d.()-]*\d+")
_WORD = r"[^\W_]"
_EMAIL = re.compile(
    rf"(?:{_WORD}|[!#$%&'*+/=?^`{{}}|~_-])(?:{_WORD}|[.!#$%&'*+/=?^`{{}}|~_-])*"
    rf"@{_WORD}(?:\.?(?:{_WORD}|[_-]))*\.{_WORD}+"
)


def good_email(address: str) -> bool:
    return len(address) <= MAX_EMAIL and _EMAIL.fullmatch(address) is not None


def good_phone(number: str) -> bool:
    return len(number) <= MAX_PHONE and _PHONE.fullmatch(number) is not None


def name_part(text: str) -> str:
    """What of it QloApps stores as a name: shortened, without digits and signs."""
    return " ".join(_BAD_IN_NAME.sub(" ", text).split())[:MAX_NAME].strip()
