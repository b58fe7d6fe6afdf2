"""A guest on the chat page, without a browser."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE = 30


@dataclass
class Visitor:
    """Writes on a hotel's chat page and reads its lines; the cookie outlives a restart."""

    tenant: str = "default"
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def open(self, url: str) -> list[dict[str, Any]]:
        """The page, and the lines it shows."""
        page = httpx.get(f"{url}/chat/{self.tenant}", cookies=self.cookies)
        page.raise_for_status()
        self.cookies.update(page.cookies)
        (lines,) = re.findall(
            r'<script type="application/json" id="lines">(.+?)</script>', page.text
        )
        found: list[dict[str, Any]] = json.loads(lines)
        return found

    def say(self, url: str, text: str, choice: str | None = None) -> None:
        said = {"id": uuid.uuid4().hex, "text": text, "choice": choice}
        path = f"{url}/chat/{self.tenant}/messages"
        httpx.post(path, json=said, cookies=self.cookies).raise_for_status()

    def ask(self, url: str, text: str, *, expecting: str) -> str:
        """Say something and return the answers to it, once they hold what is expected."""
        before = len(self.open(url))
        self.say(url, text)
        return self.wait(url, before, expecting)

    def wait(self, url: str, before: int, expecting: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = self.open(url)[before:]
            words = "\n".join(line["text"] for line in lines if line["from"] == "hotel")
            if expecting in words:
                return words
            if time.monotonic() > deadline:
                raise AssertionError(f"no {expecting!r} in {words!r}")
            time.sleep(0.05)
