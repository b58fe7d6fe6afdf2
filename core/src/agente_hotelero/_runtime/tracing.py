"""OpenTelemetry spans that share our own trace ids, so that one message is one trace in any number
of processes. Without the `otel` extra and an OTLP endpoint nothing is recorded."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from agente_hotelero.errors import ConfigError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "agente-hotelero"
HEX_DIGITS = 32
_tracer = trace.get_tracer(SERVICE)


def configure() -> bool:
    """Export spans where the environment names an endpoint; False where it names none.

    Raises ConfigError when the extra that exports is not installed.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        needed = "pip install agente-hotelero-core[otel]"
        raise ConfigError.at(ENDPOINTS[0], "the otel extra is not installed", needed) from None

    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True


def span(name: str, trace_id: str = "", **attributes: str | int) -> AbstractContextManager[None]:
    """A span of a trace of ours, or of the span around it. An exception marks it as failed, by its
    class alone: messages may quote guests."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return nullcontext()  # nobody records
    return _recorded(name, trace_id, attributes)


@contextmanager
def _recorded(name: str, trace_id: str, attributes: dict[str, str | int]) -> Iterator[None]:
    context = _parent(trace_id) if len(trace_id) == HEX_DIGITS else None
    with _tracer.start_as_current_span(
        name,
        context=context,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except Exception as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _parent(trace_id: str) -> Context:
    parent = SpanContext(
        trace_id=int(trace_id, 16),
        span_id=secrets.randbits(64) or 1,
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(NonRecordingSpan(parent))
