"""Adapter packages from `hotelero new`, built and put on the path of other processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

TOOL_SECONDS = 300
START_SECONDS = 30


def run(*command: str, cwd: Path, site: Path | None = None) -> str:
    """What a tool of this environment says that must succeed in a folder."""
    environ = {**os.environ, **({"PYTHONPATH": str(site)} if site else {})}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=TOOL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unpacked_wheel(package: Path, folder: Path) -> Path:
    """A package built as for PyPI and unpacked as pip does it: a folder for PYTHONPATH."""
    run("build", "--wheel", "--no-isolation", "--outdir", str(folder), str(package), cwd=package)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


@contextmanager
def served(app: str, site: Path, log: Path, *, port: int | None = None) -> Iterator[str]:
    """The address of an application that uvicorn serves."""
    port = port or free_port()
    environ = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port)]
    with log.open("w") as out:
        server = subprocess.Popen(command, env=environ, stdout=out, stderr=out)
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(START_SECONDS)


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.1)
        else:
            return
