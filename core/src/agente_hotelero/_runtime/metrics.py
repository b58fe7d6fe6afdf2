"""What Prometheus reads. One registry per application; no label holds a guest or conversation."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

LATENCY = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30)
SENDING_ENDS = ("accepted", "failed", "unknown")


class Metrics:
    """The application's instruments."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._of_pms(registry)
        self._of_channels(registry)
        self._of_journeys(registry)
        self._of_voice(registry)
        self._of_the_machine(registry)
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
        self.jobs = Counter("jobs_total", "Periodic work", ["name", "outcome"], registry=registry)
        self.dead_letters = Gauge(
            "dead_letters", "What was given up and waits for staff", ["kind"], registry=registry
        )
        self.webhooks = Counter(
            "outgoing_webhooks_total", "Tries by outcome", ["state"], registry=registry
        )
        # An alert asks whether it grew: a series that begins with 1 did not grow.
        self.webhooks.labels("dead")
        self.turns = Counter("turns_total", "Turns by outcome", ["outcome"], registry=registry)
        self.turns.labels("failed")

    def _of_journeys(self, registry: CollectorRegistry) -> None:
        self.unasked = Counter(
            "journey_messages_total",
            "Messages sent unasked, and not sent",
            ["journey", "channel", "outcome"],
            registry=registry,
        )
        self.unasked_month = Gauge(
            "journey_messages_month",
            "What became of the messages of the last 30 days that nobody had asked for",
            ["tenant", "journey", "template", "channel", "outcome"],
            registry=registry,
        )

    def sends_on(self, channels: Iterable[str]) -> None:
        """That these are sent on: the first failure of each is then growth from nothing."""
        for channel in channels:
            for state in SENDING_ENDS:
                self.sends.labels(channel, state)

    def _of_channels(self, registry: CollectorRegistry) -> None:
        self.media = Counter(
            "media_files_total",
            "Guests' files by outcome",
            ["channel", "outcome"],
            registry=registry,
        )
        self.held = Gauge(
            "outbox_held",
            "Messages that wait for a guest or for an account",
            registry=registry,
        )
        self.account_up = Gauge(
            "channel_account_up",
            "0 while the provider lets an account send nothing",
            ["tenant", "channel", "account"],
            registry=registry,
        )
        self.receiving = Gauge(
            "channel_receiving",
            "1 in the process that fetches from an account",
            ["tenant", "channel", "account"],
            registry=registry,
        )

    def _of_voice(self, registry: CollectorRegistry) -> None:
        self.voice_notes = Counter(
            "voice_notes_total", "Guests' voice notes by outcome", ["outcome"], registry=registry
        )
        self.voice_answers = Counter(
            "voice_answers_total", "Spoken answers by outcome", ["outcome"], registry=registry
        )
        self.voice_seconds = Histogram(
            "voice_work_seconds",
            "How long a note or an answer took",
            ["work"],
            buckets=LATENCY,
            registry=registry,
        )

    def _of_the_machine(self, registry: CollectorRegistry) -> None:
        self.queue_depth = Gauge(
            "queue_depth", "Work that waits: raw, turns, sends", ["queue"], registry=registry
        )
        self.queue_age = Gauge(
            "queue_age_seconds", "How long the oldest has waited", ["queue"], registry=registry
        )
        ProcessCollector(registry=registry)
        self.database_up = Gauge(
            "database_up", "0 while the database does not answer", registry=registry
        )
        self.backup_made = Gauge(
            "backup_made_timestamp_seconds", "When the last backup was made", registry=registry
        )
        self.backup_verified = Gauge(
            "backup_verified_timestamp_seconds",
            "When the newest backup that was proved by restoring it was made",
            registry=registry,
        )
        self.backup_restore = Gauge(
            "backup_restore_seconds", "How long that restoring took", registry=registry
        )
        for gauge in (self.backup_made, self.backup_verified, self.backup_restore):
            gauge.set(float("nan"))
        self.disk_free = Gauge(
            "disk_free_ratio", "Free part of the disk of our files", ["of"], registry=registry
        )

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
