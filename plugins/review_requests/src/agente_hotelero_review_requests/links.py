"""Where a guest may be led: known pages of known platforms, by https. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LONGEST = 500
# Whoever else wants to be led to is added here, not in a hotel's file: a link in the hotel's name
# must not lead just anywhere.
COUNTRY = r"(com|[a-z]{2}|com?\.[a-z]{2})"
HOSTS = {
    "google": rf"(g\.page|search\.google\.com|maps\.app\.goo\.gl|(www|maps)\.google\.{COUNTRY})",
    "tripadvisor": rf"(www\.)?tripadvisor\.{COUNTRY}",
    "facebook": r"(www\.|m\.)?facebook\.com",
    "trustpilot": r"([a-z]{2}\.|www\.)?trustpilot\.com",
    "holidaycheck": r"(www\.)?holidaycheck\.[a-z]{2,3}",
}
NAMES = {
    "google": "Google",
    "tripadvisor": "Tripadvisor",
    "facebook": "Facebook",
    "trustpilot": "Trustpilot",
    "holidaycheck": "HolidayCheck",
}
# Pages of these hosts that lead wherever they are told.
LEADS_ON = re.compile(r"/(url|imgres|amp|l\.php|flx)(/|$)", re.IGNORECASE)
BY_THEMSELVES = frozenset({"booking", "airbnb", "expedia", "despegar", "hotels", "agoda"})


def check(platform: str, url: str) -> None:
    """Raises ValueError for a platform that is not known, and for a page that is not its own."""
    if platform in BY_THEMSELVES:
        raise ValueError(f"links.{platform}: asks its guests itself, and nobody else may")
    if platform not in HOSTS:
        raise ValueError(f"links.{platform}: is not one of {', '.join(HOSTS)}")
    parts = urlsplit(check_https(url))
    if not re.fullmatch(HOSTS[platform], parts.hostname or "") or LEADS_ON.match(parts.path):
        raise ValueError(f"links.{platform}: is not a page of {NAMES[platform]}")


def check_https(url: str) -> str:
    """The address, if it is plain https. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("is not an https address")
    if parts.username or parts.password or parts.port or len(url) > LONGEST:
        raise ValueError("is not a plain https address")
    if not url.isascii() or re.search(r"[\s\\<>\"']", url):
        raise ValueError("has characters that an address does not have")
    return url
