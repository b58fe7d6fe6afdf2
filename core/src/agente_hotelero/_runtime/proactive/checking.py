"""What is wrong with the journeys of a hotel's file, before anything is opened."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from agente_hotelero._guest_settings import JourneySettings
from agente_hotelero._runtime.words import values_of
from agente_hotelero.config import TenantSettings
from agente_hotelero.errors import Problem, Rejected

# What `wording` gives to the words of every journey.
VALUES = frozenset(
    {"name", "guest", "hotel", "reference", "room", "arrival", "departure", "nights", "check_in",
     "check_out", "address"}
)  # fmt: skip


def problems(tenant: str, one: TenantSettings, channels: Collection[str]) -> Iterator[Problem]:
    """Words that are missing or say what nobody knows, and channels that are not there."""
    for name, journey in one.journeys.items():
        at = f"tenants.{tenant}.journeys.{name}"
        missing = [language for language in one.languages if language not in journey.text]
        if journey.text and missing:
            yield Problem(path=f"{at}.text", problem=f"has no words in {', '.join(missing)}")
        for place, text in _texts(journey):
            wrong = _wrong_with(text)
            if wrong:
                yield Problem(
                    path=f"{at}.{place}", problem=wrong, allowed=", ".join(sorted(VALUES))
                )
        unknown = [channel for channel in journey.channels if channel not in channels]
        if unknown:
            yield Problem(
                path=f"{at}.channels",
                problem=f"there is no channel {', '.join(unknown)}",
                allowed=", ".join(sorted(channels)),
            )


def _texts(journey: JourneySettings) -> Iterator[tuple[str, str]]:
    for language, text in journey.text.items():
        yield f"text.{language}", text
    for channel, approved in journey.approved.items():
        for name, text in approved.values.items():
            yield f"approved.{channel}.values.{name}", text


def _wrong_with(text: str) -> str:
    try:
        unknown = values_of({}, text) - VALUES
    except Rejected as error:
        return str(error)
    return f"unknown values: {', '.join(sorted(unknown))}" if unknown else ""
