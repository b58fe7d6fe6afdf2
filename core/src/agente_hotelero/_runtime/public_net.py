"""Calls to addresses that data name: to the internet only, and to the very address that was looked
at, whatever the name says a moment later."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import traceback
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

SECONDS = 10.0


class NotPublic(httpx.ConnectError):
    """The host has an address of a private network, or of this machine."""


class PublicOnly(httpx.AsyncBaseTransport):
    """Resolves each host once, refuses it unless all of its addresses are of the internet, and
    connects to one of those; certificates are checked against the name."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises NotPublic, and ConnectError for a host that nobody knows."""
        name = request.url.host
        address = await public_address(name, request)
        request.url = request.url.copy_with(host=address)
        # The header Host was written from the name already.
        request.extensions = {**request.extensions, "sni_hostname": name}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def public_address(host: str, request: httpx.Request) -> str:
    """One address of a host. Raises NotPublic when any of them is not of the internet."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("unknown host", request=request) from error
    addresses = [str(one[4][0]).split("%")[0] for one in found]
    if not addresses or not all(is_of_the_internet(one) for one in addresses):
        raise NotPublic("not a public address", request=request)
    return addresses[0]


def is_of_the_internet(address: str) -> bool:
    """Also of an IPv4 address inside an IPv6 one: mapped, 6to4, NAT64, Teredo.

    Forms of which the standard library knows too little are refused whatever they hold.
    """
    one = ipaddress.ip_address(address)
    if isinstance(one, ipaddress.IPv6Address):
        inner = [one.ipv4_mapped, one.sixtofour, *(one.teredo or ())]
        if one in NAT64:
            inner.append(ipaddress.IPv4Address(int(one) & 0xFFFFFFFF))
        if one.is_site_local or one.is_multicast or any(one in net for net in REFUSED):
            return False
        return one.is_global and all(v4.is_global for v4 in inner if v4 is not None)
    return one.is_global and not one.is_multicast


NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# IPv4-compatible, IPv4-translated, and NAT64 of one's own network.
REFUSED = [ipaddress.IPv6Network(one) for one in ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48")]


class Client(httpx.AsyncClient):
    """As httpx's, whose libraries ask a socket that was reset in the moment of connecting for its
    peer: nothing was sent then, and that is no bug of whoever called."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        try:
            return await super().send(request, **options)
        except AttributeError as error:
            if traceback.extract_tb(error.__traceback__)[-1].name != "extra_attributes":
                raise
            raise httpx.ConnectError("reset while connecting", request=request) from error


def client(*, private_too: bool) -> httpx.AsyncClient:
    """For strangers: no cookies, no proxy of the environment, no redirects."""
    direct = httpx.AsyncHTTPTransport(trust_env=False)
    return Client(
        transport=direct if private_too else PublicOnly(direct),
        cookies=no_cookies(),
        trust_env=False,
        follow_redirects=False,
        timeout=SECONDS,
    )


def no_cookies() -> CookieJar:
    """A jar that takes none: what one server sets is nothing for another, or for the next hotel."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))
