"""Run the steps of deploy/Dockerfile where there is no container engine, and look at the result.

Each stage is an empty Debian root made by debootstrap; ARG, ENV, COPY, RUN, WORKDIR and USER do
there what an engine would do. Then the image is tried as it will run: as its user, on a read-only
file system, with its own health check. As root, on Linux:

    python3 tools/image_check.py
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
SUITES = {"debian:bookworm-slim": "bookworm"}
MOST_MB = 200
START_SECONDS = 120
# What the registries need on the machine at hand, lent while steps run: no image holds it. Folders
# that pip's settings name are named by IMAGE_CHECK_LENT, several by colons.
LENT_FILES = ("/etc/resolv.conf", "/etc/pip.conf")
LENT_NAMES = re.compile(r"^(PIP_|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)")
# As in compose.yaml; with what is in the image alone a backup is made and proved.
OF_COMPOSE = {"HOTELERO__BACKUP_FOLDER": "/data/backups", "TMPDIR": "/data/tmp"}
PROOF = ("hotelero backup", "hotelero backup verify")
CHROOT = shutil.which("chroot") or "/usr/sbin/chroot"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass
class Stage:
    """A root in the making."""

    name: str
    root: Path
    args: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction with its argument, continued lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for line in joined.splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


def build(folder: Path) -> Stage:
    """All stages; the last one is the image."""
    common: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for word, rest in instructions(DOCKERFILE.read_text(encoding="utf-8")):
        print(f"{word} {rest}"[:110], flush=True)
        if word == "ARG" and stage is None:
            name, _, value = rest.partition("=")
            common[name] = value
        elif word == "FROM":
            base, _, name = expand(rest, common).partition(" AS ")
            stage = Stage(name=name or "image", root=folder / (name or "image"))
            stages[stage.name] = stage
            empty_root(SUITES[base.strip()], folder, stage.root)
        elif stage is not None and word == "ARG" and "=" not in rest:
            stage.args[rest] = common[rest]
        elif stage is not None:
            step(stage, stages, word, rest)
    if stage is None:
        raise ValueError("a Dockerfile without FROM")
    return stage


def step(stage: Stage, stages: dict[str, Stage], word: str, rest: str) -> None:
    match word:
        case "ARG":
            name, _, value = rest.partition("=")
            stage.args[name] = shlex.split(value)[0] if value else ""
        case "ENV":
            for name, value in (one.split("=", 1) for one in shlex.split(rest)):
                stage.env[name] = value
        case "COPY":
            copy(stage, stages, expand(rest, stage.args))
        case "RUN":
            inside(stage, ["sh", "-ec", rest])
        case "WORKDIR":
            stage.workdir = rest
        case "USER":
            stage.user = rest
        case "CMD":
            stage.command = json.loads(rest)
        case "HEALTHCHECK":
            stage.healthcheck = json.loads(rest[rest.index("[") :])
        case _:
            return


def copy(stage: Stage, stages: dict[str, Stage], rest: str) -> None:
    words = shlex.split(rest)
    source = ROOT
    if words[0].startswith("--from="):
        source = stages[words.pop(0).removeprefix("--from=")].root
    *names, to = words
    for name in names:
        there, target = source / name.lstrip("/"), stage.root / to.lstrip("/")
        if there.is_dir():
            shutil.copytree(
                there,
                target,
                symlinks=True,
                dirs_exist_ok=True,
                ignore=None if source != ROOT else unwanted,
            )
        else:
            target = target / there.name if to.endswith("/") else target
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(there, target)


def unwanted(folder: str, names: list[str]) -> set[str]:
    """What .dockerignore leaves out."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    patterns = [one.removeprefix("**/") for one in lines if one.startswith("**/")]
    return {name for name in names if any(fnmatch(name, pattern) for pattern in patterns)}


def expand(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values.get(found[1], ""), text)


