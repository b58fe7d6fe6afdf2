"""The proxy of the chaos tests does to connections what it says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.fault_proxy import LATENCY_SECONDS, SLOW_CLOSE_SECONDS, Fault, FaultProxy


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """In front of a server that says everything back."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        with FaultProxy("127.0.0.1", server.getsockname()[1]) as made:
            yield made


def _echo(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_say_back, args=(connection,), daemon=True).start()


def _say_back(connection: socket.socket) -> None:
    with connection:
        try:
            while part := connection.recv(1000):
                connection.sendall(part)
        except OSError:
            return


def connect(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=8)


def said_back(connection: socket.socket, seconds: float = 8.0) -> bytes:
    connection.settimeout(seconds)
    connection.sendall(b"hello")
    return connection.recv(100)


def test_without_a_fault_everything_passes(proxy: FaultProxy) -> None:
    with connect(proxy) as connection:
        assert said_back(connection) == b"hello"


def test_latency_delays_each_part_and_loses_nothing(proxy: FaultProxy) -> None:
    proxy.be(Fault.LATENCY)
    with connect(proxy) as connection:
        begun = time.monotonic()
        assert said_back(connection) == b"hello"
        assert time.monotonic() - begun >= 2 * LATENCY_SECONDS


def test_reset_breaks_open_connections_and_new_ones(proxy: FaultProxy) -> None:
    with connect(proxy) as connection:
        assert said_back(connection) == b"hello"
        proxy.be(Fault.RESET)
        with pytest.raises(ConnectionError):
            heard(connection)
    with pytest.raises(ConnectionError), connect(proxy) as another:
        heard(another)


def heard(connection: socket.socket) -> bytes:
    """What comes back. Raises ConnectionError where nothing does."""
    answer = said_back(connection)
    if not answer:
        raise ConnectionResetError
    return answer


def test_a_black_hole_answers_nobody_and_ends_with_its_fault(proxy: FaultProxy) -> None:
    proxy.be(Fault.BLACK_HOLE)
    with connect(proxy) as connection:
        with pytest.raises(TimeoutError):
            said_back(connection, 0.5)
        proxy.be(Fault.NONE)
        with pytest.raises(ConnectionError):
            heard(connection)
    with connect(proxy) as another:
        assert said_back(another) == b"hello"


def test_slow_close_keeps_the_other_side_waiting_for_the_end(proxy: FaultProxy) -> None:
    proxy.be(Fault.SLOW_CLOSE)
    with connect(proxy) as connection:
        assert said_back(connection) == b"hello"
        begun = time.monotonic()
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
        assert time.monotonic() - begun >= SLOW_CLOSE_SECONDS


def test_refuse_closes_the_port_until_the_fault_is_over(proxy: FaultProxy) -> None:
    proxy.be(Fault.REFUSE)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.be(Fault.NONE)
    with connect(proxy) as connection:
        assert said_back(connection) == b"hello"
