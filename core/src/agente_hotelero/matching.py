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
