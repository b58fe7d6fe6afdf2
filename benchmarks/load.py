"""A client that costs little: keep-alive connections, requests made beforehand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence

from benchmarks.servers import NUMBER, signature

Request = bytes


def webhook(phone: str, wamid: str, text: str, at: float | None = None) -> bytes:
    """A body as Meta sends it, of one text message."""
    message = {
        "from": phone,
        "id": wamid,
        "timestamp": str(int(at or time.time())),
        "text": {"body": text},
        "type": "text",
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": phone}],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    entry = {"id": "200000000000001", "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def request(body: bytes) -> Request:
    head = (
        "POST /webhooks/whatsapp HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Hub-Signature-256: {signature(body)}\r\n\r\n"
    )
    return head.encode() + body


async def post_all(port: int, requests: Sequence[Request], connections: int) -> None:
    """Send every request, as many at once as there are connections. Raises on any but 200."""
    waiting = iter(requests)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for raw in waiting:
            writer.write(raw)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            lower = head.lower()
            if b"content-length: " in lower:
                size = int(lower.split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(size)
            else:  # chunked
                while (await reader.readuntil(b"\r\n")) != b"0\r\n":
                    continue
                await reader.readuntil(b"\r\n")
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
