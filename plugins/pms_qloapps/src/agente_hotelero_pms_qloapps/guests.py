"""Guests as QloApps stores them, and back: its two names, and what it has no field for. Pure.

A booking for an e-mail address that QloApps knows renames that customer everywhere. So the stored
names are sent for a known address, and the real guest stands in the booking's remark, from where it
is read again. What QloApps does not take as a name goes the same way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agente_hotelero.errors import Rejected
from agente_hotelero.matching import folded
from agente_hotelero.stays import Guest

from agente_hotelero_pms_qloapps import rules, wire
from agente_hotelero_pms_qloapps.config import REF, QloAppsConfig
from agente_hotelero_pms_qloapps.wire import Row

_NO_SURNAME = "-"
_MARK, _PHONE_MARK = "Guest: ", " · Phone: "
_REMARK = re.compile(rf"^{_MARK}(?P<name>[^·]+?)(?:{_PHONE_MARK}(?P<phone>[^·]+?))?(?: · .*)?$")
CUSTOMER = "[id,firstname,lastname,email,phone,id_lang,is_guest,deleted]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """What is sent as `customer_detail`, and the remark beside it."""

    firstname: str
    lastname: str
    email: str
    phone: str
    remark: str

    def detail(self) -> dict[str, str]:
        return {
            "firstname": self.firstname,
            "lastname": self.lastname,
            "email": self.email,
            "phone": self.phone,
        }


def email_of(config: QloAppsConfig, guest: Guest, ref: str) -> str:
    """The guest's, or the placeholder of this booking. Raises Rejected for one that is none."""
    if not guest.email:
        plain = re.sub(r"[^0-9a-z]+", "-", ref.casefold()).strip("-") or "x"
        return config.placeholder_email.replace(REF, plain)[: rules.MAX_EMAIL]
    address = guest.email.strip()
    if not rules.good_email(address):
        raise Rejected("the guest's e-mail address is not one that QloApps takes")
    return address


def customer_of(config: QloAppsConfig, guest: Guest, ref: str, known: Row | None) -> Customer:
    """`known` is the customer whom QloApps has under the same address."""
    first, last = names(guest.name)
    if known is not None:
        stored = wire.text(known.get("firstname")), wire.text(known.get("lastname"))
        if folded(" ".join(stored)) != folded(f"{first} {last}"):
            return _under_another_name(config, guest, ref, known)
        first, last = stored
    shown = guest_name(first, last)
    remark = _MARK + _line(guest.name) if shown != _line(guest.name) else "Booked by the assistant"
    return Customer(
        firstname=first,
        lastname=last,
        email=email_of(config, guest, ref),
        phone=phone_of(config, guest),
        remark=f"{remark} · {ref}",
    )


def _under_another_name(config: QloAppsConfig, guest: Guest, ref: str, known: Row) -> Customer:
    phone = wire.text(known.get("phone"))
    own = f"{_PHONE_MARK}{_line(guest.phone)}" if guest.phone else ""
    return Customer(
        firstname=wire.text(known.get("firstname")),
        lastname=wire.text(known.get("lastname")),
        email=wire.text(known.get("email")),
        phone=phone if rules.good_phone(phone) else config.placeholder_phone,
        remark=f"{_MARK}{_line(guest.name)}{own} · {ref}",
    )


def names(name: str) -> tuple[str, str]:
    """First name and the rest, as QloApps takes them. Raises Rejected where nothing is left."""
    first, _, rest = " ".join(name.split()).partition(" ")
    first, rest = rules.name_part(first), rules.name_part(rest)
    if not first and not rest:
        raise Rejected("the guest's name holds no letters")
    return first or _NO_SURNAME, rest or _NO_SURNAME


def phone_of(config: QloAppsConfig, guest: Guest) -> str:
    if not guest.phone:
        return config.placeholder_phone
    phone = guest.phone.strip()
    if not rules.good_phone(phone):
        raise Rejected("the guest's telephone number is not one that QloApps takes")
    return phone


def known_customer(rows: Sequence[Row]) -> Row | None:
    """The one that QloApps will take for an address: the first that is neither deleted nor one of
    its customers without an account."""
    kept = [
        row
        for row in rows
        if not wire.number(row.get("deleted")) and not wire.number(row.get("is_guest"))
    ]
    return min(kept, key=lambda row: wire.number(row["id"]), default=None)


def guest_of(
    config: QloAppsConfig, customer: Row, remarks: Sequence[str], language: str | None
) -> Guest:
    """The guest of a booking: by its remark, else the customer; placeholders are nobody's."""
    told = next((found for remark in remarks if (found := _REMARK.match(remark))), None)
    email, phone = wire.text(customer.get("email")), wire.text(customer.get("phone"))
    shown = guest_name(wire.text(customer.get("firstname")), wire.text(customer.get("lastname")))
    own_phone = told["phone"] if told is not None and told["phone"] else phone
    return Guest(
        name=told["name"].strip() if told is not None else shown,
        email=None if not email or is_placeholder(config, email) else email,
        phone=None if own_phone in ("", config.placeholder_phone) else own_phone,
        language=language,
    )


def guest_name(first: str, last: str) -> str:
    return " ".join(part for part in (first, last) if part.strip() not in ("", _NO_SURNAME))


def is_placeholder(config: QloAppsConfig, email: str) -> bool:
    before, after = config.placeholder_email.casefold().split(REF)
    told = email.casefold()
    return told.startswith(before) and told.endswith(after)


def _line(text: str) -> str:
    """Without what parts the remark, and without what QloApps strips from it."""
    return " ".join(re.sub(r"[·<>]", " ", text).split())
