"""Files: what guests sent, from Meta's servers, and what we send, to them.

An id is asked for an address, which is good for five minutes and wants the token; the id of what a
guest sent lives for seven days. Facts: A5 of the WhatsApp facts page.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
from urllib.parse import urljoin, urlsplit

import httpx
from agente_hotelero import Services
from agente_hotelero.errors import HoteleroError, NotFound, Rejected, Unavailable
from agente_hotelero.messages import Attachment, Media

from agente_hotelero_channel_whatsapp import sniffing
from agente_hotelero_channel_whatsapp.errors import UNKNOWN_OBJECT, Refusal, Refused, error_of
from agente_hotelero_channel_whatsapp.graph import Graph
from agente_hotelero_channel_whatsapp.wire import Json, table, text

ID = re.compile(r"[A-Za-z0-9_-]+")
SECONDS = 60.0
REDIRECTS = 3
HOSTS = ("graph.facebook.com",)
DOMAINS = (".fbsbx.com", ".whatsapp.net")
VOICE = "audio/ogg; codecs=opus"
MEGABYTE = 1024 * 1024
LARGEST = {"document": 100, "video": 16, "audio": 16, "voice": 16}


async def fetch(graph: Graph, media: Media, limit: int) -> bytes:
    """A file that a guest sent, whole and as it was said to be.

    Raises NotFound (its time is over), Rejected (beyond `limit` bytes, from elsewhere, or not what
    it was said to be), TemporaryError, AuthFailed.
    """
    try:
        async with asyncio.timeout(SECONDS):
            told = await _ask(graph, media.id)
            try:
                body = await _download(graph, told, limit)
            except NotFound:
                told = await _ask(graph, media.id)
                body = await _download(graph, told, limit)
    except TimeoutError as error:
        raise Unavailable("the file took too long") from error
    _check(body, media, _digest(text(told.get("sha256"))) or _digest(media.sha256))
    return body


def _check(body: bytes, media: Media, promised: bytes) -> None:
    if promised and hashlib.sha256(body).digest() != promised:
        raise Rejected("the file is not the one that was announced")
    if not sniffing.fits(body, media.kind, media.mime_type):
        raise Rejected("the file is not what it was said to be")


async def _ask(graph: Graph, media_id: str) -> Json:
    if not ID.fullmatch(media_id):
        raise NotFound("not an id of Meta's")
    try:
        answer = await graph.ask(media_id, phone_number_id=graph.account)
    except Refused as refused:
        refusal = refused.refusal
        if refusal.status == 404 or refusal.code == UNKNOWN_OBJECT:
            raise NotFound("Meta has the file no more") from refused
        raise error_of(refusal, writes=False) from refused
    try:
        return table(answer.json())
    except (ValueError, RecursionError) as error:
        raise Unavailable("an answer that is not JSON") from error


async def _download(graph: Graph, told: Json, limit: int) -> bytes:
    """The file at an address of Meta's, also where that leads to another of them."""
    size, url = text(told.get("file_size")), text(told.get("url"))
    if size.isdecimal() and int(size) > limit:
        raise Rejected("the file is too large")
    for _ in range(REDIRECTS):
        if not is_metas(url, graph.base):
            raise Rejected("the file is not on Meta's servers")
        async with graph.stream(url) as response:
            if not response.has_redirect_location:
                return await _read(response, limit)
            url = urljoin(url, response.headers["location"])
    raise Rejected("the file is nowhere")


async def _read(response: httpx.Response, limit: int) -> bytes:
    if not response.is_success:
        raise _gone(response.status_code)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise Rejected("the file is too large")
    return bytes(body)


def _gone(status: int) -> HoteleroError:
    """An address whose five minutes are over answers 404, or 401 as for a wrong token."""
    if status in (401, 403, 404, 410):
        return NotFound(f"HTTP {status}")
    return error_of(Refusal(status=status), writes=False)


def is_metas(url: str, base: str) -> bool:
    """Whether the token may be shown there: at Meta's own hosts over TLS, or at the configured
    one, which may be a simulator's. Pure."""
    try:
        there, ours = urlsplit(url), urlsplit(base)
        port = there.port
    except ValueError:
        return False
    if (there.scheme, there.netloc) == (ours.scheme, ours.netloc):
        return True
    host = (there.hostname or "").lower()
    known = host in HOSTS or host.endswith(DOMAINS)
    return there.scheme == "https" and port in (None, 443) and known and not there.username


def _digest(said: str) -> bytes:
    """32 bytes written in hexadecimal, as the media endpoint does, or base64, as webhooks do;
    empty for anything else."""
    for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
        try:
            found = decode(said)
        except (ValueError, binascii.Error):
            continue
        if len(found) == hashlib.sha256().digest_size:
            return found
    return b""


async def upload(graph: Graph, services: Services, file: Attachment) -> str:
    """The id of a file of the media store at Meta. Raises NotFound, Rejected, TemporaryError."""
    body = await services.media.get(file.stored)
    if len(body) > LARGEST[file.kind] * MEGABYTE:
        raise Rejected("the file is larger than WhatsApp takes")
    mime_type = VOICE if file.kind == "voice" else file.mime_type
    form = {"messaging_product": "whatsapp", "type": mime_type}
    files = {"file": (file.filename or "file", body, mime_type)}
    try:
        answer = await graph.post(f"{graph.account}/media", writes=False, data=form, files=files)
    except Refused as refused:
        raise error_of(refused.refusal, by_link=False, writes=False) from refused
    media_id = text(table(answer).get("id"))
    if not media_id:
        raise Unavailable("an upload without an id")
    return media_id
