"""What the port of guests gives away, and how much it takes: nothing and little."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from agente_hotelero._runtime import tokens
from agente_hotelero._web import hardening, protocol
from agente_hotelero.errors import AuthFailed
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.types import Message

from tests.support.processes import Served, environment, hotelero
from tests.support.running import RunningAgent

PUBLIC_PAGES = ("/chat/sol", "/health/live", "/admin/api/v1/me", "/nowhere", "/desk/login")


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_every_answer_is_safe_in_a_browser(running: RunningAgent, path: str) -> None:
    headers = httpx.get(running.url + path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_what_the_api_says_is_not_kept_by_anybody(running: RunningAgent) -> None:
    assert httpx.get(f"{running.url}/admin/api/v1/me").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/admin/api/v1/me", "/chat/sol", "/webhooks/whatsapp"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_other_origin_may_read_us(running: RunningAgent, path: str, method: str) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = httpx.request(method, running.url + path, headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_body_that_says_it_is_too_large_is_not_read(running: RunningAgent) -> None:
    body = b"x" * (hardening.LARGEST_BODY + 1)
    assert httpx.post(f"{running.url}/admin/api/v1/login", content=body).status_code == 413


def test_a_body_that_does_not_say_how_large_it_is_ends_at_the_same_size(
    running: RunningAgent,
) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(hardening.LARGEST_BODY // 65536 + 2):
            yield b"x" * 65536

    answer = httpx.post(f"{running.url}/admin/api/v1/login", content=parts())
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [{f"X-{n}": "1" for n in range(hardening.MOST_HEADERS + 1)}, {"X-Large": "x" * 33_000}],
    ids=["many", "large"],
)
def test_too_many_headers_are_refused(running: RunningAgent, headers: dict[str, str]) -> None:
    assert httpx.get(f"{running.url}/health/live", headers=headers).status_code == 431


def test_a_token_of_the_previous_key_is_good_until_that_key_is_gone(running: RunningAgent) -> None:
    old = running.agent.settings
    made, _ = tokens.make(old, role="owner", tenants=["sol"], hours=1)
    key = {"secret_key": SecretStr("new" * 12)}
    both = old.model_copy(update={**key, "secret_key_previous": old.secret_key})
    assert tokens.read(both, made).caller.role == "owner"
    newer, _ = tokens.make(both, role="staff", tenants=["sol"], hours=1)
    assert tokens.read(old.model_copy(update=key), newer).caller.role == "staff"
    with pytest.raises(AuthFailed):
        tokens.read(old.model_copy(update=key), made)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """As a hotel runs it, with the operator's pages on a port of their own."""
    folder = tmp_path_factory.mktemp("production")
    environ = environment(
        f"sqlite:///{folder}/agent.db",
        ENVIRONMENT="production",
        PMS_TYPE="mock",
        SECRET_KEY="k" * 40,
        HOTELERO__OPERATIONS_PORT="0",
        HOTELERO__PUBLIC_REQUESTS_PER_MINUTE="100000",
    )
    with Served(environ, folder) as served:
        yield served


def operations(served: Served) -> str:
    found = re.search(r"For operators: (http://\S+?)/\n", served.log.read_text())
    assert found is not None
    return found[1]


@pytest.mark.parametrize("size", [30_000, 70_000, 200_000, 900_000])
@pytest.mark.parametrize("piece", [32_768, 1_000_000], ids=["in pieces", "at once"])
def test_a_large_body_is_no_large_head(production: Served, size: int, piece: int) -> None:
    """Two requests on one connection, written as a proxy does, or as they are."""
    head = f"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
    url = httpx.URL(production.url)
    at = (url.host, url.port or 80)
    with socket.create_connection(at, timeout=10) as client, client.makefile("rb") as answers:
        for _ in range(2):
            whole = head + b"x" * size
            for start in range(0, len(whole), piece):
                client.sendall(whole[start : start + piece])
            status, *headers = iter(answers.readline, b"\r\n")
            assert status == b"HTTP/1.1 404 Not Found\r\n"
            told = dict(line.lower().strip().split(b": ") for line in headers)
            answers.read(int(told[b"content-length"]))


def test_the_port_of_guests_tells_nothing_of_the_operation(production: Served) -> None:
    for path in ("/metrics", "/health/ready", "/openapi.json", "/docs"):
        answer = httpx.get(production.url + path)
        assert answer.status_code == 404, path
        assert "default" not in answer.text
    assert httpx.get(f"{production.url}/health/live").json() == {"status": "ok"}


def test_the_operators_port_tells_it_and_nothing_else(production: Served) -> None:
    url = operations(production)
    assert "turns_total" in httpx.get(f"{url}/metrics").text
    assert httpx.get(f"{url}/health/ready").json()["status"] == "ok"
    for path in ("/chat/default", "/admin/api/v1/me", "/webhooks/whatsapp", "/desk"):
        assert httpx.get(url + path).status_code == 404


def test_in_production_browsers_are_told_to_come_by_https_alone(production: Served) -> None:
    answer = httpx.get(f"{production.url}/health/live")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "Server" not in answer.headers


def connect(served: Served) -> socket.socket:
    host, port = served.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def test_a_header_that_does_not_end_is_not_listened_to_for_ever(production: Served) -> None:
    with connect(production) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Endless: ")
        sent = 0
        try:
            while sent < protocol.LARGEST_HEAD * 50:
                sent += endless.send(b"x" * 4096)
                time.sleep(0.001)
            said = endless.recv(1000)
        except OSError:
            said = b""
        assert said == b"" or said.startswith(b"HTTP/1.1 400")
        assert sent < protocol.LARGEST_HEAD * 50


def test_who_is_slow_to_ask_is_let_go_and_others_are_served(production: Served) -> None:
    slow = [connect(production) for _ in range(50)]
    for one in slow:
        one.sendall(b"GET /health/live HTTP/1.1\r\nX-Slow: ")
    assert httpx.get(f"{production.url}/health/live").status_code == 200
    threads = [threading.Thread(target=one.recv, args=(1,), daemon=True) for one in slow]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(protocol.HEAD_SECONDS + 10)
    assert not any(thread.is_alive() for thread in threads)
    for one in slow:
        one.close()


def test_many_requests_on_one_connection_are_all_heard(production: Served) -> None:
    """The watch over heads begins anew with each."""
    with httpx.Client() as client:
        answers = [client.get(f"{production.url}/health/live").status_code for _ in range(30)]
    assert answers == [200] * 30


def test_a_port_that_is_taken_is_told(production: Served) -> None:
    port = operations(production).rsplit(":", 1)[1]
    environ = {**production.environ, "HOTELERO__OPERATIONS_PORT": port}
    folder = production.cwd / "other"
    folder.mkdir()
    environ["DATABASE_URL"] = f"sqlite:///{folder}/agent.db"
    done = hotelero(["run", "--port", "0"], environ, folder)
    assert done.returncode == 2
    assert "operations_port: cannot be opened" in done.stderr


@pytest.mark.anyio
async def test_a_body_of_which_a_byte_comes_now_and_then_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each byte comes in time; all of them would not."""
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.2)
    came = 0

    async def slow() -> Message:
        nonlocal came
        came += 1
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": came < 200}

    receive = hardening._bounded(slow)

    async def read() -> None:
        while (await receive())["more_body"]:
            pass

    with pytest.raises(HTTPException) as refused:
        await read()
    assert refused.value.status_code == 408
