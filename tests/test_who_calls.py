"""Limits by client are limits of the one who calls, not of what he says of himself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from agente_hotelero.config import load
from agente_hotelero.errors import ConfigError

from tests.support.processes import Served, environment

LIMIT = 5
# A minute may turn while it goes on.
MANY = 2 * LIMIT + 2
HEADER = "Fly-Client-IP"


def limited(folder: Path, **names: str) -> dict[str, str]:
    environ = environment(f"sqlite:///{folder}/agent.db", **names)
    return environ | {"HOTELERO__PUBLIC_REQUESTS_PER_MINUTE": str(LIMIT)}


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("proxied")
    names = {
        "WHATSAPP_ACCESS_TOKEN": "t",
        "WHATSAPP_PHONE_NUMBER_ID": "100000000000001",
        "WHATSAPP_VERIFY_TOKEN": "v",
        "WHATSAPP_APP_SECRET": "s",
    }
    environ = limited(folder, HOTELERO__CLIENT_IP_HEADER=HEADER, **names)
    with Served(environ, folder) as agent:
        yield agent


def asked(served: Served, *headers: Mapping[str, str], path: str = "/nowhere") -> Counter[int]:
    with httpx.Client() as client:
        return Counter(
            client.post(served.url + path, content=b"{}", headers=one).status_code
            for one in headers
        )


def test_a_client_cannot_write_his_own_address(behind_a_proxy: Served) -> None:
    """What he writes is another each time; what the proxy writes, last, is his address."""
    seen = asked(
        behind_a_proxy,
        *(
            {"X-Forwarded-For": f"198.51.100.{n}", HEADER: f"198.51.100.{n}, 192.0.2.1"}
            for n in range(MANY)
        ),
    )
    assert set(seen) == {404, 429}


def test_two_clients_of_one_proxy_are_two(behind_a_proxy: Served) -> None:
    seen = asked(behind_a_proxy, *({HEADER: f"203.0.113.{n}"} for n in range(MANY)))
    assert set(seen) == {404}


def test_who_is_refused_at_a_webhook_is_known_by_the_same_header(behind_a_proxy: Served) -> None:
    path = "/webhooks/whatsapp"
    one = asked(behind_a_proxy, *[{HEADER: "192.0.2.7"}] * MANY, path=path)
    many = asked(behind_a_proxy, *({HEADER: f"2001:db8:0:{n}::1"} for n in range(MANY)), path=path)
    assert (set(one), set(many)) == ({401, 429}, {401})


def test_what_is_no_address_names_nobody(behind_a_proxy: Served) -> None:
    seen = asked(behind_a_proxy, *({HEADER: f"guest-{n}"} for n in range(MANY)))
    assert set(seen) == {404, 429}


def test_no_header_is_read_that_is_not_set(tmp_path: Path) -> None:
    with Served(limited(tmp_path), tmp_path) as agent:
        seen = asked(agent, *({HEADER: f"203.0.113.{n}"} for n in range(MANY)))
    assert set(seen) == {404, 429}


@pytest.mark.parametrize("trusted", ["*", "10.0.0.1, *", "0.0.0.0/0", "::/0"])
def test_production_believes_not_everybody(trusted: str) -> None:
    environ = {
        "SECRET_KEY": "long-and-random",
        "PMS_TYPE": "mock",
        "FORWARDED_ALLOW_IPS": trusted,
    }
    load(None, environ, installed={"pms_mock"})
    with pytest.raises(ConfigError, match="FORWARDED_ALLOW_IPS"):
        load(None, environ | {"ENVIRONMENT": "production"}, installed={"pms_mock"})


@pytest.mark.parametrize("trusted", ["", "10.0.0.1", "172.18.0.0/16,10.0.0.1"])
def test_production_believes_a_proxy_that_is_named(trusted: str) -> None:
    environ = {
        "ENVIRONMENT": "production",
        "SECRET_KEY": "long-and-random",
        "PMS_TYPE": "mock",
        "FORWARDED_ALLOW_IPS": trusted,
    }
    assert load(None, environ, installed={"pms_mock"}).environment == "production"


@pytest.mark.parametrize("command", ["run", "worker"])
def test_two_colons_are_both_kinds_of_address(command: str, tmp_path: Path) -> None:
    """Health checks come by IPv4, other machines by IPv6."""
    environ = environment(f"sqlite:///{tmp_path}/agent.db")
    with Served(environ, tmp_path, command=command, host="::") as agent:
        port = urlsplit(agent.url).port
        for host in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{host}:{port}/health/live").status_code == 200