def empty_root(suite: str, folder: Path, root: Path) -> None:
    """As the slim image of a distribution: made once, then copied."""
    first = folder / f"base-{suite}"
    if not first.exists():
        command = ["debootstrap", "--variant=minbase", suite, str(first)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        clean(first)
    subprocess.run(["cp", "-a", str(first), str(root)], check=True)


def clean(root: Path) -> None:
    """What Debian's slim images do without."""
    for name in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"):
        shutil.rmtree(root / name, ignore_errors=True)
    for pattern in ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*", "var/log/*.log"):
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def lent(root: Path) -> Iterator[dict[str, str]]:
    """With /proc, /dev and the way to the registries; what is lent is gone afterwards. Everything
    happens in a mount namespace of this process's own: nothing of it is seen outside, or stays."""
    (root / "lent").mkdir(exist_ok=True)
    binds = [("/proc", root / "proc"), ("/dev", root / "dev")]
    binds += [
        (name, root / name[1:])
        for name in os.environ.get("IMAGE_CHECK_LENT", "").split(":")
        if name
    ]
    kept = {
        name: (root / name[1:]).read_bytes() if (root / name[1:]).exists() else None
        for name in LENT_FILES
    }
    for name in LENT_FILES:
        if Path(name).is_file():
            (root / name[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, root / name[1:])
    shutil.copyfile(CERTIFICATES, root / "lent" / "ca.crt")
    told = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    acquire = [line for line in told.stdout.splitlines() if line.startswith("Acquire::")]
    (root / "lent" / "apt.conf").write_text("\n".join(acquire))
    for source, target in binds:
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", source, str(target)], check=True)
    try:
        yield {"PIP_CERT": "/lent/ca.crt", "APT_CONFIG": "/lent/apt.conf"}
    finally:
        for _, target in reversed(binds):
            subprocess.run(["umount", str(target)], check=True)
        shutil.rmtree(root / "lent")
        for name, body in kept.items():
            target = root / name[1:]
            if body is None:
                target.unlink(missing_ok=True)
            else:
                target.write_bytes(body)


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def inside(stage: Stage, command: Sequence[str]) -> None:
    """A RUN: as root, with the arguments and the environment so far."""
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **QUIET}
    environ |= {name: value for name, value in os.environ.items() if LENT_NAMES.match(name)}
    with lent(stage.root) as more:
        environ |= more | stage.args | stage.env
        subprocess.run([CHROOT, str(stage.root), *command], env=environ, check=True)


QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def size_of(root: Path) -> tuple[float, float]:
    """MB on disk, and as a registry would hold it: one gzip of all."""
    whole = subprocess.run(
        ["du", "-sm", "--exclude=proc", "--exclude=dev", str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    tar = ["tar", "-C", str(root), "--one-file-system", "-c", "."]
    packed = subprocess.Popen(tar, stdout=subprocess.PIPE)
    zipper, count = zlib.compressobj(6, wbits=31), 0
    while packed.stdout is not None and (part := packed.stdout.read(1 << 20)):
        count += len(zipper.compress(part))
    count += len(zipper.flush())
    if packed.wait():
        raise RuntimeError("it could not be measured: tar did not end well")
    return float(whole.stdout.split()[0]), count / 1e6


def run_it(image: Stage) -> float:
    """As an engine runs it: its user, a read-only root, a volume, a tmpfs. Seconds until it is
    healthy by its own check; then it backs itself up."""
    view = image.root.with_name("view")
    view.mkdir()
    uid, gid = image.user.split(":")
    for mount in (
        ["--bind", str(image.root), str(view)],
        ["-o", "remount,bind,ro", str(view)],
        ["-t", "tmpfs", "-o", f"mode=0700,uid={uid},gid={gid}", "tmpfs", f"{view}/data"],
        ["-t", "tmpfs", "tmpfs", f"{view}/tmp"],
        ["-t", "proc", "proc", f"{view}/proc"],
        ["--bind", "/dev", f"{view}/dev"],
    ):
        subprocess.run(["mount", *mount], check=True)
    names = {"SECRET_KEY": "image-check-" * 4, "PMS_TYPE": "mock", **image.env, **OF_COMPOSE}
    enter = [CHROOT, f"--userspec={image.user}", str(view), "sh", "-c"]
    begun = time.monotonic()
    process = subprocess.Popen(
        [*enter, f"cd {image.workdir}; exec {shlex.join(image.command)}"], env=names
    )
    try:
        while time.monotonic() < begun + START_SECONDS:
            if process.poll() is not None:
                raise RuntimeError(f"the image ended with {process.returncode}")
            healthy = [*enter, shlex.join(image.healthcheck)]
            if subprocess.run(healthy, env=names, check=False).returncode == 0:
                seconds = time.monotonic() - begun
                for command in PROOF:
                    subprocess.run([*enter, command], env=names, check=True)
                return seconds
            time.sleep(0.5)
        raise TimeoutError("the image did not become healthy")
    finally:
        process.terminate()
        process.wait(40)


def check(folder: Path) -> int:
    """Inside the mount namespace."""
    begun = time.monotonic()
    image = build(folder)
    print(f"built in {time.monotonic() - begun:.0f} s")
    disk, packed = size_of(image.root)
    seconds = run_it(image)
    subprocess.run([CHROOT, str(image.root), "pg_dump", "--version"], env=image.env, check=True)
    print(f"{disk:.0f} MB on disk, {packed:.0f} MB compressed (at most {MOST_MB}), ", end="")
    print(f"user {image.user}, read-only, healthy after {seconds:.1f} s")
    return int(packed > MOST_MB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)
    within: Path | None = parser.parse_args().within
    if within is not None:
        return check(within)
    if shutil.which("debootstrap") is None:
        sys.exit("debootstrap is needed: apt-get install debootstrap")
    with tempfile.TemporaryDirectory(prefix="hotelero-image-") as folder:
        # What is mounted goes with the namespace, before the folder does.
        apart = [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--propagation",
            "private",
        ]
        command = [*apart, sys.executable, __file__, "--within", folder]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
