"""Telephone numbers as WhatsApp and as the rest of the world write them. Pure.

Argentina, Mexico and Brazil have two forms of one mobile number: a 9 after 54, a 1 after 52, a 9
after 55 and the area. WhatsApp knows a user by one of them, which need not be the one dialled.
Facts: A2 of the WhatsApp facts page; chatwoot #13932, pywa #155, whatsapp-web.js #596.
"""

from __future__ import annotations

import re

ARGENTINA = re.compile(r"549(\d{10})")
MEXICO = re.compile(r"521?(\d{10})")
BRAZIL = re.compile(r"55(\d\d)9(\d{8})")
COUNTRIES = (("54", ARGENTINA), ("52", MEXICO), ("55", BRAZIL))


def e164(wa_id: str) -> str | None:
    """A user's number with its plus sign, as a PMS would have it; None for what is no number.

    The Mexican 1 is WhatsApp's own and goes; the Argentine 9 is part of the number and stays.
    """
    if not (wa_id.isascii() and wa_id.isdigit()):
        return None
    mexican = MEXICO.fullmatch(wa_id)
    number = f"+52{mexican[1]}" if mexican else f"+{wa_id}"
    return number if _is_possible(number) else None


def match_key(number: str) -> str:
    """The same for all forms of one number: digits without the 9 or 1 that come and go."""
    digits = re.sub(r"\D", "", number)
    for country, form in COUNTRIES:
        if found := form.fullmatch(digits):
            return country + "".join(found.groups())
    return digits


def other_form(number: str) -> str | None:
    """What to try once when Meta does not know a number in the form given ("+…").

    Never a 9 where an Argentine number has none: that may be somebody else's fixed line. Brazil's
    numbers are sent as Meta gave them.
    """
    digits = number.removeprefix("+")
    if found := ARGENTINA.fullmatch(digits):
        return f"+54{found[1]}"
    if found := MEXICO.fullmatch(digits):
        return f"+521{found[1]}" if digits == f"52{found[1]}" else f"+52{found[1]}"
    return None


def _is_possible(number: str) -> bool:
    import phonenumbers  # 25 ms that a start without WhatsApp must not pay

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
