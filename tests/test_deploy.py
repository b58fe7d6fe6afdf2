"""What is deployed is what was meant: image, compose, Fly, Prometheus, the users' CI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from agente_hotelero import _probe
from agente_hotelero._runtime import agent
from agente_hotelero._runtime.engine import DRAIN_SECONDS
from agente_hotelero._serve import GRACE_SECONDS
from agente_hotelero.config import load

from tools import image_check
from tools.image_check import instructions

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
DOCKERFILE = list(instructions((DEPLOY / "Dockerfile").read_text(encoding="utf-8")))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
FLY = tomllib.loads((ROOT / "fly.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OURS = ("migrate", "agent", "worker")


def last(word: str) -> str:
    return [rest for name, rest in DOCKERFILE if name == word][-1]


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_special() -> None:
    assert [name for name, _ in DOCKERFILE].count("FROM") == 2
    assert last("USER") == "10001:10001"
    assert "ENVIRONMENT=production" in last("ENV")
    assert "/health/ready" in last("HEALTHCHECK")
    names = [name for name, _ in DOCKERFILE]
    assert names.index("USER") < names.index("CMD")


def test_the_plugins_of_the_image_exist() -> None:
    for plugin in plugins_of_the_image():
        assert (ROOT / "plugins" / plugin / "pyproject.toml").exists(), plugin


IMPORTS_ALL = """
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys(sys.argv[2:]))
other = {"testing", "_scaffold", "__main__", "versions", "alembic"}
for package in sys.argv[1].split(","):
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, package + "."):
        if not other & set(found.name.split(".")):
            importlib.import_module(found.name)
"""


def test_no_part_of_a_library_that_the_image_leaves_out_is_needed() -> None:
    """An image without them did not start, and nothing but building it told."""
    script = (DEPLOY / "image" / "install.sh").read_text(encoding="utf-8")
    left_out = [f"{one}.{part}" for one, part in re.findall(r"packages/(\w+)/(\w+)", script)]
    assert "phonenumbers.geodata" in left_out
    ours = ["agente_hotelero", *(f"agente_hotelero_{name}" for name in plugins_of_the_image())]
    command = [sys.executable, "-c", IMPORTS_ALL, ",".join(ours), *left_out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_has_the_client_of_the_server_that_compose_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Said once, so that a build for a newer server need say one thing."""
    ran: list[str] = []
    copied: list[str] = []
    monkeypatch.setattr(image_check, "empty_root", lambda *_: None)
    monkeypatch.setattr(image_check, "copy", lambda *arguments: copied.append(arguments[-1]))
    monkeypatch.setattr(
        image_check,
        "inside",
        lambda stage, command: ran.append(image_check.expand(command[-1], stage.args)),
    )
    image_check.build(tmp_path)
    version = COMPOSE["services"]["postgres"]["image"].partition(":")[2].split("-")[0]
    assert ("ARG", f"PG={version}") in DOCKERFILE
    assert any(f"postgresql-client-{version} " in one for one in ran)
    assert any(f"/usr/lib/postgresql/{version}/bin/pg_dump " in one for one in copied)
    said = " ".join(rest for name, rest in DOCKERFILE if name in ("RUN", "COPY"))
    assert not re.search(r"postgresql(-client-|/)\d", said)


def test_no_secret_is_built_into_the_image() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert not re.search(r"(?i)(ENV|ARG)[^\n]*(SECRET|PASSWORD|TOKEN)", text)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"


@pytest.mark.parametrize("service", OURS)
def test_our_containers_may_do_little(service: str) -> None:
    one = COMPOSE["services"][service]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert not set(one["environment"]) & {"SECRET_KEY", "DATABASE_URL"}
    assert int(one["stop_grace_period"].removesuffix("s")) > GRACE_SECONDS + DRAIN_SECONDS


def test_compose_opens_no_port_to_the_world_and_names_only_files_that_are_there() -> None:
    made_by_the_operator = {"./hotel.toml", "./secrets/hotels"}
    for name, one in COMPOSE["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", [])), name
        for mount in one.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("./") and source not in made_by_the_operator:
                assert (DEPLOY / source).exists(), source
        assert set(one.get("secrets", [])) <= set(COMPOSE["secrets"]), name


def plugins_of_the_image() -> set[str]:
    (named,) = [rest for name, rest in DOCKERFILE if name == "ARG" and rest.startswith("PLUGINS")]
    return set(named.partition("=")[2].strip('"').split())


def told_to(service: str, folder: Path) -> dict[str, str]:
    """The environment of one of our containers, its secrets in `folder`."""
    said = {"ENVIRONMENT": "production", **COMPOSE["services"][service]["environment"]}
    return {
        name: text.replace("$$", "$").replace("/run/secrets", str(folder))
        for name, text in said.items()
    }


