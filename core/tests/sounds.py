"""Sound files for tests: made here, or a note of the plugin's tests."""

from __future__ import annotations

import io
import math
import struct
from functools import cache
from pathlib import Path
from typing import Any

import av

NOTE = Path(__file__).parents[2] / "plugins/stt_tts/tests/notes/es-00-a.ogg"


@cache
def tone(seconds: float = 1.0, rate: int = 16_000) -> bytes:
    """A sine of 440 Hz as samples."""
    count = int(seconds * rate)
    values = (int(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(count))
    return struct.pack(f"<{count}h", *values)


def made(kind: str, codec: str, rate: int = 16_000, seconds: float = 1.0) -> bytes:
    """A file of a kind, encoded by FFmpeg."""
    samples, file = tone(seconds), io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
        frame.sample_rate = 16_000
        frame.planes[0].update(samples)
        resampler = av.AudioResampler(
            format=stream.codec_context.format.name,
            layout="mono",
            rate=rate,
            frame_size=stream.codec_context.frame_size or 1024,
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return file.getvalue()


def bomb(minutes: int) -> bytes:
    """Ogg/Opus of almost nothing that decodes to minutes of silence: packets of two bytes, each two
    frames of 60 ms in SILK's narrow band (RFC 6716, 3.1 and 3.2.5)."""
    packet = bytes([0b00011011, 2])
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 16_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"none" + struct.pack("<I", 0)
    pages = [_page(0, 0, [head], 2), _page(1, 0, [tags], 0)]
    left, granule = minutes * 60 * 1000 // 120, 0
    while left > 0:
        count = min(left, 255)
        granule += count * 5760
        left -= count
        pages.append(_page(len(pages), granule, [packet] * count, 0 if left else 4))
    return b"".join(pages)


def _page(number: int, granule: int, packets: list[bytes], flags: int) -> bytes:
    """RFC 3533, 6."""
    lengths = bytes(len(one) for one in packets)
    head = b"OggS" + struct.pack("<BBqIIIB", 0, flags, granule, 7, number, 0, len(packets))
    page = head + lengths + b"".join(packets)
    return page[:22] + struct.pack("<I", _crc(page)) + page[26:]


@cache
def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


def _crc(page: bytes) -> int:
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ _table()[((value >> 24) & 0xFF) ^ byte]
    return value
