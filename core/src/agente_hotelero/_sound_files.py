"""Whether a sound file is whole, by what its own form says of its length. Pure.

Decoders take what there is of a file that was cut off; but what was said last may be what counts
("... no, for three"). Where a form cannot tell (AMR and AAC between two frames, a WAV file of
unknown length), what there is is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from agente_hotelero.errors import BadMedia

UNKNOWN = 0xFFFFFFFF
# MPEG audio, layer III (ISO 11172-3, 13818-3): kbit/s by index for version 1 and for 2 and 2.5.
KBITS = {
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def refuse_cut(kind: str, body: bytes) -> None:
    """Raises BadMedia for a file that is shorter than it says."""
    if kind in WHOLE and not WHOLE[kind](body):
        raise BadMedia("the file is cut off")


def _ogg(body: bytes) -> bool:
    """Every page is whole (RFC 3533, 6). That the last one ends its stream is not demanded: some
    telephones' recorders leave the flag out, and a note refused for ever would be the worse."""
    at = 0
    while at < len(body):
        count = body[at + 26] if at + 26 < len(body) else 0
        lengths = body[at + 27 : at + 27 + count]
        end = at + 27 + count + sum(lengths)
        if body[at : at + 4] != b"OggS" or len(lengths) < count or end > len(body):
            return False
        at = end
    return True


def _wav(body: bytes) -> bool:
    """The samples are all there (Microsoft's RIFF: chunks of a name and a size, padded to two)."""
    at = 12
    while at + 8 <= len(body):
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        if body[at : at + 4] == b"data":
            return size == UNKNOWN or at + 8 + size <= len(body)
        at += 8 + size + size % 2
    return False


def _mov(body: bytes) -> bool:
    """Each box of the outermost level is whole (ISO 14496-12, 4.2)."""
    at = 0
    while at < len(body):
        size, head = int.from_bytes(body[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(body[at + 8 : at + 16], "big"), 16
        if size == 0:
            return True
        if size < head or at + size > len(body):
            return False
        at += size
    return True


def _mp3(body: bytes) -> bool:
    """The last frame is whole, and there are as many as the first one says (Xing's header)."""
    first = _first_frame(body)
    sizes = list(_frames(body, first))
    end = first + sum(sizes)
    rest = body[end:]
    if rest[:1] == b"\xff" and (len(rest) < 4 or _frame(rest, 0)):
        return False
    return len(sizes) > _declared(body[first : first + sum(sizes[:1])])


def _first_frame(body: bytes) -> int:
    """After ID3v2, whose size is in groups of seven bits."""
    if body[:3] != b"ID3" or len(body) < 10:
        return 0
    size = 0
    for byte in body[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _frames(body: bytes, at: int) -> Iterator[int]:
    """The sizes of the frames that are whole, one after the other."""
    while (size := _frame(body, at)) and at + size <= len(body):
        yield size
        at += size


def _frame(body: bytes, at: int) -> int:
    """How long the frame that begins here is; 0 where none of layer III with a known rate does."""
    head = int.from_bytes(body[at : at + 4], "big") if at + 4 <= len(body) else 0
    version, layer = head >> 19 & 3, head >> 17 & 3
    bits, rate, padded = head >> 12 & 15, head >> 10 & 3, head >> 9 & 1
    if head >> 21 != 0x7FF or layer != 1 or version == 1 or bits in (0, 15) or rate == 3:
        return 0
    share = 144_000 if version == 3 else 72_000
    return share * KBITS[version == 3][bits - 1] // RATES[version][rate] + padded


def _declared(frame: bytes) -> int:
    """How many frames follow this one, if it says so."""
    at = max(frame.find(b"Xing", 0, 64), frame.find(b"Info", 0, 64))
    if at < 0 or not int.from_bytes(frame[at + 4 : at + 8], "big") & 1:
        return -1
    return int.from_bytes(frame[at + 8 : at + 12], "big")


WHOLE: Mapping[str, Callable[[bytes], bool]] = {
    "ogg": _ogg,
    "wav": _wav,
    "mov": _mov,
    "mp3": _mp3,
}
