"""Alerts on how fast an error budget burns, from deploy/prometheus/slo.toml.

Several windows and several rates, as the SRE workbook has them
(https://sre.google/workbook/alerting-on-slos/): the long window says that it matters, the short one
that it still goes on. `--check` ends with 1 when the committed file is not what would be written.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "deploy" / "prometheus"
SPEC, RULES = FOLDER / "slo.toml", FOLDER / "slo.rules.yml"
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
# (severity, burn rate, long window, short window): 2 % of a month's budget in an hour, 5 % in six
# hours, 10 % in a day, 10 % in three days.
BURNS = (
    ("critical", 14.4, "1h", "5m"),
    ("critical", 6.0, "6h", "30m"),
    ("warning", 3.0, "1d", "2h"),
    ("warning", 1.0, "3d", "6h"),
)
HEAD = """# Made by tools/slo.py from slo.toml; a test compares them.
groups:
"""
RECORD = """      - record: slo:{name}:bad_ratio_rate{window}
        expr: >-
          ({bad})
          / ({total} > 0)
"""
ALERT = """      - alert: {alert}
        expr: >-
          ({either})
        for: 2m
        labels:
          severity: {severity}
        annotations:
          summary: "The budget of {name} burns too fast: {{{{ $value | humanizePercentage }}}} bad"
          description: "Promised: {objective} % of {about}."
          runbook: {runbook}
"""
BURNING = "slo:{name}:bad_ratio_rate{window} > {limit:.6g}"


def rules(spec: Mapping[str, Mapping[str, str]]) -> str:
    return HEAD + "".join(part for name, one in spec.items() for part in _group(name, one))


def _group(name: str, one: Mapping[str, str]) -> Iterator[str]:
    yield f"  - name: slo-{name}\n    rules:\n"
    for window in WINDOWS:
        bad, total = (one[key].replace("WINDOW", window) for key in ("bad", "total"))
        yield RECORD.format(name=name, window=window, bad=bad, total=total)
    budget = 1 - float(one["objective"]) / 100
    for severity, word in (("critical", "Fast"), ("warning", "Slow")):
        either = "\n          or ".join(
            " and ".join(
                BURNING.format(name=name, window=window, limit=min(burn * budget, 0.99))
                for window in windows
            )
            for at, burn, *windows in BURNS
            if at == severity
        )
        alert = f"{name.title()}BudgetBurns{word}"
        yield ALERT.format(alert=alert, either=either, severity=severity, name=name, **one)


def main() -> int:
    made = rules(tomllib.loads(SPEC.read_text(encoding="utf-8")))
    if "--check" in sys.argv:
        return int(made != RULES.read_text(encoding="utf-8"))
    RULES.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
