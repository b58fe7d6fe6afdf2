"""A real Prometheus with our rules, that looks every second and waits for nothing."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.rules.yml"
WINDOW, FOR = "10s", "2s"
# "More than one": of what goes wrong in a quarter of an hour, ten seconds may see one.
SEVERAL, ONE = "> 1.5", "> 0.5"
PATIENCE = 180.0


@dataclass
class Watchtower:
    """Scrapes one agent. Windows are ten seconds and `for` is two; thresholds are the file's."""

    agent: str
    folder: Path
    url: str = field(default="", init=False)

    def __enter__(self) -> Self:
        program = shutil.which("prometheus")
        if program is None:
            raise FileNotFoundError("prometheus: apt-get install prometheus")
        self.folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        (self.folder / "rules.yml").write_text(in_a_hurry(RULES.read_text()))
        (self.folder / "prometheus.yml").write_text(json.dumps(self._config()))
        self._process = subprocess.Popen(
            [
                program,
                f"--config.file={self.folder}/prometheus.yml",
                f"--storage.tsdb.path={self.folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait(lambda: self._get("/-/ready") is not None)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def firing(self) -> set[str]:
        """The alerts that fire now."""
        told = self._get("/api/v1/alerts")
        if told is None:
            return set()
        alerts = told.json()["data"]["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def wait(self, done: Callable[[], Any], seconds: float = PATIENCE) -> float:
        """Until it is so; how long it took. Raises TimeoutError."""
        begun = time.monotonic()
        while not done():
            if time.monotonic() > begun + seconds:
                raise TimeoutError(f"still firing: {sorted(self.firing())}")
            time.sleep(0.5)
        return time.monotonic() - begun

    def _get(self, path: str) -> httpx.Response | None:
        try:
            answer = httpx.get(self.url + path, timeout=5)
        except httpx.HTTPError:
            return None
        return answer if answer.is_success else None

    def _config(self) -> dict[str, Any]:
        target = self.agent.removeprefix("http://")
        scrape = {"job_name": "agente-hotelero", "static_configs": [{"targets": [target]}]}
        return {
            "global": {
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "evaluation_interval": "1s",
            },
            "rule_files": ["rules.yml"],
            "scrape_configs": [scrape],
        }


def in_a_hurry(rules: str) -> str:
    """The same rules with short windows, so that a rehearsal need not last an hour."""
    tree = yaml.safe_load(rules)
    for group in tree["groups"]:
        for rule in group["rules"]:
            expression = re.sub(r"\[\d+[mhd](:?)\]", rf"[{WINDOW}\1]", rule["expr"])
            expression = re.sub(r"offset \d+[mhd]", f"offset {WINDOW}", expression)
            rule["expr"] = expression.replace(SEVERAL, ONE)
            if "for" in rule:
                rule["for"] = FOR
    return json.dumps(tree)