@pytest.mark.parametrize("whole", [False, True], ids=["as it is", "with a real hotel"])
@pytest.mark.parametrize("service", OURS)
def test_the_hotels_that_are_copied_for_compose_are_taken_by_what_is_in_the_image(
    service: str, whole: bool, tmp_path: Path
) -> None:
    text = (DEPLOY / "hotel.example.toml").read_text(encoding="utf-8")
    if whole:
        text = re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)
    for name in re.findall(r'"/run/hotels/(\w+)"', text):
        (tmp_path / name).write_text("S" * 32 + "\n")
    (tmp_path / "database_url").write_text("postgresql://hotelero:p@postgres/hotelero\n")
    (tmp_path / "secret_key").write_text("k" * 40)
    file = tmp_path / "hotel.toml"
    file.write_text(text.replace("/run/hotels", str(tmp_path)), encoding="utf-8")
    environ = told_to(service, tmp_path) | {"SOL_WHATSAPP_VERIFY_TOKEN": "v"}
    settings = load(file, environ, installed=plugins_of_the_image())
    agent.check(settings)
    unused = set() if whole else {"pms_qloapps"}
    assert set(settings.plugins) == plugins_of_the_image() - unused
    assert set(settings.tenants) == {"probe", *(["sol"] if whole else [])}
    assert _probe.tenant_of(settings, None) == "probe"
    assert settings.tenants["probe"].pms == "pms_mock"


def test_backups_are_made_on_a_disk_and_not_in_memory() -> None:
    for service in OURS:
        one = COMPOSE["services"][service]
        place = Path(one["environment"]["TMPDIR"])
        volumes = {Path(mount.split(":")[1]) for mount in one["volumes"] if mount[0] not in "./"}
        assert volumes & set(place.parents), service
        assert not {Path(mount) for mount in one["tmpfs"]} & {place, *place.parents}, service


def test_secrets_of_hotels_reach_every_container_of_ours() -> None:
    for service in OURS:
        one = COMPOSE["services"][service]
        assert one["env_file"] == [{"path": "./hotels.env", "required": False}]
        assert "./secrets/hotels:/run/hotels:ro" in one["volumes"]
        assert one["environment"]["FORWARDED_ALLOW_IPS"] == "${FORWARDED_ALLOW_IPS:-}"
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/deploy/secrets/", "/deploy/hotel.toml", "/deploy/hotels.env"} <= set(ignored)


def test_the_database_is_ready_when_it_listens_to_others() -> None:
    """While its image sets it up, a server without TCP answers on the socket."""
    assert "-h 127.0.0.1" in " ".join(COMPOSE["services"]["postgres"]["healthcheck"]["test"])


def test_the_documented_steps_make_every_file_that_compose_mounts() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    steps = page.partition("## Install")[2].partition("## Scale")[0]
    assert "cp hotel.example.toml hotel.toml" in steps
    for name in COMPOSE["secrets"]:
        assert f"> secrets/{name}\n" in steps, name
    assert "mkdir -p secrets/hotels" in steps


