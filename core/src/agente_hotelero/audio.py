"""Sound files into samples, and samples into voice notes: Ogg/Opus, AAC, MP3, AMR and WAV.

The work is PyAV's, which brings its own FFmpeg (extra `audio`); it is imported when it is used, in
a process of its own (`Sounds`): what guests send is hostile until it is decoded.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from agente_hotelero._sound_files import refuse_cut
from agente_hotelero.errors import BadMedia, Unavailable
from agente_hotelero.speech import BYTES_PER_SAMPLE, RATE, Pcm
from agente_hotelero.workers import Head, Work, Worker

# What FFmpeg is told to expect by the first bytes: by itself it would also open playlists.
MAGIC = ((0, b"OggS", "ogg"), (0, b"#!AMR", "amr"), (0, b"ID3", "mp3"), (4, b"ftyp", "mov"))
CODECS = frozenset(
    {"opus", "libopus", "aac", "mp3", "mp3float", "amrnb", "amrwb", "libopencore_amrnb",
     "libopencore_amrwb", "pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_alaw", "pcm_mulaw"}
)  # fmt: skip
LONGEST_SECONDS = 180.0
DECODE_SECONDS = 15.0
# WhatsApp shows a note with a play button up to this size (Meta's reference of audio messages).
LARGEST_NOTE = 512 * 1024
NOTE_MIME = "audio/ogg; codecs=opus"
NOTE_RATE, NOTE_BITS, FEWEST_BITS = 16_000, 24_000, 8_000


@dataclass(kw_only=True)
class Sounds:
    """Decodes and encodes in one process of its own."""

    worker: Worker = field(
        default_factory=lambda: Worker(
            factory="agente_hotelero.audio:work", memory_mb=512, waiting=8
        )
    )

    async def decode(self, body: bytes, longest: float = LONGEST_SECONDS) -> Pcm:
        """Samples at 16,000 a second. Raises BadMedia for what is broken, longer than `longest`
        seconds, or no sound; Throttled and Unavailable."""
        head: Head = {"do": "decode", "longest": longest}
        answer, samples = await self._call(head, body)
        return Pcm(samples=samples, rate=int(answer["rate"]))

    async def encode(self, pcm: Pcm) -> bytes:
        """A voice note of at most 512 KB. Raises BadMedia for what does not fit, Throttled and
        Unavailable."""
        _, note = await self._call({"do": "encode", "rate": pcm.rate}, pcm.samples)
        return note

    async def aclose(self) -> None:
        await self.worker.aclose()

    async def _call(self, head: Head, body: bytes) -> tuple[Head, bytes]:
        try:
            return await self.worker.call(head, body, within=DECODE_SECONDS)
        except RuntimeError as error:
            # Whatever a decoder does with what a guest sent is the file's fault.
            raise BadMedia(str(error)) from error


def work() -> Work:
    """For the process."""
    try:
        import av  # noqa: F401
    except ImportError:
        raise Unavailable(
            'sound needs the extra audio: pip install "agente-hotelero-core[audio]"'
        ) from None

    def do(head: Head, body: bytes) -> tuple[Head, bytes]:
        if head["do"] == "decode":
            return {"rate": RATE}, decode(body, float(head["longest"]))
        return {}, encode(body, int(head["rate"]))

    return do


def decode(body: bytes, longest: float = LONGEST_SECONDS) -> bytes:
    """Samples of a file. Raises BadMedia. Counted is what comes out: a file says what it likes."""
    import av

    kind = _kind(body)
    refuse_cut(kind, body)
    try:
        with av.open(io.BytesIO(body), format=kind, metadata_errors="ignore") as container:
            return _samples(container, int(longest * RATE))
    except (av.error.FFmpegError, ValueError, IndexError, ArithmeticError, OSError) as error:
        raise BadMedia(f"cannot be decoded: {type(error).__name__}") from error


def _kind(body: bytes) -> str:
    for at, mark, kind in MAGIC:
        if body[at : at + len(mark)] == mark:
            return kind
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        return "wav"
    if len(body) > 1 and body[0] == 0xFF and body[1] & 0xE0 == 0xE0:
        # A frame of MPEG audio; layer 0 is AAC's own framing (ADTS).
        return "aac" if body[1] & 0x06 == 0 else "mp3"
    raise BadMedia("no sound of a known kind")


def _samples(container: Any, most: int) -> bytes:
    import av

    if len(container.streams.audio) != 1 or container.streams.video:
        raise BadMedia("not one sound and nothing else")
    stream = container.streams.audio[0]
    if stream.codec_context is None or stream.codec_context.name not in CODECS:
        raise BadMedia("a codec that is not taken")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    found = bytearray()
    for frame in container.decode(stream):
        _add(found, resampler.resample(frame), most)
    _add(found, resampler.resample(None), most)
    if not found:
        raise BadMedia("no sound in it")
    return bytes(found)


def _add(found: bytearray, frames: Any, most: int) -> None:
    for frame in frames:
        found += bytes(frame.planes[0])[: frame.samples * BYTES_PER_SAMPLE]
        if len(found) > most * BYTES_PER_SAMPLE:
            raise BadMedia("longer than is taken", too_long=True)


def encode(samples: bytes, rate: int) -> bytes:
    """Samples as Ogg/Opus, mono, as phones record it. Raises BadMedia for what does not fit."""
    import av

    count = len(samples) // BYTES_PER_SAMPLE
    if not count:
        raise BadMedia("nothing to say")
    bits = int(min(NOTE_BITS, LARGEST_NOTE * 7 / (count / rate)))
    if bits < FEWEST_BITS:
        raise BadMedia("longer than a note may be", too_long=True)
    file = io.BytesIO()
    with av.open(file, mode="w", format="ogg") as container:
        options = {"application": "voip", "frame_duration": "20"}
        stream = container.add_stream("libopus", rate=NOTE_RATE, layout="mono", options=options)
        stream.bit_rate = bits
        frame = av.AudioFrame(format="s16", layout="mono", samples=count)
        frame.sample_rate = rate
        frame.planes[0].update(samples[: count * BYTES_PER_SAMPLE])
        resampler = av.AudioResampler(format="s16", layout="mono", rate=NOTE_RATE)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    note = file.getvalue()
    if len(note) > LARGEST_NOTE:
        raise BadMedia("longer than a note may be", too_long=True)
    return note
