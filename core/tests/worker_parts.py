"""What runs in the processes of test_workers.py."""

from __future__ import annotations

import os
import time
from typing import Any

from agente_hotelero.errors import BadMedia, Unsupported


def work(greeting: str = "hello") -> Any:
    print("a library that chats")

    def do(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        match head["do"]:
            case "greet":
                return {"said": greeting, "pid": os.getpid()}, body[::-1]
            case "print":
                print("noise on stdout")
                return {"said": "printed"}, b""
            case "sleep":
                time.sleep(head["seconds"])
                return {"said": "slept"}, b""
            case "crash":
                os.abort()
            case "grow":
                return {"size": len(bytearray(head["megabytes"] * 1024 * 1024))}, b""
            case "refuse":
                raise BadMedia("broken", too_long=True)
            case "secret":
                return {"seen": os.environ.get("SOME_SECRET", "")}, b""
            case _:
                raise KeyError("a bug with words of a guest")

    return do


def refusing() -> Any:
    raise Unsupported("not on this machine")


def hanging() -> Any:
    os._exit(3)