def test_what_compose_says_of_a_secret_is_read_from_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Compose writes a dollar as two."""
    (tmp_path / "key").write_text("of-the-file\n")
    told = COMPOSE["services"]["agent"]["environment"]["HOTELERO__SECRET_KEY"].replace("$$", "$")
    told = told.replace("/run/secrets/secret_key", str(tmp_path / "key"))
    settings = load(None, {"HOTELERO__SECRET_KEY": told}, installed=set())
    assert settings.secret_key.get_secret_value() == "of-the-file"


def test_fly_migrates_first_keeps_one_machine_and_waits_for_what_runs() -> None:
    assert FLY["deploy"]["release_command"] == "hotelero migrate"
    web = FLY["http_service"]
    assert (web["min_machines_running"], web["auto_stop_machines"]) == (1, "off")
    assert FLY["kill_timeout"] > GRACE_SECONDS + DRAIN_SECONDS
    assert set(FLY["processes"]) == {"web", "worker"}
    assert FLY["checks"]["ready"]["path"] == "/health/ready"
    port = dict(part.split("=", 1) for part in last("ENV").split() if "=" in part)
    assert {one["port"] for one in FLY["metrics"]} == {int(port["HOTELERO__OPERATIONS_PORT"])}


def test_fly_believes_its_own_header_and_keeps_nothing_on_a_machine() -> None:
    told = FLY["env"]
    assert "FORWARDED_ALLOW_IPS" not in told
    environ = {**told, "SECRET_KEY": "k" * 40, "HOTELERO_CONFIG": ""}
    settings = load(DEPLOY / "hotel.example.toml", environ, installed=plugins_of_the_image())
    assert settings.environment == "production"
    assert settings.client_ip_header == "Fly-Client-IP"
    assert settings.media_store.startswith("s3://")
    assert str(settings.backup_folder).startswith("s3://")
    (file,) = FLY["files"]
    assert file["guest_path"] == told["HOTELERO_CONFIG"]


def test_prometheus_scrapes_under_the_name_that_the_rules_use() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert [one["job_name"] for one in config["scrape_configs"]] == ["agente-hotelero"]
    for name in config["rule_files"]:
        text = (DEPLOY / "prometheus" / name).read_text()
        assert set(re.findall(r'job="([^"]+)"', text)) == {"agente-hotelero"}


def bytes_of(size: str) -> float:
    short = size.lower().removesuffix("b")
    return int(short[:-1]) * {"g": 2**30, "m": 2**20}[short[-1]]


def test_memory_is_told_of_before_a_container_or_a_machine_has_no_more() -> None:
    """And a backup, which is a process of its own, has room beside what is not told yet."""
    tree = yaml.safe_load((DEPLOY / "prometheus" / "alerts.rules.yml").read_text())
    named = {rule.get("alert"): rule for group in tree["groups"] for rule in group["rules"]}
    told = float(named["MemoryHigh"]["expr"].rpartition(">")[2])
    room = [bytes_of(COMPOSE["services"][service]["mem_limit"]) for service in OURS]
    room += [bytes_of(machine["memory"]) for machine in FLY["vm"]]
    assert {name for machine in FLY["vm"] for name in machine["processes"]} == {"web", "worker"}
    assert told + 255e6 <= min(room)


def test_each_container_is_a_target_of_its_own_and_says_of_which_service_it_is() -> None:
    """A name that stands for several containers reaches another one at each scrape."""
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (scrape,) = config["scrape_configs"]
    assert "static_configs" not in scrape
    found = {name: one["port"] for one in scrape["dns_sd_configs"] for name in one["names"]}
    assert {one["type"] for one in scrape["dns_sd_configs"]} == {"A"}
    told = dict(part.split("=", 1) for part in last("ENV").split() if "=" in part)
    command = COMPOSE["services"]["worker"]["command"]
    assert found == {
        "agent": int(told["HOTELERO__OPERATIONS_PORT"]),
        "worker": int(command[command.index("--port") + 1]),
    }
    labels = {one["target_label"]: one["source_labels"] for one in scrape["relabel_configs"]}
    assert labels["service"] == ["__meta_dns_name"]
    assert "__address__" in labels["instance"]


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("promtool", ["check", "config", "deploy/prometheus/prometheus.yml"]),
        ("amtool", ["check-config", "deploy/alertmanager/alertmanager.yml"]),
    ],
)
def test_the_programs_take_their_configuration(program: str, arguments: list[str]) -> None:
    found = shutil.which(program)
    if found is None:
        assert not os.environ.get("CI"), f"{program} is not installed"
        pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        [found, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_little_and_calls_what_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = yaml.safe_load(text)
    assert tree["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in text
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for job in tree["jobs"].values():
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            for called in re.findall(r"^\s*make ([\w-]+)", step.get("run", ""), re.MULTILINE):
                assert called in targets
            # What a stranger may write is never a part of a script.
            assert "github.event" not in step.get("run", "")


# As Ubuntu calls what has another name in Debian.
IN_UBUNTU = {"chromium": "chromium-browser"}


def apt_packages(script: str) -> set[str]:
    """What a script installs by apt-get, lines that go on joined."""
    lines = script.replace("\\\n", " ").splitlines()
    asked = [line.partition("apt-get install")[2].split() for line in lines]
    return {word for words in asked for word in words if not word.startswith("-")}


def test_the_users_ci_installs_what_ours_does() -> None:
    """With CI set a test fails, and is not skipped, where the program that it starts is missing."""
    ours = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    tree = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    theirs = "\n".join(step.get("run", "") for step in tree["jobs"]["test"]["steps"])
    wanted = {IN_UBUNTU.get(name, name) for name in apt_packages(ours)}
    assert "dovecot-imapd" in wanted
    assert wanted <= apt_packages(theirs)
    lines = {line.strip() for line in theirs.splitlines()}
    others = re.findall(r"^(?:npm install|\.venv/bin/hotelero) .+", ours, re.MULTILINE)
    assert len(others) == 2
    assert set(others) <= lines


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_strangers_action_is_named_by_its_commit_and_says_which_release_that_is(
    path: Path,
) -> None:
    """A tag can be moved to other code; a commit cannot."""
    called = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert called
    for one in called:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}  # v?\d+(\.\d+)+", one), one


def test_two_deployments_never_run_at_once() -> None:
    tree = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    assert tree["concurrency"] == {"group": "deploy-production", "cancel-in-progress": False}
    assert "hotelero probe" in tree["jobs"]["deploy"]["steps"][-1]["run"]


def test_the_image_pins_what_it_installs() -> None:
    lines = (DEPLOY / "image" / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0] for line in lines if "==" in line}
    core = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text())["project"]
    wanted = [re.split(r"[\[<>=]", one)[0] for one in core["dependencies"]]
    assert {one.lower() for one in wanted} <= pinned | {"psycopg", "uvicorn", "sqlalchemy"}


@pytest.mark.parametrize("target", ["test-e2e", "test-chaos", "security-fast", "load", "chaos"])
def test_the_names_that_an_operator_types_exist(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for path in re.findall(r"\b((?:core/)?tests/\S+)", done.stdout):
        assert (ROOT / path).exists(), path
