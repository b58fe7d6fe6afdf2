"""What templates need of a reservation, a change, a cancellation, a service. Pure.

Every amount names what it comes from.
"""

from __future__ import annotations

from agente_hotelero.messages import Priced
from agente_hotelero.stays import Amendment, Cancellation, Money, Reservation, Service


def of_reservation(made: Reservation) -> dict[str, object]:
    owed = made.balance if made.balance and made.balance.amount > 0 else None
    return {
        "reference": made.reference,
        "status": str(made.status),
        "room": made.room_type_name,
        "arrival": made.stay.arrival,
        "departure": made.stay.departure,
        "nights": made.stay.nights,
        "adults": sum(party.adults for party in made.occupancies),
        "children": sum(len(party.child_ages) for party in made.occupancies),
        "total": _priced(made.reference, made.total),
        "balance": _priced(made.reference, owed),
        "due": None,
        "free_until": made.cancellation.free_until,
        "fee": _priced(made.reference, made.cancellation.fee),
    }


def of_amendment(amendment: Amendment, made: Reservation) -> dict[str, object]:
    change, source = amendment.change, amendment.id
    fee = amendment.fee if amendment.fee and amendment.fee.amount > 0 else None
    return {
        "reference": made.reference,
        "room": made.room_type_name,
        "arrival": change.stay.arrival,
        "departure": change.stay.departure,
        "nights": change.stay.nights,
        "adults": sum(party.adults for party in change.occupancies),
        "children": sum(len(party.child_ages) for party in change.occupancies),
        "before": _priced(source, amendment.before),
        "total": _priced(source, amendment.total),
        "same_price": amendment.before == amendment.total,
        "change_fee": _priced(source, fee),
        "due": None,
        "free_until": amendment.cancellation.free_until,
        "fee": _priced(source, amendment.cancellation.fee),
    }


def of_cancellation(cancellation: Cancellation, made: Reservation) -> dict[str, object]:
    fee, refund = cancellation.fee, cancellation.refund
    return of_reservation(made) | {
        "fee": _priced(cancellation.id, fee if fee and fee.amount > 0 else None),
        "refund": _priced(cancellation.id, refund if refund and refund.amount > 0 else None),
    }


def of_service(service: Service, made: Reservation) -> dict[str, object]:
    return {
        "reference": made.reference,
        "name": service.name,
        "price": _priced(service.id, service.price),
        "free": not service.price.amount,
        "at": service.at,
    }


def _priced(source_id: str, money: Money | None) -> Priced | None:
    return Priced(source_id=source_id, money=money) if money else None
