"""How names and telephone numbers are compared, everywhere in the same way. Pure."""

from __future__ import annotations

import re
import unicodedata

from agente_hotelero.stays import Guest, ReservationQuery


def folded(text: str) -> str:
    """Without accents, case and outer or doubled space."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = (char for char in decomposed if not unicodedata.combining(char))
    return " ".join("".join(kept).casefold().split())


def digits(phone: str) -> str:
    """A telephone number without all that is between its digits."""
    return re.sub(r"\D", "", phone)


def is_meant(guest: Guest, query: ReservationQuery) -> bool:
    """Whether a guest has the name and telephone of a query, where it has them: for what a PMS
    cannot search for by itself. See `ReservationQuery` for how they are compared."""
    name = query.guest_name is None or folded(query.guest_name) in folded(guest.name)
    phone = query.phone is None or digits(query.phone) == digits(guest.phone or "")
    return name and phone


# A digit that a country's mobile numbers have in some places and not in others: what stands before
# it, the digit, and how many come after.
_WANDERING = (("54", "9", 10), ("52", "1", 10), ("55", "9", 8))
_PHONE = re.compile(r"\+?[\d\s().-]{5,40}")


def reach(address: str) -> str:
    """A guest's address as it is compared: a telephone number by its digits, whatever is around
    them, in one of the forms that Argentina, Mexico and Brazil have for the same; anything else
    without case and outer space."""
    plain = address.strip()
    if not _PHONE.fullmatch(plain):
        return plain.casefold()
    number = digits(plain)
    for country, digit, after in _WANDERING:
        area = 2 if country == "55" else 0
        at = len(country) + area
        if number.startswith(country) and len(number) == at + 1 + after and number[at] == digit:
            return number[:at] + number[at + 1 :]
    return number


def spellings(address: str) -> set[str]:
    """The forms in which a channel or a PMS may hold an address, given as `reach` or as it came."""
    key = reach(address)
    if not key.isdigit():
        return {key, address.strip()}
    forms = {key, digits(address)}
    for country, digit, after in _WANDERING:
        at = len(country) + (2 if country == "55" else 0)
        if key.startswith(country) and len(key) == at + after:
            forms.add(key[:at] + digit + key[at:])
    return forms | {f"+{one}" for one in forms}
