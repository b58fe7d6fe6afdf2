"""Switches and words reach every process within two seconds, whichever took the change."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
from agente_hotelero_channel_whatsapp.testing import Simulator

from tests.support.cluster import ACCOUNT, Cluster
from tests.support.processes import hotelero

API = "/admin/api/v1"
SOON_SECONDS = 2.0


def test_every_process_takes_a_switch_over(postgres_url: str, tmp_path: Path) -> None:
    with Simulator([ACCOUNT]) as simulator:
        cluster = Cluster(simulator, postgres_url, tmp_path, size=2)
        with cluster.running():
            made = hotelero(["token", "--role", "owner"], cluster.environ(), tmp_path)
            headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
            one, other = (f"{agent.url}{API}/tenants" for agent in cluster.agents)

            def on() -> bool:
                (hotel,) = httpx.get(other, headers=headers).json()
                return bool(hotel["flags"]["front_desk"])

            assert on()
            path = f"{one}/default/flags/front_desk"
            assert httpx.put(path, json={"on": False}, headers=headers).status_code == 204
            begun = time.monotonic()
            while on():
                assert time.monotonic() - begun < SOON_SECONDS
                time.sleep(0.05)
