"""Whisper's weights from CTranslate2's file into whisper.cpp's, tensor by tensor.

Formats: CTranslate2's `ModelSpec.save` (version 6: names, shapes, types, bytes) and whisper.cpp's
`whisper_model_load` (magic ``ggml``, hyper-parameters, mel filters, tokens, tensors).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC, HALF = 0x67676D6C, 1
VERSION = 6
FLOAT16 = 4
LAYERS, HEADS, STATE, AUDIO, TEXT, VOCABULARY, MELS, FFT = 6, 8, 512, 1500, 448, 51865, 80, 201
Tensor = NDArray[Any]
# CTranslate2's names within a layer, and whisper.cpp's.
NORMS = {"self_attention": "attn_ln", "attention": "cross_attn_ln", "ffn": "mlp_ln"}
FEED = {"ffn/linear_0": "mlp.0", "ffn/linear_1": "mlp.2"}


def convert(folder: Path, out: Path, filters: NDArray[np.float32]) -> None:
    """Write `out` from the model in a folder. Raises ValueError for another form of file."""
    with (folder / "model.bin").open("rb") as source:
        tensors = dict(_read(source))
    tokens = _tokens(folder / "tokenizer.json")
    part = out.with_suffix(".part")
    with part.open("wb") as file:
        sizes = (VOCABULARY, AUDIO, STATE, HEADS, LAYERS, TEXT, STATE, HEADS, LAYERS, MELS, HALF)
        file.write(struct.pack("<12i", MAGIC, *sizes))
        file.write(struct.pack("<2i", MELS, FFT) + filters.astype("<f4").tobytes())
        file.write(struct.pack("<i", len(tokens)))
        for token in tokens:
            file.write(struct.pack("<i", len(token)) + token)
        for name, tensor in _named(tensors):
            _write(file, name, tensor)
    part.replace(out)


def _read(source: BinaryIO) -> Iterator[tuple[str, Tensor]]:
    (version,) = struct.unpack("<I", source.read(4))
    if version != VERSION or _text(source) != "WhisperSpec":
        raise ValueError("not a model of Whisper in CTranslate2's version 6")
    _, count = struct.unpack("<2I", source.read(8))
    for _ in range(count):
        name, rank = _text(source), source.read(1)[0]
        shape = struct.unpack(f"<{rank}I", source.read(4 * rank))
        kind, size = struct.unpack("<BI", source.read(5))
        body = source.read(size)
        if kind == FLOAT16:
            yield name, np.frombuffer(body, dtype="<f2").reshape(shape)


def _text(source: BinaryIO) -> str:
    (length,) = struct.unpack("<H", source.read(2))
    return source.read(length).rstrip(b"\0").decode("ascii")


def _named(tensors: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for side in ("encoder", "decoder"):
        yield f"{side}.positional_embedding", tensors[f"{side}/position_encodings/encodings"]
        for layer in range(LAYERS):
            yield from _layer(tensors, f"{side}/layer_{layer}/", f"{side}.blocks.{layer}.")
    for conv in ("conv1", "conv2"):
        yield f"encoder.{conv}.weight", tensors[f"encoder/{conv}/weight"]
        yield f"encoder.{conv}.bias", tensors[f"encoder/{conv}/bias"].reshape(STATE, 1)
    yield "decoder.token_embedding.weight", tensors["decoder/embeddings/weight"]
    for theirs, ours in (
        ("encoder/layer_norm", "encoder.ln_post"),
        ("decoder/layer_norm", "decoder.ln"),
    ):
        yield from _norm(tensors, theirs, ours)


def _layer(tensors: dict[str, Tensor], theirs: str, ours: str) -> Iterator[tuple[str, Tensor]]:
    for part, name in NORMS.items():
        if f"{theirs}{part}/layer_norm/gamma" in tensors:
            yield from _norm(tensors, f"{theirs}{part}/layer_norm", ours + name)
    for part, name in FEED.items():
        for end in ("weight", "bias"):
            yield f"{ours}{name}.{end}", tensors[f"{theirs}{part}/{end}"]
    yield from _attention(tensors, f"{theirs}self_attention", f"{ours}attn", (3,))
    if f"{theirs}attention/linear_0/weight" in tensors:
        yield from _attention(tensors, f"{theirs}attention", f"{ours}cross_attn", (1, 2))


def _attention(
    tensors: dict[str, Tensor], theirs: str, ours: str, fused: tuple[int, ...]
) -> Iterator[tuple[str, Tensor]]:
    """Query, key and value lie in one tensor, or query in one and the others in the next; a key has
    no bias in Whisper."""
    for end in ("weight", "bias"):
        parts = [
            part
            for number, count in enumerate(fused)
            for part in np.split(tensors[f"{theirs}/linear_{number}/{end}"], count)
        ]
        for name, part in zip(("query", "key", "value"), parts, strict=True):
            if (name, end) != ("key", "bias"):
                yield f"{ours}.{name}.{end}", part
        yield f"{ours}.out.{end}", tensors[f"{theirs}/linear_{len(fused)}/{end}"]


def _norm(tensors: dict[str, Tensor], theirs: str, ours: str) -> Iterator[tuple[str, Tensor]]:
    yield f"{ours}.weight", tensors[f"{theirs}/gamma"]
    yield f"{ours}.bias", tensors[f"{theirs}/beta"]


def _write(file: BinaryIO, name: str, tensor: Tensor) -> None:
    """Matrices by halves; vectors, biases and positions in full, as whisper.cpp wants them."""
    whole = tensor.ndim < 2 or name.endswith((".bias", "positional_embedding"))
    body = tensor.astype("<f4" if whole else "<f2")
    head = struct.pack("<3i", tensor.ndim, len(name), 0 if whole else HALF)
    file.write(head + struct.pack(f"<{tensor.ndim}i", *reversed(tensor.shape)))
    file.write(name.encode("ascii") + body.tobytes())


def _tokens(file: Path) -> list[bytes]:
    """The plain tokens as bytes: in the file each byte stands as a letter (GPT-2's table)."""
    vocabulary: dict[str, int] = json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]
    letters = _letters()
    ordered = sorted(vocabulary.items(), key=lambda one: one[1])
    return [
        bytes(letters[mark] for mark in text)
        for text, _ in ordered
        if all(mark in letters for mark in text)
    ]


def _letters() -> dict[str, int]:
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {
        chr(256 + place): byte for place, byte in enumerate(others)
    }
