from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from agente_hotelero import audio
from agente_hotelero._sound_files import _first_frame, _frames
from agente_hotelero.audio import LARGEST_NOTE, Sounds
from agente_hotelero.errors import BadMedia
from agente_hotelero.speech import RATE, Pcm
from hypothesis import given, settings
from hypothesis import strategies as st

from core.tests.sounds import bomb, made, tone

KINDS = {
    "Ogg/Opus": ("ogg", "libopus", 16_000),
    "AAC": ("adts", "aac", 16_000),
    "AAC in MP4": ("mp4", "aac", 16_000),
    "MP3": ("mp3", "libmp3lame", 16_000),
    "AMR": ("amr", "libopencore_amrnb", 8_000),
    "WAV": ("wav", "pcm_s16le", 44_100),
}


@pytest.fixture
async def sounds(anyio_backend: str) -> AsyncIterator[Sounds]:
    opened = Sounds()
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_becomes_samples_at_one_rate(kind: str) -> None:
    found = audio.decode(made(*KINDS[kind]))
    assert 0.9 < len(found) / 2 / RATE < 1.3


def test_a_video_a_text_and_a_playlist_are_no_sound() -> None:
    for body in (b"", b"hello", b"#EXTM3U\nfile:///etc/passwd", b"OggS", b"\xff\xfb"):
        with pytest.raises(BadMedia):
            audio.decode(body)
    with pytest.raises(BadMedia):
        audio.decode(made("wav", "adpcm_ima_wav"))


def test_a_small_file_that_decodes_to_much_is_refused_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Soon is 0.5 s of a processor (benchmarks/voice measures it); here, no sample too many."""
    sizes: list[int] = []
    add = audio._add

    def noting(found: bytearray, frames: Any, most: int) -> None:
        try:
            add(found, frames, most)
        finally:
            sizes.append(len(found))

    monkeypatch.setattr(audio, "_add", noting)
    body = bomb(42)
    assert len(body) < 70_000
    with pytest.raises(BadMedia) as caught:
        audio.decode(body)
    assert caught.value.too_long
    assert max(sizes) / 2 / RATE < audio.LONGEST_SECONDS + 1


def test_the_same_frames_within_the_limit_are_taken() -> None:
    """So that the bomb above is refused for its length, and not for its form."""
    assert len(audio.decode(bomb(1))) / 2 / RATE == pytest.approx(60, abs=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_off_is_refused(kind: str) -> None:
    """Wherever it is cut, but between two frames where its form cannot tell."""
    body = made(*KINDS[kind])
    full = len(audio.decode(body))
    for length in (*range(0, len(body), 97), len(body) - 7, len(body) - 1):
        if kind in ("AAC", "AMR") and _decodes(body[:length]):
            continue
        with pytest.raises(BadMedia):
            audio.decode(body[:length])
    assert full


def _decodes(body: bytes) -> bool:
    """Whether FFmpeg takes it: it refuses a frame that is not whole of these."""
    try:
        return bool(audio.decode(body))
    except BadMedia:
        return False


def test_an_ogg_file_without_the_mark_of_its_end_is_taken() -> None:
    """Recorders of some telephones leave it out."""
    body = audio.encode(tone(1.0) * 8, RATE)
    last, end = _pages(body)[-2:]
    assert body[last + 5] & 4
    unmarked = _with_checksum(body[last:end], flags=body[last + 5] & ~4)
    marked, other = audio.decode(body), audio.decode(body[:last] + unmarked)
    assert len(other) == pytest.approx(len(marked), abs=RATE // 10)


def _with_checksum(page: bytes, flags: int) -> bytes:
    """A page with other flags (RFC 3533, 6: CRC-32 of polynomial 04c11db7, nothing reflected)."""
    blank = bytearray(page)
    blank[5], blank[22:26] = flags, bytes(4)
    crc = 0
    for byte in blank:
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    blank[22:26] = crc.to_bytes(4, "little")
    return bytes(blank)


def _pages(body: bytes) -> list[int]:
    ends, at = [], 0
    while at < len(body):
        count = body[at + 26]
        at += 27 + count + sum(body[at + 27 : at + 27 + count])
        ends.append(at)
    return ends


def test_an_mp3_file_with_fewer_frames_than_it_declares_is_refused() -> None:
    body = made(*KINDS["MP3"])
    first = _first_frame(body)
    sizes = list(_frames(body, first))
    whole = first + sum(sizes)
    assert whole == len(body)
    with pytest.raises(BadMedia, match="cut off"):
        audio.decode(body[: whole - sizes[-1]])
    # Without the frame that declares, nobody can know; what follows a file is not its frames.
    plain = body[first + sizes[0] :]
    assert audio.decode(plain[: -sizes[-1]])
    assert audio.decode(plain + b"TAG" + bytes(125))
    with pytest.raises(BadMedia, match="cut off"):
        audio.decode(plain[:-1])


def test_a_wav_file_whose_writer_did_not_know_its_length_is_taken() -> None:
    body = made(*KINDS["WAV"])
    at = body.index(b"data") + 4
    assert len(audio.decode(body[:at] + b"\xff\xff\xff\xff" + body[at + 4 :])) > 31_000


def test_a_note_is_ogg_opus_of_one_channel_and_lasts_as_long() -> None:
    note = audio.encode(tone(3.0), RATE)
    assert note[:4] == b"OggS"
    assert note[28:36] == b"OpusHead"
    assert note[37] == 1
    assert len(audio.decode(note)) / 2 / RATE == pytest.approx(3.0, abs=0.05)


def test_a_long_note_is_made_to_fit_and_a_longer_one_refused() -> None:
    note = audio.encode(tone(1.0) * 240, RATE)
    assert len(note) <= LARGEST_NOTE
    with pytest.raises(BadMedia) as caught:
        audio.encode(bytes(2 * RATE * 900), RATE)
    assert caught.value.too_long
    with pytest.raises(BadMedia):
        audio.encode(b"", RATE)


@pytest.mark.anyio
async def test_a_process_decodes_and_encodes(sounds: Sounds) -> None:
    note = await sounds.encode(Pcm(samples=tone(1.0, 24_000), rate=24_000))
    pcm = await sounds.decode(note)
    assert (pcm.rate, round(pcm.seconds, 1)) == (RATE, 1.0)
    with pytest.raises(BadMedia) as caught:
        await sounds.decode(note, longest=0.5)
    assert caught.value.too_long


BODIES = {kind: made(*KINDS[kind]) for kind in KINDS}


@settings(max_examples=150)
@given(
    kind=st.sampled_from(sorted(BODIES)),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=20),
    cut=st.integers(0, 4000),
    junk=st.binary(max_size=50),
)
def test_whatever_bytes_come_the_answer_is_samples_or_bad_media(
    kind: str, changes: list[tuple[int, int]], cut: int, junk: bytes
) -> None:
    """In the test's own process: a crash of the decoder would end it. The product decodes in
    another."""
    body = bytearray(BODIES[kind])
    for place, value in changes:
        body[place % len(body)] = value
    spoilt = bytes(body[: max(len(body) - cut, 0)]) + junk
    try:
        found = audio.decode(spoilt, longest=60)
    except BadMedia:
        return
    assert len(found) % 2 == 0
