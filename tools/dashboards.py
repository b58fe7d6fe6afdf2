"""Grafana's boards, written by hand here and by machine into deploy/grafana/dashboards.

`--check` ends with 1 when a committed board is not what would be written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "deploy" / "grafana" / "dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT, ACROSS = 8, 7, 3


@dataclass(frozen=True)
class Panel:
    """A title, its unit, and queries with their legends; `limit` is drawn as a red line, below
    which it is red with `floor`, above which without."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    limit: float | None = None
    kind: str = "timeseries"
    floor: bool = False


def rate(metric: str, by: str = "", where: str = "") -> str:
    """Per second over five minutes."""
    wanted = f'{{job="agente-hotelero"{"," if where else ""}{where}}}'
    total = f"sum by ({by}) " if by else "sum "
    return f"{total}(rate({metric}{wanted}[5m]))"


def gauge(metric: str, by: str = "", how: str = "max") -> str:
    total = f"{how} by ({by}) " if by else f"{how} "
    return f'{total}({metric}{{job="agente-hotelero"}})'


def quantile(at: float, metric: str, by: str = "") -> str:
    buckets = rate(f"{metric}_bucket", f"le{', ' if by else ''}{by}")
    return f"histogram_quantile({at}, {buckets})"


OVERVIEW = [
    Panel(
        "Available", [("agent:availability:ratio_rate5m", "")], "percentunit", 0.99, "stat", True
    ),
    Panel("95 % of turns take", [("agent:turn_latency_seconds:p95_rate5m", "")], "s", 3, "stat"),
    Panel("Turns that fail", [("agent:turn_errors:ratio_rate5m", "")], "percentunit", 0.01, "stat"),
    Panel("Turns", [(rate("turns_total", "outcome"), "{{outcome}}")], "ops"),
    Panel(
        "How long a turn takes",
        [(quantile(q, "orchestrator_latency_seconds"), f"p{q * 100:.0f}") for q in (0.5, 0.95)],
        "s",
        3,
    ),
    Panel("What waits", [(gauge("queue_age_seconds", "queue"), "{{queue}}")], "s", 60),
    Panel("Requests", [(rate("http_requests_total", "status"), "{{status}}")], "reqps"),
    Panel("Given up", [(gauge("dead_letters", "kind"), "{{kind}}")]),
    Panel(
        "Budget burnt in an hour",
        [(f"slo:{name}:bad_ratio_rate1h", name) for name in ("availability", "latency", "turns")],
        "percentunit",
    ),
]
PMS = [
    Panel("Circuits", [(gauge("pms_circuit_breaker_state", "tenant, plugin"), "{{tenant}}")]),
    Panel("Calls", [(rate("pms_calls_total", "outcome"), "{{outcome}}")], "ops"),
    Panel(
        "Static reads from the cache",
        [("agent:pms_cache_hits:ratio_rate30m", "hits")],
        "percentunit",
        0.7,
        floor=True,
    ),
    Panel(
        "95 % of calls take",
        [(quantile(0.95, "pms_call_seconds", "operation"), "{{operation}}")],
        "s",
    ),
    Panel(
        "95 % of calls take, by hotel",
        [(quantile(0.95, "pms_call_seconds", "tenant"), "{{tenant}}")],
        "s",
    ),
    Panel("Calls of each hotel", [(rate("pms_calls_total", "tenant"), "{{tenant}}")], "ops"),
    Panel(
        "Cache",
        [(rate("pms_cache_hits_total"), "hits"), (rate("pms_cache_misses_total"), "misses")],
        "ops",
    ),
]
CHANNELS = [
    Panel("Came in", [(rate("inbound_events_total", "channel"), "{{channel}}")], "ops"),
    Panel(
        "What became of it",
        [(rate("inbound_events_total", "outcome"), "{{outcome}}")],
        "ops",
    ),
    Panel(
        "Sent",
        [(rate("outbox_sends_total", "channel, state"), "{{channel}} {{state}}")],
        "ops",
    ),
    Panel(
        "Accounts",
        [
            (
                gauge("channel_account_up", "tenant, channel, account", "min"),
                "{{tenant}} {{channel}}",
            )
        ],
    ),
    Panel("Held", [(gauge("outbox_held"), "messages")], limit=20),
    Panel(
        "Webhooks",
        [(rate("http_requests_total", "status", 'route="/webhooks/{path}"'), "{{status}}")],
        "reqps",
    ),
    Panel("Files of guests", [(rate("media_files_total", "outcome"), "{{outcome}}")], "ops"),
    Panel(
        "Bodies nobody could read",
        [(rate("inbox_dead_letters_total", "channel"), "{{channel}}")],
        "ops",
    ),
]
NLU = [
    Panel("Turns by input", [(rate("orchestrator_latency_seconds_count", "kind"), "{{kind}}")]),
    Panel(
        "95 % of turns take, by input",
        [(quantile(0.95, "orchestrator_latency_seconds", "kind"), "{{kind}}")],
        "s",
        3,
    ),
    Panel("What became of turns", [(rate("turns_total", "outcome"), "{{outcome}}")], "ops"),
    Panel(
        "Engines that fail",
        [
            (
                rate("plugin_failures_total", "plugin, kind", 'plugin=~"nlp_.*"'),
                "{{plugin}} {{kind}}",
            )
        ],
        "ops",
    ),
]
TENANTS = [
    Panel("PMS calls", [(rate("pms_calls_total", "tenant"), "{{tenant}}")], "ops"),
    Panel(
        "PMS calls that fail",
        [(rate("pms_calls_total", "tenant, outcome", 'outcome!="ok"'), "{{tenant}} {{outcome}}")],
        "ops",
    ),
    Panel("Circuits", [(gauge("pms_circuit_breaker_state", "tenant"), "{{tenant}}")]),
    Panel("Accounts", [(gauge("channel_account_up", "tenant", "min"), "{{tenant}}")]),
    Panel(
        "95 % of PMS calls take",
        [(quantile(0.95, "pms_call_seconds", "tenant"), "{{tenant}}")],
        "s",
    ),
]
OPERATIONS = [
    Panel("Up", [('up{job="agente-hotelero"}', "{{instance}}")], "bool", 1, "stat", True),
    Panel("Database", [(gauge("database_up", "", "min"), "answers")], "bool", 1, "stat", True),
    Panel("Redis away", [(gauge("rate_limits_degraded"), "")], "bool", 1, "stat"),
    Panel("CPU", [(rate("process_cpu_seconds_total", "instance"), "{{instance}}")], limit=0.8),
    Panel(
        "Memory", [(gauge("process_resident_memory_bytes", "instance"), "{{instance}}")], "bytes"
    ),
    Panel("Open files", [(gauge("process_open_fds", "instance"), "{{instance}}")]),
    Panel(
        "Disk free",
        [(gauge("disk_free_ratio", "of", "min"), "{{of}}")],
        "percentunit",
        0.15,
        floor=True,
    ),
    Panel(
        "Since a backup was proved",
        [(f"time() - {gauge('backup_verified_timestamp_seconds')}", "verified")],
        "s",
        2 * 86400,
    ),
    Panel("To restore", [(gauge("backup_restore_seconds"), "seconds")], "s"),
    Panel(
        "Since one was made", [(f"time() - {gauge('backup_made_timestamp_seconds')}", "made")], "s"
    ),
    Panel("Jobs", [(rate("jobs_total", "name, outcome"), "{{name}} {{outcome}}")], "ops"),
    Panel("In queues", [(gauge("queue_depth", "queue"), "{{queue}}")]),
    Panel("To subscribers", [(rate("outgoing_webhooks_total", "state"), "{{state}}")], "ops"),
    Panel("Plugins that fail", [(rate("plugin_failures_total", "plugin"), "{{plugin}}")], "ops"),
]
BOARDS = {
    "overview": OVERVIEW,
    "pms": PMS,
    "channels": CHANNELS,
    "nlu": NLU,
    "tenants": TENANTS,
    "operations": OPERATIONS,
}


