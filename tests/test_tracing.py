"""One message, one trace: from its webhook to the receipt, in spans and in log lines."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from agente_hotelero._runtime import tracing
from agente_hotelero.errors import ConfigError
from agente_hotelero_channel_whatsapp.testing import Simulator
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.cluster import ACCOUNT, Cluster, Walker, deliver, message

PHONE = "5491155580001"
ARRIVAL = datetime.now(UTC).date() + timedelta(days=40)
LINE = f"quiero una habitación del {ARRIVAL:%d/%m/%Y} por 2 noches para dos"
WAY = {"webhook", "turn", "understand", "pms.search_offers", "send"}


class Collector:
    """An OTLP endpoint that keeps what it is sent."""

    def __init__(self) -> None:
        kept = self.received = list[ExportTraceServiceRequest]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def spans(self) -> list[Span]:
        return [
            span
            for request in self.received
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def ask(cluster: Cluster) -> None:
    guest = Walker(cluster, PHONE, random.Random(1))

    async def story() -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            await deliver(client, cluster, message(PHONE, LINE, datetime.now(UTC)))
        await guest.wait_for(lambda: any(one.to == PHONE for one in cluster.simulator.sent))
        await asyncio.sleep(2)

    asyncio.run(story())


def lines(cluster: Cluster) -> list[dict[str, object]]:
    told = cluster.agents[0].log.read_text().splitlines()
    return [json.loads(line) for line in told if line.startswith("{")]


def test_a_message_is_one_trace_in_spans_and_log_lines(
    collector: Collector, tmp_path: Path
) -> None:
    more = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "HOTELERO__LOG_LEVEL": "DEBUG",
    }
    with Simulator([ACCOUNT]) as simulator:
        cluster = Cluster(simulator, f"sqlite:///{tmp_path}/agent.db", tmp_path, more=more)
        with cluster.running():
            ask(cluster)
            told = lines(cluster)
    (trace,) = {str(one["trace"]) for one in told if one["event"] == "answered"}
    assert {one["event"] for one in told if one.get("trace") == trace} >= {
        "webhook_stored",
        "answered",
        "sent",
        "receipt",
    }
    ours = [span for span in collector.spans() if span.trace_id.hex() == trace]
    assert {span.name for span in ours} >= WAY
    exported = repr(collector.received)
    assert PHONE not in exported
    assert "habitaci" not in exported


def test_without_an_endpoint_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert tracing.configure() is False
    assert isinstance(tracing.span("turn", "0" * 32), nullcontext)


def test_an_endpoint_without_the_extra_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tracing.ENDPOINTS[0], "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match="otel"):
        tracing.configure()
