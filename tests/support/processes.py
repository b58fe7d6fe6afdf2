"""`hotelero` as an operator runs it: real processes with an environment of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

HOTELERO = str(Path(sys.executable).with_name("hotelero"))
START_SECONDS = 60
STOP_SECONDS = 20


def environment(database_url: str, **names: str) -> dict[str, str]:
    """This process's environment without settings of ours, with those given."""
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    patient = {"HOTELERO__PUBLIC_REQUESTS_PER_MINUTE": "100000"}
    return {**inherited, **patient, "DATABASE_URL": database_url, **names}


def hotelero(
    arguments: Sequence[str], environ: Mapping[str, str], cwd: Path, *, says: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [HOTELERO, *arguments],
        env=dict(environ),
        cwd=cwd,
        input=says,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass
class Served:
    """A `hotelero run` or `worker` that can be killed; `url` is known once it is ready, for which
    it has `patience` seconds. `port` 0 is any."""

    environ: Mapping[str, str]
    cwd: Path
    command: str = "run"
    url: str = ""
    port: int = 0
    host: str = "127.0.0.1"
    patience: float = START_SECONDS
    log: Path = field(init=False)

    def __enter__(self) -> Self:
        self.log = self.cwd / f"log-{time.monotonic_ns()}"
        self._out = self.log.open("w")
        self.process = subprocess.Popen(
            [HOTELERO, self.command, "--host", self.host, "--port", str(self.port)],
            env=dict(self.environ),
            cwd=self.cwd,
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + self.patience
        while not (
            found := re.search(r"(?:Chat|metrics) at (http://\S+?)/\n", self.log.read_text())
        ):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)
        self.url = found[1]
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
        self._out.close()

    def kill(self) -> None:
        """Without a chance to clean up."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """As an init system does; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)
