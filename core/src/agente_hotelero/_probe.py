"""`hotelero probe`: one guest against a running installation, from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from agente_hotelero._runtime import tokens
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError, Unavailable

MARKED = "probe"
MOCK = "pms_mock"
APOLOGY = "core/trouble"
OFFER = "front_desk/offer"
SPARE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Probed:
    """An answer and how many seconds it took."""

    tenant: str
    answer: str
    seconds: float


def tenant_of(settings: Settings, named: str | None) -> str:
    """Which hotel: the one named, else ``probe``, else one with a simulated PMS, else any.

    Raises ConfigError.
    """
    if named is not None and named not in settings.tenants:
        raise ConfigError.at("--tenant", "is not configured", ", ".join(settings.tenants))
    mock = next((name for name, one in settings.tenants.items() if one.pms == MOCK), None)
    marked = MARKED if MARKED in settings.tenants else None
    return named or marked or mock or next(iter(settings.tenants))


def line_for(settings: Settings, tenant: str) -> tuple[str, bool]:
    """What to write, and whether that asks for an offer: of a simulated PMS alone."""
    one = settings.tenants[tenant]
    if one.pms != MOCK:
        return {"es": "hola", "pt": "olá", "en": "hello"}[one.languages[0]], False
    arrival = datetime.now(UTC).date() + timedelta(days=30)
    until = arrival + timedelta(days=2)
    words = {
        "es": f"quiero una habitación del {arrival:%d/%m/%Y} al {until:%d/%m/%Y} para dos",
        "pt": f"quero um quarto de {arrival:%d/%m/%Y} a {until:%d/%m/%Y} para dois",
        "en": f"I want a room from {arrival:%Y-%m-%d} to {until:%Y-%m-%d} for two",
    }
    return words[one.languages[0]], True


def probe(url: str, token: str, tenant: str, line: str, offer: bool, seconds: float) -> Probed:
    """Write one line and wait for the answer, which must be one; with `offer`, an offer with a sum.

    Raises Unavailable, which says what is wrong.
    """
    address = f"{url.rstrip('/')}/admin/api/v1/tenants/{tenant}/probe"
    try:
        answer = httpx.post(
            address,
            json={"text": line, "seconds": seconds},
            headers={"Authorization": f"Bearer {token}"},
            timeout=seconds + SPARE_SECONDS,
        )
    except httpx.HTTPError as error:
        raise Unavailable(f"{url} does not answer: {type(error).__name__}") from error
    if answer.status_code != 200:
        raise Unavailable(f"HTTP {answer.status_code}: {_detail(answer)}")
    heard = answer.json()
    said = "\n".join(heard["answers"])
    if APOLOGY in heard["acts"]:
        raise Unavailable("it answered that it is in trouble")
    offered = any(act.startswith(OFFER) for act in heard["acts"])
    if offer and not (offered and heard["sources"]):
        raise Unavailable("it answered, but not with an offer")
    return Probed(tenant=tenant, answer=said.splitlines()[0][:60], seconds=heard["seconds"])


def own_token(settings: Settings, tenant: str) -> str:
    """For this one hotel, for an hour."""
    made, _ = tokens.make(settings, role="staff", tenants=[tenant], hours=1, name="probe")
    return made


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return "no word on why"
