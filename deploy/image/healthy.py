"""Ends with 0 if the address answers 200: for health checks, which must cost little."""

import sys
import urllib.error
import urllib.request

SECONDS = 4


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - of the image
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(sys.argv[1]) else 1)
