"""The one message and its reminder: the same for every guest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from agente_hotelero import JourneySource
from agente_hotelero.proactive import Journey, Occasion, Reminder, Trigger

from agente_hotelero_review_requests.config import ReviewConfig
from agente_hotelero_review_requests.links import NAMES

NAME = "review_requests.review"
PURPOSE = "review"
EXPIRES = timedelta(days=7)
SPACING = timedelta(days=90)
# Long enough to settle what is being settled, and short enough for all to be asked.
WAITS = timedelta(hours=72)


class Reviews(JourneySource[ReviewConfig]):
    """Asks after the stay; what is answered goes to whoever reads opinions."""

    config_class = ReviewConfig

    def journeys(self) -> Sequence[Journey]:
        """None while the hotel names no page."""
        config = self.config
        if not config.links:
            return ()
        reminder = Reminder(
            after=timedelta(hours=config.reminder_hours),
            template="review_requests/reminder",
            approved=config.approved_reminder,
        )
        return [
            Journey(
                name=NAME,
                purpose=PURPOSE,
                trigger=Trigger.DEPARTURE,
                offset=timedelta(hours=config.offset_hours),
                opens=config.opens,
                closes=config.closes,
                expires=EXPIRES,
                template="review_requests/request",
                approved=config.approved,
                reminder=reminder if config.reminder else None,
                spacing=SPACING,
                leads_away=True,
                waits_for_staff=WAITS,
                asks="opinion",
            )
        ]

    async def values(self, occasion: Occasion) -> Mapping[str, object]:
        """`links`: the name and the address of each page, in the order of the settings."""
        return {
            "links": [
                {"name": NAMES[platform], "url": self._address(platform, url, occasion.mark)}
                for platform, url in self.config.links.items()
            ]
        }

    def _address(self, platform: str, url: str, mark: str) -> str:
        """Through our own page, which counts; straight there where we have no address."""
        if not self.config.base_url:
            return url
        token = self.services.seals.seal(f"{self.services.tenant}|{mark}|{platform}")
        return f"{self.config.base_url}/r/{token}"
