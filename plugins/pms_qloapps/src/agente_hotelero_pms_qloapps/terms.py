"""What cancelling costs, by the refund rules of the hotel. Pure.

A rule is "at least so many days before arrival, this is kept". QloApps takes the first that fits in
the order that the hotel gave them, which the API does not tell; here they are taken with the most
days first, the only order in which each of them can ever apply. All is kept where a hotel has rules
and none fits. QloApps applies them to refunds that staff give, never by itself. Days are whole days
of the hotel's calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from agente_hotelero.stays import CancellationTerms, Money, Stay

from agente_hotelero_pms_qloapps import wire
from agente_hotelero_pms_qloapps.client import Client
from agente_hotelero_pms_qloapps.hotel import Hotel
from agente_hotelero_pms_qloapps.wire import Row

_PERCENT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Kept when cancelled `days` before arrival or earlier: percent of the total, or an amount;
    `kept_of_advance` where a part was paid in advance on the website."""

    days: Decimal
    kept: Decimal
    kept_of_advance: Decimal
    percent: bool

    def fee(self, total: Money) -> Money:
        kept = total.amount * self.kept / 100 if self.percent else min(self.kept, total.amount)
        return Money(amount=wire.cents(kept), currency=total.currency)


async def read_rules(client: Client, hotel: Hotel) -> tuple[Rule, ...]:
    """The hotel's; none where it does not refund."""
    if not hotel.refunds or not hotel.refund_rules:
        return ()
    rows = await client.rows("hotel_refund_rules", {"filter[id]": wire.any_of(hotel.refund_rules)})
    return rules_of(rows)


def rules_of(rows: Iterable[Row]) -> tuple[Rule, ...]:
    """With the most days first."""
    rules = [
        Rule(
            days=wire.amount(row.get("days")),
            kept=wire.amount(row.get("deduction_value_full_pay")),
            kept_of_advance=wire.amount(row.get("deduction_value_adv_pay")),
            percent=wire.number(row.get("payment_type")) == _PERCENT,
        )
        for row in rows
    ]
    return tuple(sorted(rules, key=lambda rule: -rule.days))


def of_order(rules: Sequence[Rule], order: Row) -> Sequence[Rule]:
    """As they hold for an order."""
    if not wire.number(order.get("is_advance_payment")):
        return rules
    return [replace(rule, kept=rule.kept_of_advance) for rule in rules]


def fee(rules: Sequence[Rule], stay: Stay, total: Money, today: date) -> Money | None:
    """What is kept when it is cancelled today; None where the hotel has no rules."""
    if not rules:
        return None
    days = (stay.arrival - today).days
    fitting = next((rule for rule in rules if days >= rule.days), None)
    return total if fitting is None else fitting.fee(total)


def terms(rules: Sequence[Rule], stay: Stay, total: Money, zone: ZoneInfo) -> CancellationTerms:
    """Until when it is free, and then what; the fee only where it is one and the same until the
    arrival. Empty where the hotel has no rules: QloApps does not say it."""
    if not rules:
        return CancellationTerms()
    last = max(int(rule.days) + 1 for rule in rules)
    costs = [
        fee(rules, stay, total, stay.arrival - timedelta(days=days)) for days in range(last, -1, -1)
    ]
    free = [cost is not None and not cost.amount for cost in costs]
    paid = [cost for cost in costs[sum(_leading(free)) :] if cost is not None]
    only = paid[0] if paid and all(cost == paid[0] for cost in paid) else None
    if not free[0]:
        return CancellationTerms(fee=only)
    first_paid = stay.arrival - timedelta(days=last - sum(_leading(free)))
    return CancellationTerms(free_until=datetime.combine(first_paid, time(), zone), fee=only)


def _leading(flags: Sequence[bool]) -> list[bool]:
    """The part before the first False."""
    return list(flags[: flags.index(False)]) if False in flags else list(flags)
