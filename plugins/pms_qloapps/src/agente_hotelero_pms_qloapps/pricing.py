"""What a stay costs: what the shop's website charges, which no single call tells.

QloApps' availability call (ARI) has the room with its seasons and those automatic services that are
folded into the room price; the website adds the other automatic services as fees of their own. A
booking over the API is charged so only when it names every automatic service in every room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agente_hotelero_pms_qloapps import wire
from agente_hotelero_pms_qloapps.client import Client
from agente_hotelero_pms_qloapps.hotel import Hotel, Kind
from agente_hotelero_pms_qloapps.wire import Row

_FOLDED, _PER_NIGHT = 1, 2
_SERVICE_FIELDS = (
    "[id,name,price,active,auto_add_to_cart,price_addition_type,price_calculation_method,"
    "id_tax_rules_group]"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extra:
    """A service of the shop; `price` is without tax, for one night or for one stay in one room."""

    id: int
    price: Decimal
    tax_group: int
    automatic: bool
    folded: bool
    per_night: bool

    def net(self, nights: int) -> Decimal:
        return self.price * (nights if self.per_night else 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """Tax factors by tax group; that of the room is what ARI's two totals say."""

    room_group: int
    room: Decimal
    others: Mapping[int, Decimal]

    def of(self, extra: Extra) -> Decimal:
        """What is folded into the room price has the room's tax, whatever its own group."""
        if extra.folded or (extra.tax_group and extra.tax_group == self.room_group):
            return self.room
        return self.others.get(extra.tax_group, Decimal(1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """Of all rooms of a stay."""

    total: Decimal
    net: Decimal

    @property
    def tax(self) -> Decimal:
        return self.total - self.net


def extras_of(rows: Iterable[Row], kind: Kind) -> list[Extra]:
    """The active services of a room type, at its own price where it has one."""
    return [
        _extra(row, kind.services[number])
        for row in rows
        if (number := wire.number(row["id"])) in kind.services and wire.number(row.get("active", 1))
    ]


def _extra(row: Row, own: Row) -> Extra:
    price = row.get("price") if own.get("price") is None else own.get("price")
    group = own.get("id_tax_rules_group")
    return Extra(
        id=wire.number(row["id"]),
        price=wire.amount(price),
        tax_group=wire.number(row.get("id_tax_rules_group") if group is None else group),
        automatic=bool(wire.number(row.get("auto_add_to_cart"))),
        folded=wire.number(row.get("price_addition_type")) == _FOLDED,
        per_night=wire.number(row.get("price_calculation_method")) == _PER_NIGHT,
    )


async def read_services(client: Client) -> list[Row]:
    return await client.rows("services", {"display": _SERVICE_FIELDS})


def price(ari: Row, fees: Sequence[Extra], rates: Rates, nights: int, rooms: int) -> Price:
    """Of a stay in `rooms` rooms, for which ARI was asked; `fees` are not in its total."""
    taxed = sum((fee_total(fee, rates, nights) for fee in fees), Decimal(0))
    untaxed = sum((fee.net(nights) for fee in fees), Decimal(0))
    return Price(
        total=wire.cents(wire.amount(ari.get("total_price_with_tax")) + rooms * taxed),
        net=wire.cents(wire.amount(ari.get("total_price")) + rooms * untaxed),
    )


def fee_total(fee: Extra, rates: Rates, nights: int) -> Decimal:
    """Of one room, with tax."""
    return wire.cents(fee.net(nights) * rates.of(fee))


def room_factor(ari: Row) -> Decimal:
    net = wire.amount(ari.get("total_price"))
    return wire.amount(ari.get("total_price_with_tax")) / net if net else Decimal(1)


async def read_rates(
    client: Client, hotel: Hotel, kind: Kind, ari: Row, extras: Iterable[Extra]
) -> Rates:
    """Asks for tax rules only where a service has another tax than the room; that needs GET on
    tax_rules and taxes, beyond the usual rights."""
    groups = {extra.tax_group for extra in extras if not extra.folded} - {0, kind.tax_group}
    others = {group: await _factor(client, group, hotel.country) for group in sorted(groups)}
    return Rates(room_group=kind.tax_group, room=room_factor(ari), others=others)


async def _factor(client: Client, group: int, country: int) -> Decimal:
    asked = {"filter[id_tax_rules_group]": group}
    found = [
        wire.number(rule.get("id_tax"))
        for rule in await client.rows("tax_rules", asked)
        if wire.number(rule.get("id_country")) == country and not wire.number(rule.get("id_state"))
    ]
    if not found:
        return Decimal(1)
    taxes = await client.rows("taxes", {"filter[id]": wire.any_of(found)})
    rate = sum((wire.amount(tax.get("rate")) for tax in taxes), Decimal(0))
    return 1 + rate / 100
