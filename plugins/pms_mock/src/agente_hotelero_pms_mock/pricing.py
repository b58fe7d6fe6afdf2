"""What a stay costs. Pure: settings, dates and people in, amounts out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from agente_hotelero.stays import CancellationTerms, Money, Occupancy, Stay, TaxLine
from babel.numbers import get_currency_precision

from agente_hotelero_pms_mock.catalogue import Rate, Room, localised
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.rules import season_of

FRIDAY_AND_SATURDAY = frozenset({4, 5})
FREE_UNTIL_HOUR = time(18, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """What would be sold: these people in rooms of one type at one rate, one room per party."""

    room: Room
    rate: Rate
    stay: Stay
    parties: tuple[Occupancy, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NightLine:
    """One room for one night; `amount` is rounded and holds the included taxes."""

    night: date
    party: Occupancy
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """A priced sale: `total` is the sum of `nights`, `due` that of the taxes not included."""

    nights: tuple[NightLine, ...]
    total: Money
    taxes: tuple[TaxLine, ...]
    due: Money | None


def quote(config: MockConfig, sale: Sale, locale: str = "en") -> Quote:
    """The sale at the present settings; names of taxes in the locale's language."""
    nights = tuple(
        NightLine(night=day, party=party, amount=night_price(config, sale, day, party))
        for day in sale.stay.dates()
        for party in sale.parties
    )
    total = _sum(config, (line.amount for line in nights))
    taxes = (*_percentages(config, total, locale), *_city_tax(config, sale, locale))
    extra = _sum(config, (line.amount.amount for line in taxes if not line.included))
    return Quote(nights=nights, total=total, taxes=taxes, due=extra if extra.amount else None)


def night_price(config: MockConfig, sale: Sale, night: date, party: Occupancy) -> Decimal:
    """One room of the sale for one night and one party, rounded."""
    season = season_of(config, night)
    weekend = night.weekday() in FRIDAY_AND_SATURDAY
    price = sale.room.price + _supplements(config, sale.room, party)
    price *= config.price_factor * sale.rate.factor
    price *= season.factor if season else 1
    price *= config.weekend_factor if weekend else 1
    return rounded(price, config.currency)


def cancellation(
    config: MockConfig, sale: Sale, quoted: Quote, now: datetime, zone: ZoneInfo
) -> CancellationTerms:
    """Free until 18:00 local some days before; then the first nights, or everything."""
    if sale.rate.free_days is None:
        return CancellationTerms(fee=quoted.total)
    day = sale.stay.arrival - timedelta(days=sale.rate.free_days)
    until = datetime.combine(day, FREE_UNTIL_HOUR, zone).astimezone(now.tzinfo)
    charged = sale.stay.dates()[: sale.rate.fee_nights]
    fee = _sum(config, (line.amount for line in quoted.nights if line.night in charged))
    return CancellationTerms(
        free_until=until if until > now else None, fee=fee if fee.amount else None
    )


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's minor unit, halves up; the units are those of CLDR."""
    unit = Decimal(1).scaleb(-get_currency_precision(currency))
    return amount.quantize(unit, ROUND_HALF_UP)


def _supplements(config: MockConfig, room: Room, party: Occupancy) -> Decimal:
    """For adults beyond those the room's price includes, and for children who are not free."""
    grown = party.adults + sum(age >= config.adult_age for age in party.child_ages)
    children = sum(config.free_child_age <= age < config.adult_age for age in party.child_ages)
    return max(0, grown - room.included_guests) * config.extra_adult + children * config.child


def _percentages(config: MockConfig, total: Money, locale: str) -> Sequence[TaxLine]:
    """All percentages apply to the price without the included ones."""
    inside = sum((tax.percent for tax in config.taxes if tax.included), Decimal(0))
    net = total.amount / (1 + inside / 100)
    return [
        TaxLine(
            name=localised(tax.names, locale),
            amount=money(config, net * tax.percent / 100),
            included=tax.included,
        )
        for tax in config.taxes
    ]


def _city_tax(config: MockConfig, sale: Sale, locale: str) -> Sequence[TaxLine]:
    """Per adult and night, paid on site."""
    adults = sum(party.adults for party in sale.parties)
    amount = money(config, config.city_tax * adults * sale.stay.nights)
    name = localised(config.city_tax_names, locale)
    return [TaxLine(name=name, amount=amount, included=False)] if amount.amount else []


def _sum(config: MockConfig, amounts: Iterable[Decimal]) -> Money:
    return money(config, sum(amounts, Decimal(0)))


def money(config: MockConfig, amount: Decimal) -> Money:
    return Money(amount=rounded(amount, config.currency), currency=config.currency)
