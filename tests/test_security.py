"""SECURITY.md is true: every threat has a test. What no other test looks at is looked at here."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing.simulator import signature

from tests.support.cluster import message
from tests.support.processes import Served, environment
from tests.support.times import NOVEMBER

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "SECURITY.md", *(ROOT / "docs" / "runbooks").glob("*.md")]
TEST = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
# A licence that would bind those who use us. The LGPL does not: psycopg is used, not changed.
BINDING = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a key of AWS": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    "a token of Meta": re.compile(r"\bEAA[A-Za-z0-9]{60,}"),
    "a secret key of age": re.compile(r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    "a token of Fly": re.compile(r"\bFlyV1 fm2_[A-Za-z0-9+/=]{20,}"),
}


def defined() -> set[str]:
    """Every test of the repository, and every dialogue."""
    found = {path.stem for path in (ROOT / "tests" / "dialogues").glob("*.toml")}
    for folder in ("tests", "core/tests", "plugins"):
        for path in (ROOT / folder).rglob("test_*.py"):
            found |= set(
                re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
            )
    return found


def test_every_threat_names_a_test_that_exists() -> None:
    rows = re.findall(r"^\| .+ \| (.+) \|$", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE)[2:]
    assert len(rows) >= 30
    known = defined()
    for row in rows:
        named = re.findall(r"`([a-z]\w+)`", row)
        assert named, row
        assert set(named) <= known, row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_calls_a_test_is_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"`(test_\w+)`", text)) <= defined()
    for name in re.findall(r"`((?:core/)?tests/[\w/]+\.py)`", text):
        assert (ROOT / name).exists(), name


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_no_file_holds_a_secret() -> None:
    for path in tracked():
        if path.is_file() and path.suffix not in (".npz", ".png", ".jpg", ".ogg", ".wav"):
            text = path.read_text(encoding="utf-8", errors="replace")
            for what, pattern in SECRETS.items():
                assert not pattern.search(text), f"{what} in {path}"


def test_no_dependency_has_a_licence_that_binds_us(tmp_path: Path) -> None:
    bom = tmp_path / "bom.json"
    subprocess.run([sys.executable, "tools/sbom.py", str(bom)], cwd=ROOT, check=True)
    components = httpx.Response(200, content=bom.read_bytes()).json()["components"]
    assert len(components) > 40
    for one in components:
        licence = one["licenses"][0]["license"]["name"]
        assert licence != "unknown", one["name"]
        assert not BINDING.search(licence.replace("LGPL", "").replace("Lesser General", "")), one


LIMIT = 60
FLOOD, THREADS = 600, 12


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("flooded")
    environ = environment(
        f"sqlite:///{folder}/agent.db",
        WHATSAPP_ACCESS_TOKEN="t",
        WHATSAPP_PHONE_NUMBER_ID="100000000000001",
        WHATSAPP_VERIFY_TOKEN="v",
        WHATSAPP_APP_SECRET="s",
        WHATSAPP_API_BASE_URL="http://127.0.0.1:9",
    )
    environ["HOTELERO__PUBLIC_REQUESTS_PER_MINUTE"] = str(LIMIT)
    with Served(environ, folder) as agent:
        yield agent


def test_a_flood_is_answered_by_429_and_guests_are_still_served(served: Served) -> None:
    """Many at once from one address: as many as allowed get through, and webhooks all the while."""
    statuses: Counter[int] = Counter()
    webhooks: list[int] = []

    def flood() -> None:
        with httpx.Client() as client:
            for _ in range(FLOOD // THREADS):
                statuses[client.get(f"{served.url}/chat/default").status_code] += 1

    def provide() -> None:
        for number in range(20):
            body = message(f"54911555{number:05}", "¿hay wifi?", NOVEMBER)
            headers = {"X-Hub-Signature-256": signature("s", body)}
            url = f"{served.url}/webhooks/whatsapp"
            webhooks.append(httpx.post(url, content=body, headers=headers).status_code)

    threads = [threading.Thread(target=flood) for _ in range(THREADS)]
    threads.append(threading.Thread(target=provide))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert statuses.total() == FLOOD
    assert set(statuses) == {200, 429}
    # A minute may turn while it goes on, on a slow machine.
    assert LIMIT <= statuses[200] <= 2 * LIMIT
    assert webhooks == [200] * 20


def test_who_was_refused_too_often_is_refused_for_that(served: Served) -> None:
    url = f"{served.url}/webhooks/whatsapp"
    codes = [httpx.post(url, content=b"{}").status_code for _ in range(LIMIT + 5)]
    assert set(codes) == {401, 429}
    assert httpx.get(f"{served.url}/health/live").status_code == 200
