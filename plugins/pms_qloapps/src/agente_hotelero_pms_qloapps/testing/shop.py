"""The shop: everything it knows, and what tests do to it behind the API's back."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx
from agente_hotelero.components import Clock

from agente_hotelero_pms_qloapps.testing.state import (
    Call,
    Currency,
    Customer,
    Fault,
    History,
    Hotel,
    Key,
    Language,
    Line,
    Order,
    Payment,
    Roles,
    Room,
    RoomType,
    Season,
    Service,
    State,
    TaxGroup,
    nights,
)

KEEP_OVERBOOKED = 2


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def spelt(order: int) -> str:
    """A reference of nine letters, the same for the same order id."""
    letters = []
    for _ in range(9):
        order = (order * 1103515245 + 12345) % 2**31
        letters.append(chr(ord("A") + order // 65536 % 26))
    return "".join(letters)


@dataclass(kw_only=True)
class Shop:
    """A QloApps shop. Build one with `demo_shop` or `plain_shop`, then change it at will.

    Concurrent creates race as recorded: between the check of availability and the insertion lie
    `race_seconds`; the late re-check catches a line only if more than `late_check_blind` lines
    took its room meanwhile. What is caught is cancelled, or kept as a back order if
    `overbooking_action` is 2 (PS_OVERBOOKING_ORDER_ACTION).
    """

    version: str = "1.7.0"
    host: str = "shop.example"
    name: str = "QloTest"
    zone: str = "UTC"
    clock: Clock = field(default_factory=RealClock)
    hotels: dict[int, Hotel]
    room_types: dict[int, RoomType]
    rooms: dict[int, Room]
    services: dict[int, Service]
    tax_groups: dict[int, TaxGroup]
    languages: dict[int, Language]
    currencies: dict[int, Currency]
    states: dict[int, State]
    keys: dict[str, Key]
    roles: Roles = field(default_factory=Roles)
    installed: datetime = datetime(2026, 11, 23, 17, 55)
    seasons: list[Season] = field(default_factory=list)
    customers: dict[int, Customer] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    histories: list[History] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    enabled: bool = True
    overbooking_action: int = 1
    race_seconds: float = 0.0
    late_check_blind: int = 2
    mail_languages: frozenset[int] = frozenset({1})
    reference: Callable[[int], str] = spelt
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    lines_by_order: dict[int, list[int]] = field(default_factory=dict)

    @property
    def old(self) -> bool:
        """Whether this is 1.6.1, on a PHP that makes strings of numbers."""
        return self.version.startswith("1.6")

    @property
    def currency(self) -> Currency:
        """The default currency."""
        return next(iter(self.currencies.values()))

    @property
    def language(self) -> int:
        """The default language."""
        return next(iter(self.languages))

    def now(self) -> datetime:
        """The shop's wall clock, without a zone, as it writes it."""
        return self.clock.now().astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, microsecond=0)

    def next_id(self, table: str) -> int:
        self.counters[table] += 1
        return self.counters[table]

    # What tests ask.

    def lines_of(self, order: int) -> list[Line]:
        mine = self.lines_by_order.get(order, ())
        return [self.lines[one] for one in mine if one in self.lines]

    def live_lines(self) -> list[Line]:
        """The lines that take a room."""
        return [one for one in self.lines.values() if one.live]

    def overlaps(self) -> list[tuple[Line, Line]]:
        """Pairs of live lines that share a room-night: double bookings."""
        pairs = itertools.combinations(self.live_lines(), 2)
        return [
            (a, b) for a, b in pairs if a.room == b.room and a.first < b.last > b.first < a.last
        ]

    def called(self, method: str, path: str) -> int:
        """How often a path under `/api/` was called with a method."""
        mine = (method, f"/api/{path}")
        return sum((one.method, one.path) == mine for one in self.calls)

    def busy(self, room: int, first: date, last: date) -> list[Line]:
        """The live lines of a room that overlap these nights."""
        mine = (one for one in self.live_lines() if one.room == room)
        return [one for one in mine if one.first < last and one.last > first]

    def closed(self, room: Room, first: date, last: date) -> bool:
        if room.status == 3 and room.closed:
            return room.closed[0] < last and room.closed[1] > first
        return room.status == 2

    def free(self, room_type: int, first: date, last: date) -> list[Room]:
        """Rooms of a type that can be booked for these nights, by id."""
        kind = self.room_types[room_type]
        length = (last - first).days
        if length < max(kind.min_los, 1) or 0 < kind.max_los < length:
            return []
        mine = (one for one in self.rooms.values() if one.room_type == room_type)
        return [
            one
            for one in mine
            if not self.closed(one, first, last) and not self.busy(one.id, first, last)
        ]

    # What tests, or people in the hotel, do.

    def add_customer(self, email: str, *, first: str = "Anna", last: str = "Rossi") -> Customer:
        now = self.now()
        made = Customer(
            id=self.next_id("customers"),
            firstname=first,
            lastname=last,
            email=email,
            phone="+353871234567",
            added=now,
            changed=now,
        )
        self.customers[made.id] = made
        return made

    def book(
        self, room: int, first: date, last: date, *, email: str = "walk.in@example.com"
    ) -> Order:
        """Take a room as the front desk would, whether it is free or not."""
        known = (one for one in self.customers.values() if one.email == email)
        customer = next(known, None) or self.add_customer(email)
        taken = self.rooms[room]
        order = self.add_order(hotel=self.room_types[taken.room_type].hotel, customer=customer.id)
        kind = self.room_types[taken.room_type]
        net = kind.price * len(nights(first, last))
        rate = 1 + self.tax_groups[kind.tax_group].percent / 100 if kind.tax_group else Decimal(1)
        now = self.now()
        self.add_line(
            Line(
                id=0,
                order=order.id,
                room_type=kind.id,
                room=room,
                room_number=taken.number,
                hotel=kind.hotel,
                customer=customer.id,
                first=first,
                last=last,
                adults=kind.adults,
                children=0,
                child_ages="[]",
                net=net,
                gross=net * rate,
                added=now,
                changed=now,
            )
        )
        order.net, order.gross, order.promised = net, net * rate, net * rate
        self.enter_state(order, self.roles.awaiting)
        return order

    def fill(self, room_type: int, first: date, last: date, *, leave: int = 0) -> list[Order]:
        """Book free rooms of a type until `leave` are left."""
        free = self.free(room_type, first, last)
        return [self.book(one.id, first, last) for one in free[: len(free) - leave]]

    def check_in(self, order: int) -> None:
        for line in self.lines_of(order):
            line.status, line.checked_in = 2, f"{self.now():%Y-%m-%d %H:%M:%S}"

    def check_out(self, order: int) -> None:
        for line in self.lines_of(order):
            line.status, line.checked_out = 3, f"{self.now():%Y-%m-%d %H:%M:%S}"

    def close_room(self, room: int, first: date | None = None, last: date | None = None) -> None:
        """Take a room out of service, for good or from one date to another."""
        closed = (first, last) if first and last else None
        self.rooms[room] = replace(self.rooms[room], status=3 if closed else 2, closed=closed)

    def open_room(self, room: int) -> None:
        self.rooms[room] = replace(self.rooms[room], status=1, closed=None)

    def renumber_state(self, role: str, number: int) -> None:
        """Give a state another id, as shops with a longer history have."""
        state = self.states.pop(getattr(self.roles, role))
        self.states[number] = replace(state, id=number)
        self.roles = replace(self.roles, **{role: number})

    def limit(self, room_type: int, *, min_los: int = 1, max_los: int = 0) -> None:
        """Set how long stays of a type must and may be."""
        kind = self.room_types[room_type]
        self.room_types[room_type] = replace(kind, min_los=min_los, max_los=max_los)

    def add_season(self, room_type: int, first: date, last: date, percent: Decimal) -> Season:
        """Nights from `first` to `last`, both included, cost `percent` more."""
        made = Season(
            id=self.next_id("feature_prices"),
            name="Season",
            room_type=room_type,
            first=first,
            last=last,
            percent=percent,
        )
        self.seasons.append(made)
        return made

    def lose_answer(
        self,
        method: str,
        resource: str,
        *,
        after_work: bool = True,
        error: type[httpx.TransportError] = httpx.ReadError,
    ) -> None:
        """Drop the connection of the next such request, after or before its work is done."""
        self.faults.append(
            Fault(method=method, resource=resource, after_work=after_work, error=error)
        )

    def delay(self, method: str, resource: str, seconds: float, *, after_work: bool = True) -> None:
        """Wait before or after the work of the next such request."""
        self.faults.append(
            Fault(method=method, resource=resource, after_work=after_work, seconds=seconds)
        )

    def fail(self, method: str, resource: str, status: int, *, after_work: bool = False) -> None:
        """Answer the next such request with a status and nothing else."""
        self.faults.append(
            Fault(method=method, resource=resource, after_work=after_work, status=status)
        )

    # What handlers write.

    def add_order(
        self,
        *,
        hotel: int,
        customer: int,
        language: int | None = None,
        currency: int | None = None,
        source: str = "",
    ) -> Order:
        number, now = self.next_id("orders"), self.now()
        order = Order(
            id=number,
            reference=self.reference(number),
            hotel=hotel,
            customer=customer,
            language=language or self.language,
            currency=currency or self.currency.id,
            source=source or self.host,
            cart=self.next_id("carts"),
            added=now,
            changed=now,
        )
        self.orders[number] = order
        return order

    def add_line(self, line: Line) -> Line:
        """Store a line under the next id."""
        line.id = self.next_id("lines")
        line.detail = self.next_id("details")
        line.cart = line.cart or self.orders[line.order].cart
        self.lines[line.id] = line
        self.lines_by_order.setdefault(line.order, []).append(line.id)
        return line

    def pay(self, order: Order, amount: Decimal, method: str = "", transaction: str = "") -> None:
        order.paid += amount
        self.payments.append(
            Payment(
                id=self.next_id("payments"),
                reference=order.reference,
                currency=order.currency,
                amount=amount,
                method=method or "Order from API",
                transaction=transaction,
                added=self.now(),
            )
        )

    def enter_state(self, order: Order, state: int) -> History:
        """Write the state and its history row; whoever cancels or refunds frees the rooms."""
        order.state, order.changed = state, self.now()
        if self.states[state].invoice and not order.invoice:
            order.invoice, order.invoiced = self.next_id("invoices"), self.now()
        roles = self.roles
        if state in (roles.canceled, roles.refunded, roles.error):
            for line in self.lines_of(order.id):
                line.refunded = True
                line.cancelled = line.cancelled or state != roles.refunded
        row = History(id=self.next_id("histories"), order=order.id, state=state, added=self.now())
        self.histories.append(row)
        return row

    def settle(self, order: Order) -> None:
        """Record whatever is still to pay as paid."""
        if order.gross > order.paid:
            self.pay(order, order.gross - order.paid)

    def take_fault(self, method: str, resource: str) -> Fault | None:
        """The next fault for such a request, which is used up."""
        mine = (one for one in self.faults if (one.method, one.resource) == (method, resource))
        found = next(mine, None)
        if found is not None:
            self.faults.remove(found)
        return found
