"""HTTP as uvicorn speaks it, with an end to how long and how large a request's head may be.

Without these a client that sends a header for ever costs memory for ever, and one that sends
nothing a connection.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
HEAD_SECONDS = 15.0


class BoundedHead(HttpToolsProtocol):
    """Closes a connection whose next request is not begun, or not understood, in time."""

    _head: int | None = 0
    _ended = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head is not None and self._deadline is None:
            self._expect_head()
        self._ended = False
        super().data_received(data)
        # What ended a request was its body; what follows it in the same piece is little.
        if self._head is not None and not self._ended and not self.transport.is_closing():
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self.send_400_response("Headers too large.")

    def on_headers_complete(self) -> None:
        self._have_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head, self._ended = 0, True

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _have_head(self) -> None:
        self._head = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
