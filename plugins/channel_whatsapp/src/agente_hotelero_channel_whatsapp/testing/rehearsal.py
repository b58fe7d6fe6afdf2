"""The simulator by itself, with a page to write as a guest."""

from __future__ import annotations

import uvicorn

from agente_hotelero_channel_whatsapp.testing.accounts import Account
from agente_hotelero_channel_whatsapp.testing.faults import ErrorBy
from agente_hotelero_channel_whatsapp.testing.guest import Guest
from agente_hotelero_channel_whatsapp.testing.page import Rehearsal, app_of
from agente_hotelero_channel_whatsapp.testing.simulator import Simulator
from agente_hotelero_channel_whatsapp.testing.templates import Template

THROUGHPUT = 80
GUESTS = (
    ("Ana", "5491155550101", "", ""),
    ("Bruno", "5511987650102", "BR.13491208655302741918", ""),
    ("Carla", "", "MX.23491208655302741919", "carla"),
)


def rehearse(port: int, webhook: str, number: str, token: str, secret: str) -> None:
    """Serve until interrupted: Meta's window and limits are on, as they are at Meta."""
    account = Account(phone_number_id=number, token=token, app_secret=secret)
    with rehearsed(account, webhook, port) as simulator:
        rehearsal = rehearsal_of(simulator, account)
        print(f"Simulated Cloud API: WHATSAPP_API_BASE_URL={simulator.url}")
        print(f"  WHATSAPP_PHONE_NUMBER_ID={number} WHATSAPP_ACCESS_TOKEN={token}")
        print(f"  WHATSAPP_APP_SECRET={secret} WHATSAPP_VERIFY_TOKEN=any")
        print(f"Write as a guest: http://127.0.0.1:{port + 1}/", flush=True)
        uvicorn.run(app_of(rehearsal), port=port + 1, log_config=None, access_log=False)


def rehearsed(account: Account, webhook: str, port: int = 0) -> Simulator:
    """A simulator that is as strict as Meta."""
    return Simulator(
        [account],
        webhook=webhook,
        port=port,
        window=ErrorBy.STATUS,
        pair_limit=True,
        per_second=THROUGHPUT,
        templates=[
            Template(name="hello_world", body="Welcome.", business_id=account.business_id),
        ],
    )


def rehearsal_of(simulator: Simulator, account: Account) -> Rehearsal:
    """Three guests: by number, by number and user id, and with a hidden number."""
    guests = [
        Guest(simulator, account, phone, name, user_id, username)
        for name, phone, user_id, username in GUESTS
    ]
    return Rehearsal(simulator, account, guests)
