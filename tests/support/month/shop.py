"""The front office of a month that keeps its books in a QloApps shop: the stand-in behind a real
port, which goes on while the hotel's process dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero.components import Services
from agente_hotelero.testing import SettableClock
from agente_hotelero_pms_qloapps.adapter import QloAppsPms
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.testing import MINIMAL_KEY, Shop, create_app, plain_shop
from agente_hotelero_pms_qloapps.testing.state import Language, Order

from tests.support.guarded import guarded_pms
from tests.support.month.script import ZONE, Event, Person, Script, Visit
from tests.support.troubled import troubled

LANGUAGES = {"en": Language(id=1, iso="en"), "es": Language(id=2, iso="es")}
ACTS = ("book", "in_house", "departed", "prolong", "cancelled", "no_show")
LETTERS = str.maketrans("0123456789", "abcdefghij")


@dataclass(frozen=True, kw_only=True)
class FrontOffice:
    """People who book and mark stays in a shop, by a clock of their own.

    QloApps has no word for a guest who did not come, so such a stay is cancelled on the morning
    after. It demands a mail address of everybody: whoever has none stands under one that the hotel
    told its agent to be nobody's (`placeholder_email`). Rooms of one party are orders of their own,
    as when each was booked by itself.
    """

    script: Script
    shop: Shop
    clock: SettableClock
    orders: dict[str, Order] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{self.shop.host}"

    @property
    def visits(self) -> dict[str, str]:
        """Whose visit a reference of the shop is."""
        return {order.reference: visit for visit, order in self.orders.items()}

    def act(self, event: Event) -> None:
        """At its instant, which is long past where nobody started the hotel again."""
        self.clock.set(event.at)
        if event.what == "book":
            self.orders[event.who] = self._book(self.script.visits[event.who])
        else:
            self._mark(self.orders[event.who], event)

    def _book(self, visit: Visit) -> Order:
        """Each booking has a room to itself."""
        email = visit.person.email or f"guest-{visit.key.lower()}@no-email.invalid"
        room = len(self.orders) + 1
        order = self.shop.book(room, visit.arrival, visit.departure, email=email)
        order.language = LANGUAGES[visit.person.language].id
        self._enter(order, visit.person)
        return order

    def _enter(self, order: Order, person: Person) -> None:
        """The guest's name, of letters as QloApps wants it, and telephone."""
        customer = self.shop.customers[order.customer]
        customer.firstname, customer.lastname = "Guest", person.key.translate(LETTERS)
        customer.phone = person.phone or None

    def _mark(self, order: Order, event: Event) -> None:
        """With the stamps that QloApps gives: a cancelled order bears one itself, the other acts
        stamp the room's line."""
        if event.what in ("cancelled", "no_show"):
            self.shop.enter_state(order, self.shop.roles.canceled)
            return
        if event.what == "in_house":
            self.shop.check_in(order.id)
        elif event.what == "departed":
            self.shop.check_out(order.id)
        for line in self.shop.lines_of(order.id):
            line.last = event.more if event.what == "prolong" else line.last
            line.changed = self.shop.now()


@contextmanager
def front_office(script: Script, version: str) -> Iterator[FrontOffice | None]:
    """Of a shop of so old a QloApps, with a room for every visit; none without a version: the books
    are those of pms_mock."""
    if not version:
        yield None
        return
    clock = SettableClock(datetime(2020, 1, 1, tzinfo=UTC))
    shop = plain_shop(
        version=version,
        clock=clock,
        percent=Decimal(10),
        rooms=len(script.visits),
        languages=LANGUAGES.values(),
    )
    shop.zone = ZONE.key
    shop.hotels[1] = replace(shop.hotels[1], check_in="15:00", check_out="11:00")
    with troubled(create_app(shop)) as server:
        shop.host = server.url.removeprefix("http://")
        yield FrontOffice(script=script, shop=shop, clock=clock)


def pms_of(url: str, services: Services) -> GuardedPms:
    """The shop as the hotel's process reads it."""
    config = QloAppsConfig.model_validate({"base_url": url, "api_key": MINIMAL_KEY})
    return guarded_pms("pms_qloapps", QloAppsPms(config, services), services)
