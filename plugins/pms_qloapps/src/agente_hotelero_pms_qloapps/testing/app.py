"""The web service as an ASGI app: who may ask, in which format, and whom."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from agente_hotelero_pms_qloapps.testing import (
    ari,
    bookings,
    changes,
    images,
    query,
    schemas,
    shown,
    writes,
)
from agente_hotelero_pms_qloapps.testing.answers import (
    HTML,
    Answer,
    Broken,
    Node,
    Refusal,
    by_php,
    closest,
    errors,
)
from agente_hotelero_pms_qloapps.testing.render import Renderer
from agente_hotelero_pms_qloapps.testing.resources import NAMES, TABLES, Resource
from agente_hotelero_pms_qloapps.testing.rows import Record
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import Call, Fault, Key

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD"})
REALM = "Welcome to PrestaShop Webservice, please enter the authentication key as the login."
NO_SCHEMA = frozenset({"bookings", "hotel_ari", "images", "search"})
KEY_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, taken apart."""

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: dict[str, str]
    body: bytes

    @property
    def parts(self) -> list[str]:
        """What follows `/api/`."""
        return [one for one in self.path.removeprefix("/api").split("/") if one]

    @property
    def as_json(self) -> bool:
        formats = [
            self.query.get("output_format"),
            self.query.get("io_format"),
            self.headers.get("output-format"),
            self.headers.get("io-format"),
        ]
        return "JSON" in formats


