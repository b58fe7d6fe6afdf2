"""What only Gmail has, and Dovecot has not: a few lines of IMAP that know ``X-GM-EXT-1``.

Source of the forms: Google's reference of its IMAP extensions.
"""

from __future__ import annotations

import re
import socket
import threading
from typing import Self

CAN = "IMAP4rev1 IDLE ID X-GM-EXT-1 SPECIAL-USE"


class FakeGmail:
    """`mails` are (uid, X-GM-THRID, raw); all are there when the second look comes."""

    def __init__(self, mails: list[tuple[int, str, bytes]]) -> None:
        self.mails = mails
        self.said: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line, line.makefile("rwb") as wire:
            wire.write(f"* OK [CAPABILITY {CAN}] Gimap ready\r\n".encode())
            wire.flush()
            for request in wire:
                text = request.decode().strip()
                self.said.append(text)
                if text == "DONE":
                    wire.write(b"IDLE OK done\r\n".replace(b"IDLE", self._idle.encode()))
                else:
                    self._answer(wire, text)
                wire.flush()

    def _answer(self, wire: object, text: str) -> None:
        tag, _, command = text.partition(" ")
        lines: list[bytes] = []
        if command.startswith("IDLE"):
            self._idle = tag
            lines.append(b"+ idling\r\n* 1 EXISTS\r\n")
        else:
            lines += self._untagged(command)
            lines.append(f"{tag} OK done\r\n".encode())
        wire.writelines(lines)  # type: ignore[attr-defined]

    def _untagged(self, command: str) -> list[bytes]:
        if command.startswith("CAPABILITY"):
            return [f"* CAPABILITY {CAN}\r\n".encode()]
        if command.startswith("EXAMINE"):
            return [b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\n"]
        if command.startswith("UID SEARCH"):
            numbers = " ".join(str(uid) for uid, _, _ in self.mails)
            return [f"* SEARCH {numbers}\r\n".encode()]
        found = re.match(r"UID FETCH (\d+) ", command)
        return self._fetched(int(found[1])) if found else []

    def _fetched(self, uid: int) -> list[bytes]:
        for number, (one, thread, raw) in enumerate(self.mails, 1):
            if one == uid:
                head = (
                    f"* {number} FETCH (X-GM-THRID {thread} UID {uid} RFC822.SIZE {len(raw)} "
                    'INTERNALDATE "18-Nov-2026 12:00:00 +0000" '
                    f"BODY[]<0> {{{len(raw)}}}\r\n"
                )
                return [head.encode(), raw, b")\r\n"]
        return []
