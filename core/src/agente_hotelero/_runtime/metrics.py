"""What Prometheus reads. One registry per application; no label holds a guest or conversation."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30)


class Metrics:
    """The application's instruments."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._of_pms(registry)
        self.plugin_failures = Counter(
            "plugin_failures_total",
            "What plugins did wrong",
            ["plugin", "operation", "kind"],
            registry=registry,
        )
        self.http_requests = Counter(
            "http_requests_total", "HTTP requests", ["method", "route", "status"], registry=registry
        )
        self.turn_latency = Histogram(
            "orchestrator_latency_seconds",
            "Turn start to commit",
            ["kind"],
            buckets=LATENCY,
            registry=registry,
        )
        self.events = Counter(
            "inbound_events_total", "Events received", ["channel", "outcome"], registry=registry
        )
        self.raw_dead = Counter(
            "inbox_dead_letters_total", "Bodies nobody could read", ["channel"], registry=registry
        )
        self.sends = Counter(
            "outbox_sends_total", "Outcomes of sending", ["channel", "state"], registry=registry
        )
        self.limits_degraded = Gauge(
            "rate_limits_degraded", "1 while Redis is away and limits are local", registry=registry
        )
        self.jobs = Counter("jobs_total", "Periodic work", ["job", "outcome"], registry=registry)
        self.queue_depth = Gauge(
            "queue_depth", "Work that waits: raw, turns, sends", ["queue"], registry=registry
        )
        self.queue_age = Gauge(
            "queue_age_seconds", "How long the oldest has waited", ["queue"], registry=registry
        )
        self.dead_letters = Gauge(
            "dead_letters", "What was given up and waits for staff", ["kind"], registry=registry
        )
        self.webhooks = Counter(
            "outgoing_webhooks_total", "Tries by outcome", ["state"], registry=registry
        )
        self.turns = Counter("turns_total", "Turns by outcome", ["outcome"], registry=registry)

    def _of_pms(self, registry: CollectorRegistry) -> None:
        self.circuit_state = Gauge(
            "pms_circuit_breaker_state",
            "0 closed, 1 half open, 2 open",
            ["tenant", "plugin"],
            registry=registry,
        )
        self.cache_hits = Counter(
            "pms_cache_hits_total",
            "PMS reads from cache",
            ["tenant", "operation"],
            registry=registry,
        )
        self.cache_misses = Counter(
            "pms_cache_misses_total", "PMS reads", ["tenant", "operation"], registry=registry
        )
        self.pms_seconds = Histogram(
            "pms_call_seconds",
            "How long a PMS took to answer",
            ["tenant", "operation"],
            buckets=LATENCY,
            registry=registry,
        )
        self.pms_calls = Counter(
            "pms_calls_total", "PMS calls", ["tenant", "operation", "outcome"], registry=registry
        )