def create_app(shop: Shop) -> App:
    """The shop's web service, for `httpx.ASGITransport` or uvicorn.

    A lost answer (`Shop.lose_answer`) raises an error of httpx: a client in the same process sees
    it as a broken connection, one behind uvicorn gets a 500. Behind uvicorn, `Shop.host` must be
    the address that the client uses.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = await read(scope, receive)
        shop.calls.append(
            Call(method=asked.method, path=asked.path, query=asked.raw_query, body=asked.body)
        )
        await write(send, await handle(shop, asked), head=asked.method == "HEAD")

    return app


async def read(scope: Scope, receive: Receive) -> Asked:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    raw = scope["query_string"].decode()
    return Asked(
        method=scope["method"],
        path=unquote(scope["path"]),
        query=dict(parse_qsl(raw, keep_blank_values=True)),
        raw_query=raw,
        headers={name.decode().lower(): value.decode() for name, value in scope["headers"]},
        body=body,
    )


async def write(send: Send, answer: Answer, *, head: bool) -> None:
    headers = dict(answer.headers)
    if answer.media:
        headers["Content-Type"] = answer.media
    if not head:
        headers["Content-Length"] = str(len(answer.body))
    listed = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": listed})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def handle(shop: Shop, asked: Asked) -> Answer:
    """Answer, or fail as the next fault for such a request says."""
    resource = asked.parts[0] if asked.parts else ""
    fault = shop.take_fault(asked.method, resource)
    if fault is not None and not fault.after_work:
        early = await fail(fault)
        if early is not None:
            return early
    answer = await attempt(shop, asked)
    if fault is not None and fault.after_work:
        answer = await fail(fault) or answer
    return answer


async def fail(fault: Fault) -> Answer | None:
    await asyncio.sleep(fault.seconds)
    if fault.error is not None:
        raise fault.error("the simulator dropped the connection")
    return None if fault.status is None else Answer(status=fault.status, media=HTML, headers={})


async def attempt(shop: Shop, asked: Asked) -> Answer:
    if asked.headers.get("host") != shop.host:
        return elsewhere(shop, asked)
    if asked.path != "/api" and not asked.path.startswith("/api/"):
        return images.public(shop, asked.path)
    try:
        key = authenticate(shop, asked)
    except Refusal as refusal:
        refused = errors(refusal.status, refusal.errors, as_json=asked.as_json)
        return challenged(refused) if refusal.status == 401 else refused
    if key is None:
        return challenged(by_php(shop.old, 401, "401 Unauthorized"))
    try:
        return await dispatch(shop, asked, key)
    except Refusal as refusal:
        return errors(refusal.status, refusal.errors, as_json=asked.as_json)
    except Broken as broken:
        return by_php(shop.old, broken.status, broken.text)


def challenged(answer: Answer) -> Answer:
    headers = {**answer.headers, "WWW-Authenticate": f'Basic realm="{REALM}"'}
    return replace(answer, headers=headers)


def powered(shop: Shop) -> dict[str, str]:
    return dict(by_php(shop.old, 200).headers)


def elsewhere(shop: Shop, asked: Asked) -> Answer:
    """What the shop says to a host that is not its own, whatever the method."""
    target = f"http://{shop.host}/index.php?url={'/'.join(asked.parts)}"
    if asked.raw_query:
        target += f"&{asked.raw_query}"
    headers = {"Location": target, **powered(shop)}
    return Answer(status=302, media=HTML, headers=headers)


def authenticate(shop: Shop, asked: Asked) -> Key | None:
    """The key, from the URL or as the user name; None if there is no sign of one."""
    text = asked.query.get("ws_key")
    scheme, _, encoded = asked.headers.get("authorization", "").partition(" ")
    if text is None and scheme.lower() == "basic":
        try:
            text = base64.b64decode(encoded).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            text = ""
    if text is None:
        return None
    if not shop.enabled:
        message = (
            "The QloApps webservice is disabled. Please activate it in the QloApps Back Office"
        )
        raise Refusal(503, (22, message))
    if not text:
        raise Refusal(401, (17, "Authentication key is empty"))
    if len(text) != KEY_LENGTH:
        raise Refusal(401, (18, "Invalid authentication key format"))
    key = shop.keys.get(text)
    if key is None or not key.active:
        nobody = (21, "No permission for this authentication key")
        raise Refusal(401, (20, "Authentification key is not active"), nobody)
    return key


async def dispatch(shop: Shop, asked: Asked, key: Key) -> Answer:
    """Check rights, then hand over."""
    echo = asked.method in ("POST", "PUT")
    language = asked.query.get("language", "")
    render = Renderer(shop, as_json=asked.as_json, language=language, echo=echo)
    if not asked.parts:
        return root(key, render)
    name = asked.parts[0]
    check_rights(asked, name, key)
    if name == "bookings":
        return await booking(shop, asked, render)
    if name == "hotel_ari":
        if asked.query.get("schema") == "blank":
            return schemas.form(render, "hotel_ari", schemas.blank_ari())
        if asked.method != "POST":
            raise Refusal(405, (23, f"Method {asked.method} is not valid"))
        search = Renderer(shop, as_json=asked.as_json, language=language)
        return ari.search(shop, asked.body, search)
    if name == "images":
        return images.api(shop, asked.parts[1:], render)
    resource = TABLES.get(name)
    if resource is None:
        return not_simulated()
    return generic(shop, asked, resource, render)


def check_rights(asked: Asked, name: str, key: Key) -> None:
    if name not in NAMES:
        listed = ", ".join(f'"{one}"' for one in NAMES)
        nearest = closest(name, NAMES)
        message = f'Resource of type "{name}" does not exists. Did you mean: "{nearest}"?'
        raise Refusal(400, (27, f"{message} The full list is: {listed}"))
    if asked.method not in METHODS:
        raise Refusal(405, (23, f"Method {asked.method} is not valid"))
    if key.rights is not None and name not in key.rights:
        message = f'Resource of type "{name}" is not allowed with this authentication key'
        raise Refusal(401, (26, message))
    if not key.may(asked.method, name):
        message = f"Method {asked.method} is not allowed for the resource {name}"
        raise Refusal(405, (25, f"{message} with this authentication key"))


async def booking(shop: Shop, asked: Asked, render: Renderer) -> Answer:
    if asked.query.get("schema") == "blank":
        return schemas.form(render, "booking", schemas.blank_booking())
    if asked.method == "DELETE":
        message = "Method DELETE is not allowed for the resource bookings"
        raise Refusal(405, (101, message))
    if asked.method == "POST":
        order = await bookings.create(shop, asked.body)
        return shown.answer(shop, order, as_json=render.as_json)
    if asked.method == "PUT":
        order = changes.change(shop, asked.body)
        return shown.answer(shop, order, as_json=render.as_json)
    if len(asked.parts) == 1:
        return shown.listing(shop, as_json=render.as_json)
    number = asked.parts[1]
    found = shop.orders.get(int(number)) if number.isdigit() else None
    if found is None:
        return Answer(status=404)
    return shown.answer(shop, found, as_json=render.as_json)


def generic(shop: Shop, asked: Asked, resource: Resource, render: Renderer) -> Answer:
    """Any table: lists, records, forms, and the few writes that are known."""
    number = asked.parts[1] if len(asked.parts) > 1 else ""
    if asked.method == "POST" and resource.name == "order_histories":
        return writes.post_history(shop, asked.body, asked.query, render)
    if asked.method == "POST" and resource.name in writes.POSTS:
        return writes.POSTS[resource.name](shop, asked.body, render)
    if asked.method == "PUT" and resource.name in writes.PUTS:
        return writes.PUTS[resource.name](shop, int(number or 0), asked.body, render)
    if asked.method not in ("GET", "HEAD"):
        return not_simulated()
    if "schema" in asked.query:
        return form(shop, asked, resource, render)
    if number:
        return single(shop, asked, resource, number, render)
    return many(shop, asked, resource, render)


def not_simulated() -> Answer:
    """What no QloApps says: whoever needs it must record it first."""
    return Answer(status=501, body=b"not simulated", media=HTML, headers={})


def form(shop: Shop, asked: Asked, resource: Resource, render: Renderer) -> Answer:
    record = resource.template(shop) or next(iter(resource.records(shop)), Record(row={}))
    make = schemas.synopsis if asked.query["schema"] == "synopsis" else schemas.blank
    return make(shop, resource, record, render)


def single(shop: Shop, asked: Asked, resource: Resource, number: str, render: Renderer) -> Answer:
    """One record; `display` reduces it to a list of its id."""
    record = next((one for one in resource.records(shop) if str(one.row["id"]) == number), None)
    if record is None:
        return Answer(status=404)
    if "display" in asked.query and asked.query["display"] != "full":
        return render.ids(resource, [record.row])
    return render.single(resource, record)


def many(shop: Shop, asked: Asked, resource: Resource, render: Renderer) -> Answer:
    display = asked.query.get("display", "")
    found = query.select(shop, resource, asked.query)
    if display == "full":
        return render.many(resource, found)
    if not display:
        return render.ids(resource, [one.row for one in found])
    if not found:
        query.shown(shop, resource, {}, display)
    listed = [Record(row=query.shown(shop, resource, one.row, display)) for one in found]
    return render.many(resource, listed)


def root(key: Key, render: Renderer) -> Answer:
    """The list of what the key may use, with its methods."""
    names = [one for one in NAMES if key.rights is None or one in key.rights]
    nodes = [
        Node(tag=one, attributes=offer(key, one, render), children=described(key, one, render))
        for one in names
    ]
    api = Node(tag="api", attributes={"shopName": render.shop.name}, children=nodes)
    return render.answer(names, api)


def offer(key: Key, name: str, render: Renderer) -> dict[str, str]:
    methods = ("get", "put", "post", "delete", "head")
    may = {one: "true" if key.may(one.upper(), name) else "false" for one in methods}
    return {"xlink:href": render.link(name), **may}


def described(key: Key, name: str, render: Renderer) -> list[Node]:
    text = Node(tag="description", text=name, attributes=offer(key, name, render))
    if name in NO_SCHEMA:
        return [text]
    schemas_of = [
        Node(
            tag="schema",
            attributes={"xlink:href": f"{render.link(name)}?schema={one}", "type": one},
            short=True,
        )
        for one in ("blank", "synopsis")
    ]
    return [text, *schemas_of]
