"""Calls to QloApps' webservice: one request each, a success or an error of the tree.

Success is status 200 or 201, JSON, and the node that was asked for; anything else is a failure, and
after a write that was sent an unknown outcome. Redirects are not followed: QloApps answers so when
the host is not the shop's, and a followed POST would come back as a page.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
from agente_hotelero.errors import NotFound, Unavailable
from agente_hotelero.rest import NEVER_SENT

from agente_hotelero_pms_qloapps import failures, wire
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.wire import Row

# Where a resource's node has another name than the resource.
_NODES = {"room_bookings": "bookings", "hotel_rooms": "rooms"}
_RIGHT = re.compile(
    r'<(\w+) xlink:href="[^"]*" get="(\w+)" put="(\w+)" post="(\w+)" delete="(\w+)"'
)
Query = Mapping[str, str | int]
_JSON: Query = {"output_format": "JSON"}


class Client:
    """The webservice of one shop, with one key. Holds no connection of its own."""

    def __init__(self, http: httpx.AsyncClient, config: QloAppsConfig) -> None:
        self._http = http
        self._api = f"{config.base_url}/api"
        self._key = config.api_key

    async def rows(self, resource: str, query: Query | None = None) -> list[Row]:
        """A list, whole fields unless `display` says otherwise."""
        node = _NODES.get(resource, resource)
        asked = {"display": "full", **(query or {})}
        answer = await self._json("GET", resource, query=asked)
        if answer == []:
            return []
        if not isinstance(answer, dict) or node not in answer:
            raise Unavailable(f"GET {resource}: an answer without {node}")
        return wire.items(answer[node])

    async def booking(self, order: int) -> Row:
        """Guest, prices, rooms, services and remarks; neither status nor reference."""
        return _node(await self._json("GET", f"bookings/{order}"), "booking", writes=False)

    async def post_booking(self, body: Mapping[str, Any]) -> Row:
        answer = await self._json("POST", "bookings", body=_json(body), writes=True)
        return _node(answer, "booking", writes=True)

    async def put_booking(self, body: Mapping[str, Any]) -> Row:
        answer = await self._json("PUT", "bookings", body=_json(body), writes=True)
        return _node(answer, "booking", writes=True)

    async def availability(self, fields: Mapping[str, Any]) -> Row:
        """Rooms and prices (ARI); reads, though it is a POST."""
        answer = await self._json("POST", "hotel_ari", body=_xml("hotel_ari", fields))
        return _node(answer, "hotel_ari", writes=False)

    async def put_line(self, line: int, fields: Mapping[str, Any]) -> None:
        body = _xml("booking", fields)
        answer = await self._json("PUT", f"room_bookings/{line}", body=body, writes=True)
        _node(answer, "booking", writes=True)

    async def set_state(self, order: int, state: int) -> None:
        body = _xml("order_history", {"id_order": order, "id_order_state": state})
        answer = await self._json("POST", "order_histories", body=body, writes=True)
        _node(answer, "order_history", writes=True)

    async def synopsis(self, resource: str) -> str:
        """The fields of a resource, as XML."""
        return (await self._markup(resource, {"schema": "synopsis"})).text

    async def rights(self) -> dict[str, frozenset[str]]:
        """The methods that the key may use, by resource."""
        page = (await self._markup("", {})).text
        names = ("GET", "PUT", "POST", "DELETE")
        return {
            resource: frozenset(
                name for name, told in zip(names, flags, strict=True) if told == "true"
            )
            for resource, *flags in _RIGHT.findall(page)
            if resource != "description"
        }

    async def image(self, path: str, limit: int) -> tuple[bytes, str]:
        """An image of at most `limit` bytes and its type. Raises NotFound for anything else."""
        request = self._request("GET", f"images/{path}")
        try:
            response = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                return await _picture(response, limit)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise Unavailable(f"GET images: {type(error).__name__}") from None

    async def _markup(self, path: str, query: Query) -> httpx.Response:
        response = await self._send("GET", path, query=query)
        if response.status_code != 200 or "xml" not in response.headers.get("content-type", ""):
            raise failures.refusal(response, writes=False, what=f"GET {path or 'the root'}")
        return response

    async def _json(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: tuple[str, bytes] | None = None,
        writes: bool = False,
    ) -> Any:
        response = await self._send(
            method, path, query={**(query or {}), **_JSON}, body=body, writes=writes
        )
        what = f"{method} {path.partition('/')[0]}"
        kind = response.headers.get("content-type", "")
        if response.status_code not in (200, 201) or not kind.startswith("application/json"):
            raise failures.refusal(response, writes=writes, what=what)
        try:
            return wire.parsed(response.text)
        except (ValueError, RecursionError):
            raise failures.unsure(f"{what}: an answer that is not JSON", writes) from None

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Query,
        body: tuple[str, bytes] | None = None,
        writes: bool = False,
    ) -> httpx.Response:
        request = self._request(method, path, query, body)
        what = f"{method} {path.partition('/')[0]}"
        try:
            return await self._http.send(request, follow_redirects=False)
        # Without the cause, whose request carries the key.
        except NEVER_SENT as error:
            raise Unavailable(f"{what}: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise failures.unsure(f"{what}: {type(error).__name__}", writes) from None

    def _request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: tuple[str, bytes] | None = None,
    ) -> httpx.Request:
        """With the key, and without the cookie of an earlier answer: QloApps keeps
        a visitor's guest and cart in it, and one booking must know nothing of another."""
        token = base64.b64encode(f"{self._key.get_secret_value()}:".encode()).decode()
        headers = {"Authorization": f"Basic {token}"}
        if body is not None:
            headers["Content-Type"] = body[0]
        request = self._http.build_request(
            method,
            f"{self._api}/{path}",
            params=dict(query or {}),
            headers=headers,
            content=None if body is None else body[1],
        )
        request.headers.pop("Cookie", None)
        return request


async def _picture(response: httpx.Response, limit: int) -> tuple[bytes, str]:
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if response.status_code in (400, 404):
        raise NotFound("no such image")
    if response.status_code != 200 or not kind.startswith("image/"):
        await response.aread()
        raise failures.refusal(response, writes=False, what="GET images")
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > limit:
            raise NotFound("an image that is too large")
    return content, kind


def _node(answer: Any, name: str, *, writes: bool) -> Row:
    if isinstance(answer, dict) and isinstance(answer.get(name), dict):
        found: Row = answer[name]
        return found
    raise failures.unsure(f"an answer without {name}", writes)


def _json(body: Mapping[str, Any]) -> tuple[str, bytes]:
    return "application/json", json.dumps({"booking": body}).encode()


def _xml(node: str, fields: Mapping[str, Any]) -> tuple[str, bytes]:
    return "application/xml", wire.xml(node, fields).encode()