def board(name: str, panels: Sequence[Panel]) -> dict[str, Any]:
    """`uid` never changes: links to it stay good."""
    return {
        "uid": f"agente-hotelero-{name}",
        "title": f"Agente Hotelero / {name.upper() if len(name) == 3 else name.title()}",
        "tags": ["agente-hotelero"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "panels": list(_panels(panels)),
    }


def _panels(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(panels):
        row, column = divmod(number, ACROSS)
        yield {
            "id": number + 1,
            "type": one.kind,
            "title": one.title,
            "datasource": SOURCE,
            "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
            "fieldConfig": {"defaults": _field(one), "overrides": []},
            "targets": [
                {"refId": chr(65 + n), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
                for n, (expr, legend) in enumerate(one.queries)
            ],
        }


def _field(one: Panel) -> dict[str, Any]:
    below, above = ("red", "green") if one.floor else ("green", "red")
    steps: list[dict[str, Any]] = [{"color": below, "value": None}]
    field: dict[str, Any] = {"unit": one.unit, "min": 0}
    if one.limit is not None:
        steps.append({"color": above, "value": one.limit})
        field["custom"] = {"thresholdsStyle": {"mode": "line"}}
    return {**field, "thresholds": {"mode": "absolute", "steps": steps}}


def main() -> int:
    made = {
        FOLDER / f"{name}.json": json.dumps(board(name, panels), indent=1) + "\n"
        for name, panels in BOARDS.items()
    }
    if "--check" in sys.argv:
        return int(any(path.read_text(encoding="utf-8") != text for path, text in made.items()))
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
