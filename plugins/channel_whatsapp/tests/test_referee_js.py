"""whatsapp-api-js, a second client by others, talks with the simulator and checks its signatures.

Deviations of whatsapp-api-js 6.3.0, each shown below:

- It names the product of an upload in the query instead of the form; the Graph API takes both.
- It hashes a body with everything beyond ASCII escaped, as Meta sends it: where a body has plain
  UTF-8, its verdict is the opposite of that over the raw bytes, which is what Meta documents.
- It sends contacts as text that holds JSON; Meta's reference has an array, nothing else is taken.
- It reads the first event of a body only.
- It takes 5,000,000 bytes for the limit of a photo; the simulator takes 5 MiB.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero_channel_whatsapp.testing import Guest, MetaError, Simulator, Template
from agente_hotelero_channel_whatsapp.testing.webhooks import signature

from plugins.channel_whatsapp.tests.stand_ins import ACCOUNT, NOON, PHONE, Listener, listening

FOLDER = Path(__file__).with_name("referee_js")
INSTALL = f"npm install --no-package-lock --prefix {FOLDER.name}"
TO = f"+{PHONE}"
USER = "AR.13491208655302741918"
VECTORS = [  # secret test_app_secret, recomputed by hand with openssl
    (
        '{"object":"whatsapp_business_account","entry":[]}',
        "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
    ),
    (
        '{"object": "whatsapp_business_account", "entry": []}',
        "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
    ),
    ('{"a":"\\u00f1"}', "7ac7ab56f6ca8bb919f6dba6a4f4e6e32d4253d757d7ad12710258c7adf9a32e"),
]
PLAIN = ('{"a":"ñ"}', "ad02062054fb3d8d48ca10f71f072fc4dcacd27415770f3d41d763807bd6d73b")
RAW = {
    "text": "hola",
    "image": "la pileta",
    "document": "mapa",
    "video": "",
    "audio": "",
    "sticker": "",
    "location": "Hotel",
    "buttons": "¿Confirma?",
    "list": "¿Cuál?",
    "link": "Reserve",
    "where": "¿Dónde está?",
    "who": "¿Su teléfono?",
    "template": "Hola Ana, Sol tiene un mensaje.",
    "reaction": "👍",
}


@pytest.fixture(autouse=True)
def node() -> None:
    """Node.js and the package; where they are missing, a failure in CI and a skip elsewhere."""
    missing = "node" if shutil.which("node") is None else ""
    if not missing and not (FOLDER / "node_modules" / "whatsapp-api-js").is_dir():
        missing = f"whatsapp-api-js ({INSTALL})"
    if missing and os.environ.get("CI"):
        raise FileNotFoundError(missing)
    if missing:
        pytest.skip(f"{missing} is not installed")


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    template = Template(
        name="reopen",
        language="es",
        body="Hola {{1}}, {{2}} tiene un mensaje.",
        quick_replies=["Leer"],
    )
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, templates=[template]) as simulator:
        simulator.statuses = False
        yield simulator


def run(url: str, actions: list[dict[str, Any]], secret: str = ACCOUNT.app_secret) -> list[Any]:
    """What the client says to each action."""
    asked = {
        "url": url,
        "token": ACCOUNT.token,
        "secret": secret,
        "number": ACCOUNT.phone_number_id,
        "actions": actions,
    }
    done = subprocess.run(
        ["node", "client.mjs"],
        cwd=FOLDER,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_each_kind_that_it_sends_is_taken(meta: Simulator) -> None:
    sends = [{"do": "send", "kind": kind, "to": TO, "mark": kind} for kind in RAW]
    answers = run(meta.url, sends)
    assert [one["messages"][0]["id"] for one in answers] == [one.id for one in meta.sent]
    assert {one.mark: one.text for one in meta.sent} == RAW
    by_mark = {one.mark: one for one in meta.sent}
    assert by_mark["buttons"].options == (("y", "Sí"), ("n", "No"))
    assert by_mark["list"].options == (("r1", "Tipo 1"), ("r2", "Tipo 2"))
    assert by_mark["template"].options == (("read-it", "Leer"),)
    assert by_mark["location"].location == (-38.0, -57.5)
    assert by_mark["audio"].voice


def test_recipients_answers_and_receipts(meta: Simulator) -> None:
    run(
        meta.url,
        [
            {"do": "send", "kind": "text", "to": USER, "context": "wamid.q"},
            {"do": "read", "id": "wamid.x", "typing": "text"},
        ],
    )
    assert (meta.sent[0].to, meta.sent[0].reply_to) == (USER, "wamid.q")
    assert (meta.read, meta.typing) == (["wamid.x"], ["wamid.x"])


def test_errors_come_as_it_expects_them(meta: Simulator) -> None:
    meta.faults = [MetaError(code=131047)]
    kinds = ["text", "unknown_template", "contacts"]
    answers = run(meta.url, [{"do": "send", "kind": kind, "to": TO} for kind in kinds])
    assert [one["error"]["code"] for one in answers] == [131047, 132001, 131009]


def test_files_go_there_and_back(meta: Simulator) -> None:
    body = bytes(range(256)) * 20
    encoded = base64.b64encode(body).decode()
    (uploaded,) = run(meta.url, [{"do": "upload", "body": encoded, "type": "image/png"}])
    (told,) = run(meta.url, [{"do": "retrieve", "id": uploaded["id"]}])
    fetched, removed, gone = run(
        meta.url,
        [
            {"do": "fetch", "url": told["url"]},
            {"do": "remove", "id": uploaded["id"]},
            {"do": "retrieve", "id": uploaded["id"]},
        ],
    )
    assert (fetched["status"], base64.b64decode(fetched["body"])) == (200, body)
    assert removed == {"success": True}
    assert gone["error"]["error_subcode"] == 33


def test_signatures_are_good_and_any_change_makes_them_bad(
    meta: Simulator, agent: Listener
) -> None:
    guest = Guest(meta, ACCOUNT, PHONE, "Ñandú 🦤", user_id=USER)
    guest.say("¡hola! ¿qué tal? 👋")
    guest.send_location(-38.0, -57.5, "Mar del Plata")
    checks = []
    for body, header in agent.got:
        text = body.decode()
        checks += [
            {"do": "verify", "body": text, "signature": header},
            {"do": "verify", "body": text + " ", "signature": header},
            {"do": "verify", "body": text, "signature": signature("other", body)},
        ]
    assert run(meta.url, checks) == [True, False, False] * 2


def test_known_signatures_are_known() -> None:
    checks = [
        {"do": "verify", "body": body, "signature": f"sha256={digest}"}
        for body, digest in [*VECTORS, PLAIN]
    ]
    assert run("http://127.0.0.1:9", checks, "test_app_secret") == [True, True, True, False]
    for body, digest in [*VECTORS, PLAIN]:
        assert signature("test_app_secret", body.encode()) == f"sha256={digest}"


def test_webhooks_are_understood(meta: Simulator, agent: Listener) -> None:
    Guest(meta, ACCOUNT, PHONE, "Ana", user_id=USER).say("hola")
    Guest(meta, ACCOUNT, "", "Bea", user_id=USER, username="bea").say("oi")
    run(meta.url, [{"do": "send", "kind": "text", "to": TO}])
    meta.report(meta.sent[0], "delivered")
    posts = [
        {"do": "post", "body": body.decode(), "signature": header} for body, header in agent.got
    ]
    with_number, hidden, status = run(meta.url, posts)
    assert with_number["from"] == PHONE
    assert with_number["message"]["text"] == {"body": "hola"}
    assert (hidden["from"], hidden["contact"]["user_id"]) == (USER, USER)
    assert status == {"status": "delivered", "id": meta.sent[0].id}
