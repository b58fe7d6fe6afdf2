"""What data names is reached on the internet only, at the address that was looked at."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest
from agente_hotelero._runtime import public_net
from anyio._backends._asyncio import SocketStream
from anyio.streams.tls import TLSAttribute

pytestmark = pytest.mark.anyio

PUBLIC, INSIDE = "93.184.216.34", "127.0.0.1"


class Recorder(httpx.AsyncBaseTransport):
    """Where a request would go."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return httpx.Response(200, request=request)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def http(recorder: Recorder) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=public_net.PublicOnly(recorder))


def resolves_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Make names resolve to these, one answer after the other; the last one stays."""
    asked: list[str] = []
    left = list(answers)

    async def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[2002:7f00:0001::]",
        "[64:ff9b::7f00:1]",
        "[fec0::1]",
        "[ff0e::1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b:1::7f00:1]",
        "2130706433",
        "0x7f.1",
        "localhost",
    ],
)
async def test_an_address_inside_is_not_called(
    http: httpx.AsyncClient, recorder: Recorder, address: str
) -> None:
    with pytest.raises(httpx.ConnectError):
        await http.get(f"http://{address}/latest/meta-data")
    assert recorder.seen == []


async def test_a_public_name_is_called_at_its_address_under_its_name(
    http: httpx.AsyncClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves_to(monkeypatch, [PUBLIC])
    await http.get("https://hotel.example:8443/hook")
    (sent,) = recorder.seen
    assert (sent.url.host, sent.url.port, sent.url.path) == (PUBLIC, 8443, "/hook")
    assert sent.headers["Host"] == "hotel.example:8443"
    assert sent.extensions["sni_hostname"] == "hotel.example"


async def test_a_name_that_points_inside_a_moment_later_gains_nothing(
    http: httpx.AsyncClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the connection goes to what was looked at, nobody asks again."""
    asked = resolves_to(monkeypatch, [PUBLIC], [INSIDE])
    await http.get("https://hotel.example/")
    assert (asked, recorder.seen[0].url.host) == (["hotel.example"], PUBLIC)
    with pytest.raises(public_net.NotPublic):
        await http.get("https://hotel.example/")


async def test_one_private_address_among_public_ones_is_enough_to_refuse(
    http: httpx.AsyncClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves_to(monkeypatch, [PUBLIC, INSIDE])
    with pytest.raises(public_net.NotPublic):
        await http.get("https://hotel.example/")
    assert recorder.seen == []


async def test_the_real_client_refuses_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        async with public_net.client(private_too=False) as strict:
            with pytest.raises(public_net.NotPublic):
                await strict.get(f"http://localhost:{port}/")
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


async def test_no_cookie_of_one_server_reaches_another() -> None:
    jar = public_net.no_cookies()
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Set-Cookie": "cart=1; Path=/"})
    )
    async with httpx.AsyncClient(transport=transport, cookies=jar) as http:
        await http.get("https://shop.example/")
        assert not http.cookies


class Gone:
    """What asyncio has of a connection that was reset: no socket."""

    def get_extra_info(self, name: str) -> None:
        return None


class ResetAtOnce(httpx.AsyncBaseTransport):
    """As httpcore does it: connected, it asks whether the stream is encrypted."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        gone: Any = Gone()
        SocketStream(gone, gone).extra(TLSAttribute.ssl_object, None)
        return httpx.Response(200, request=request)


class Broken(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise AttributeError("ours")


async def test_a_connection_that_was_reset_at_once_is_one_that_was_not_made() -> None:
    async with public_net.Client(transport=ResetAtOnce()) as http:
        with pytest.raises(httpx.ConnectError, match="reset while connecting"):
            await http.post("https://example.com/", json={})


async def test_a_bug_stays_a_bug() -> None:
    async with public_net.Client(transport=Broken()) as http:
        with pytest.raises(AttributeError, match="ours"):
            await http.get("https://example.com/")
