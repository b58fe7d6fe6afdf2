"""Booking sites that stand between a guest and the hotel, and what may be said through them. Pure.

A guest has one address there per reservation, which dies after the stay; whoever writes through it
is known by the reservation, never by the address. Everything is read by the site.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

RELAYS = {"guest.booking.com": "booking.com", "guest.airbnb.com": "airbnb.com"}
# What these send of their own carries guests' words in forms that change: people read it.
SITES = (
    "booking.com",
    "airbnb.com",
    "expedia.com",
    "expediapartnercentral.com",
    "hotels.com",
    "agoda.com",
    "vrbo.com",
    "tripadvisor.com",
    "hostelworld.com",
    "despegar.com",
)
REVIEWS = (
    "tripadvisor.",
    "google.",
    "g.page",
    "goo.gl",
    "booking.com",
    "airbnb.",
    "trustpilot.",
    "holidaycheck.",
    "yelp.",
    "expedia.",
    "facebook.",
)
NUMBERS = {
    "booking.com": re.compile(r"(?<!\d)\d{10}(?!\d)"),
    "airbnb.com": re.compile(r"(?<![A-Z0-9])HM[A-Z0-9]{8}(?![A-Z0-9])"),
}
LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)


def relay_of(domain: str) -> str:
    """The site that relays for this domain; empty when it is a person's."""
    return RELAYS.get(domain, "")


def is_site(domain: str) -> bool:
    """Whether a booking site itself writes."""
    return any(domain == site or domain.endswith(f".{site}") for site in SITES)


def reservation_in(site: str, subject: str, whole: str) -> str:
    """The site's own number of the reservation, if the mail names exactly one."""
    for text in (subject, whole):
        found = set(NUMBERS[site].findall(text))
        if len(found) == 1:
            return str(found.pop())
    return ""


def without_links(text: str, *, allowed: bool) -> str:
    """What a site lets through: links only if it was told to, never one to a place for reviews."""

    def kept(found: re.Match[str]) -> str:
        host = re.sub(r"^(?:https?://)?(?:www\.)?", "", found[0].lower()).split("/")[0]
        return found[0] if allowed and not _reviews(host) else ""

    lines = [LINK.sub(kept, line).rstrip() for line in text.split("\n")]
    return "\n".join(lines)


def _reviews(host: str, places: Sequence[str] = REVIEWS) -> bool:
    return any(f".{host}".find(f".{place}") >= 0 for place in places)
