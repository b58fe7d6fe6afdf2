"""A database that an earlier release left, with work in it, is taken over by this one."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from agente_hotelero_channel_whatsapp.testing import Account, Sent, Simulator

from tests.support.processes import Served, environment

DUMP = Path(__file__).parent.parent / "upgrade" / "from_issue_2.sql"
ACCOUNT = Account(
    phone_number_id="100000000000001", token="simulated-token", app_secret="simulated-secret"
)
PATIENCE = 40
TWENTY_YEARS = str(20 * 366 * 24 * 60)


def replies(simulator: Simulator, phone: str) -> list[Sent]:
    return [one for one in list(simulator.sent) if one.to == phone]


def test_pending_work_of_the_release_before_is_finished(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "agent.db") as database:
        database.executescript(DUMP.read_text(encoding="utf-8"))
        # They wrote just now: to guests of last month nothing may be said any more.
        database.execute("UPDATE conversation SET last_guest_at = datetime('now')")
        database.execute(
            "CREATE TRIGGER just_now AFTER INSERT ON conversation BEGIN "
            "UPDATE conversation SET last_guest_at = datetime('now') WHERE id = NEW.id; END"
        )
    with Simulator([ACCOUNT], statuses=False) as simulator:
        environ = environment(
            f"sqlite:///{tmp_path}/agent.db",
            HOTEL_NAME="Hotel Demo",
            WHATSAPP_ACCESS_TOKEN=ACCOUNT.token,
            WHATSAPP_PHONE_NUMBER_ID=ACCOUNT.phone_number_id,
            WHATSAPP_VERIFY_TOKEN="any",
            WHATSAPP_APP_SECRET=ACCOUNT.app_secret,
            WHATSAPP_API_BASE_URL=simulator.url,
            HOTELERO__TENANTS__DEFAULT__HOUSE='{ wifi = { es = "La red es HotelDemo." } }',
            HOTELERO__STALE_AFTER_MINUTES=TWENTY_YEARS,
            HOTELERO__UNKNOWN_SEND_WAIT_SECONDS="0",
        )
        with Served(environ, tmp_path):
            deadline = time.monotonic() + PATIENCE
            while len(simulator.sent) < 6 and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(1)
        offers = replies(simulator, "5491155550001")
        assert [bool(one.image) for one in offers] == [False, True, True, False]
        assert offers[-1].options
        # Sent by the engine's entry; and read, answered and sent from a body alone.
        for phone in ("5491155550002", "5491155550003"):
            (answer,) = replies(simulator, phone)
            assert "La red es HotelDemo" in answer.text
