from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from agente_hotelero import Services
from agente_hotelero.cli import main
from agente_hotelero.errors import Unavailable
from agente_hotelero.speech import ListenRequest, Pcm
from agente_hotelero.workers import Worker
from agente_hotelero_stt_tts import commands, models, pico, speech_parts, whispercpp
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.listening import Listener
from agente_hotelero_stt_tts.models import Model
from click.testing import CliRunner

SHIPPED = Path(SttTtsConfig().models_dir)


def sha(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Two pieces in a package of their own."""
    package = tmp_path / "site" / "some_weights"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('nobody imports weights')")
    (package / "a.bin").write_bytes(b"first ")
    (package / "b.bin").write_bytes(b"second")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return replace(
        models.WHISPER,
        name="small",
        hashes={"model.bin": sha(b"first second")},
        pieces={"model.bin": [("some_weights", "a.bin"), ("some_weights", "b.bin")]},
    )


def test_pieces_are_put_together_and_verified_without_importing_them(
    model: Model, tmp_path: Path
) -> None:
    place = model.folder(tmp_path / "models")
    assert (place / "model.bin").read_bytes() == b"first second"
    assert model.verify(tmp_path / "models") == []
    assert "some_weights" not in sys.modules


def test_a_file_that_is_not_the_one_that_is_pinned_is_never_used(
    model: Model, tmp_path: Path
) -> None:
    other = replace(model, hashes={"model.bin": sha(b"something else")})
    with pytest.raises(Unavailable, match="not the file that is pinned"):
        other.folder(tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_file_that_was_changed_later_is_told(model: Model, tmp_path: Path) -> None:
    place = model.folder(tmp_path)
    (place / "model.bin").write_bytes(b"poisoned")
    assert model.verify(tmp_path) == ["model.bin"]


def swapped(model: Model, tmp_path: Path, file: str) -> Path:
    """A model's folder in which one file is another's; the others are links."""
    place = tmp_path / model.name
    place.mkdir()
    for name in model.hashes:
        (place / name).symlink_to((model.folder(SHIPPED) / name).resolve())
    (place / file).unlink()
    (place / file).write_bytes(b"poisoned")
    return place


@pytest.mark.anyio
@pytest.mark.parametrize("file", sorted(models.WHISPER.hashes))
@pytest.mark.parametrize("factory", ["whisper", "whispercpp"])
async def test_a_process_listens_with_no_file_that_was_changed_since(
    tmp_path: Path, file: str, factory: str
) -> None:
    place = swapped(models.WHISPER, tmp_path, file)
    settings = {"folder": str(place), "threads": 1, "beam": 1}
    worker = Worker(factory=f"agente_hotelero_stt_tts.{factory}:work", settings=settings)
    with pytest.raises(Unavailable, match=f"{file} is not the file that is pinned"):
        await worker.start()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("model", "file"),
    [(models.KOKORO, "kokoro.onnx"), *((models.VOICES, one) for one in models.VOICES.hashes)],
)
async def test_a_process_speaks_with_no_file_that_was_changed_since(
    tmp_path: Path, model: Model, file: str
) -> None:
    places = {one.name: one.folder(SHIPPED) for one in (models.KOKORO, models.VOICES)}
    places[model.name] = swapped(model, tmp_path, file)
    settings = {
        "model": str(places[models.KOKORO.name] / "kokoro.onnx"),
        "voices": str(places[models.VOICES.name]),
        "threads": 1,
    }
    worker = Worker(factory="agente_hotelero_stt_tts.kokoro:work", settings=settings)
    with pytest.raises(Unavailable, match=f"{file} is not the file that is pinned"):
        await worker.start()


@pytest.mark.parametrize(
    ("model", "begin"), [(models.VAD, speech_parts.Voices), (models.PICO, pico.work)]
)
def test_what_is_used_where_its_package_has_it_is_compared_too(
    model: Model, begin: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin()
    for file in model.hashes:
        with monkeypatch.context() as other:
            hashes = {**model.hashes, file: sha(b"another")}
            name = "VAD" if model is models.VAD else "PICO"
            other.setattr(models, name, replace(model, hashes=hashes))
            with pytest.raises(Unavailable, match=f"{file} is not the file that is pinned"):
                begin()


def test_weights_for_whisper_cpp_that_are_not_the_converted_ones_are_made_anew(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pywhispercpp")
    place = tmp_path / "whisper-base"
    place.mkdir()
    for name in models.WHISPER.hashes:
        (place / name).symlink_to((models.WHISPER.folder(SHIPPED) / name).resolve())
    (place / whispercpp.FILE).write_bytes(b"poisoned")
    whispercpp.work(str(place), 1, 1)
    assert models.same(place / whispercpp.FILE, models.GGML_SHA256)


def test_what_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    absent = replace(models.WHISPER, pieces={"model.bin": [("no_such_package", "x")]})
    told = absent.told(tmp_path)
    assert told.missing == 'pip install "agente-hotelero-stt-tts[whisper]"'
    with pytest.raises(Unavailable, match="is not installed: pip install"):
        absent.folder(tmp_path)


@pytest.mark.anyio
async def test_without_weights_an_engine_opens_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    absent = replace(models.WHISPER, pieces={"model.bin": [("no_such_package", "x")]})
    monkeypatch.setattr(models, "WHISPER", absent)
    async with Listener(SttTtsConfig(models_dir=str(tmp_path)), services) as engine:
        health = await engine.health()
        assert not health.ok
        assert "pip install" in health.detail
        with pytest.raises(Unavailable, match="pip install"):
            await engine.transcribe(ListenRequest(pcm=Pcm(samples=b""), languages=("es",)))


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            made.addfile(info, io.BytesIO(body))
    return out.getvalue()


def test_voices_are_taken_out_of_their_package_if_they_are_the_right_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = replace(models.VOICES, hashes={"ef_dora.bin": sha(b"dora")})
    monkeypatch.setattr(models, "VOICES", pinned)
    good, bad = tmp_path / "good.tgz", tmp_path / "bad.tgz"
    extra = {"package/../../evil.bin": b"x"}
    good.write_bytes(archive({"package/voices/ef_dora.bin": b"dora", **extra}))
    bad.write_bytes(archive({"package/voices/ef_dora.bin": b"someone else"}))
    with pytest.raises(Unavailable, match="pinned"):
        commands.unpack_voices(bad, tmp_path / "m")
    assert not pinned.here(tmp_path / "m")
    commands.unpack_voices(good, tmp_path / "m")
    assert pinned.here(tmp_path / "m")
    assert not (tmp_path / "evil.bin").exists()


def test_the_command_lists_each_model_with_its_licence() -> None:
    told = CliRunner().invoke(main, ["voice", "models"])
    assert told.exit_code == 0
    for model in models.ALL:
        assert model.name in told.output
        assert model.licence in told.output


def test_the_command_verifies_and_fails_for_a_broken_file(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "ALL", (model,))
    model.folder(tmp_path)
    asked = ["voice", "models", "--verify", "--models-dir", str(tmp_path)]
    good = CliRunner().invoke(main, asked)
    assert (good.exit_code, "installed, verified" in good.output) == (0, True)
    (tmp_path / "small" / "model.bin").write_bytes(b"x")
    bad = CliRunner().invoke(main, asked)
    assert (bad.exit_code, "BROKEN: model.bin" in bad.output) == (1, True)


def test_the_shipped_weights_are_the_pinned_ones() -> None:
    """135 MB that are read once: what everybody's notes are heard with."""
    folder = Path(SttTtsConfig().models_dir)
    assert models.WHISPER.verify(folder) == []
