"""One file per backup: a tar of the database, guests' files and a manifest; sealed with age if
keys are given (https://age-encryption.org/v1, so that `age --decrypt` opens it too)."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from agente_hotelero._backup.digests import Digest
from agente_hotelero.errors import ConfigError, Rejected

DATABASE, MANIFEST, MEDIA = "database", "manifest.json", "media/"
SEALED = ".age"
CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds: rows by table, and the hash of each file in it."""

    made_at: str
    version: str
    kind: str
    tables: dict[str, Digest]
    files: dict[str, str] = field(default_factory=dict)
    # Files that rows named when all was packed; what was forgotten meanwhile is not among them.
    named: list[str] | None = None

    def dumped(self) -> bytes:
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, body: bytes) -> Manifest:
        """Raises Rejected."""
        try:
            told = orjson.loads(body)
            tables = {name: (int(rows), str(sha)) for name, (rows, sha) in told["tables"].items()}
            return cls(**{**told, "tables": tables})
        except (ValueError, TypeError, KeyError) as error:
            raise Rejected("its manifest cannot be read") from error


async def pack(
    to: Path,
    manifest: Manifest,
    database: Path,
    media: AsyncIterator[tuple[str, bytes]],
    named: Callable[[], Awaitable[list[str]]],
) -> Manifest:
    """Write a tar; the manifest comes last, with the hashes of what went before."""
    files = {DATABASE: _hash_of(database)}
    with tarfile.open(to, "w") as tar:
        tar.add(database, DATABASE)
        async for name, body in media:
            _add(tar, MEDIA + name, body)
            files[MEDIA + name] = hashlib.sha256(body).hexdigest()
        whole = Manifest(**{**vars(manifest), "files": files, "named": await named()})
        _add(tar, MANIFEST, whole.dumped())
    return whole


def unpack(file: Path, folder: Path) -> Manifest:
    """Into a folder, each file against its hash. Raises Rejected for one that is not as it was
    packed, and for a name that leads elsewhere."""
    found: dict[str, str] = {}
    folder = folder.resolve()
    try:
        with tarfile.open(file) as tar:
            for member in tar:
                target = _place(folder, member)
                _make_parents(folder, target)
                with target.open("wb") as out:
                    shutil.copyfileobj(_content(tar, member), out, CHUNK)
                found[member.name] = _hash_of(target)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Rejected(f"it cannot be unpacked: {type(error).__name__}") from error
    if MANIFEST not in found:
        raise Rejected("it ends before its manifest")
    del found[MANIFEST]
    manifest = Manifest.read((folder / MANIFEST).read_bytes())
    if found != manifest.files:
        raise Rejected("its files are not those of its manifest")
    return manifest


def seal(file: Path, to: Path, recipients: Sequence[str]) -> None:
    """Encrypt for the holders of these keys. Raises ConfigError."""
    age = _age()
    try:
        keys = [age.x25519.Recipient.from_str(one) for one in recipients]
    except age.RecipientError:
        raise ConfigError.at("backup_recipients", "is not an age key", "age1…") from None
    with file.open("rb") as plain, to.open("wb") as sealed:
        age.encrypt_io(plain, sealed, keys)


def unseal(file: Path, to: Path, identity: str) -> None:
    """Raises ConfigError for a key that is none, Rejected for one that does not open it."""
    age = _age()
    try:
        key = age.x25519.Identity.from_str(identity.strip())
    except age.IdentityError:
        raise ConfigError.at("backup_identity", "is not an age key", "AGE-SECRET-KEY-…") from None
    try:
        with file.open("rb") as sealed, to.open("wb") as plain:
            age.decrypt_io(sealed, plain, [key])
    except (age.DecryptError, OSError) as error:
        raise Rejected("this key does not open it, or it is damaged") from error


def new_keys() -> tuple[str, str]:
    """A secret key, and the public one that belongs to it."""
    made = _age().x25519.Identity.generate()
    return str(made), str(made.to_public())


def _age() -> Any:
    try:
        import pyrage
    except ImportError:
        raise ConfigError.at(
            "backup_recipients", "needs the extra age", 'pip install "agente-hotelero-core[age]"'
        ) from None
    return pyrage


def _add(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    import io

    about = tarfile.TarInfo(name)
    about.size = len(body)
    tar.addfile(about, io.BytesIO(body))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise Rejected("it holds something that is no file")
    return content


def _place(folder: Path, member: tarfile.TarInfo) -> Path:
    target = (folder / member.name).resolve()
    if not target.is_relative_to(folder):
        raise Rejected("a name in it leads elsewhere")
    return target


def _make_parents(folder: Path, target: Path) -> None:
    """From the folder downwards: what it is in was perhaps taken away, and does not come back."""
    for parent in reversed(target.relative_to(folder).parents):
        (folder / parent).mkdir(exist_ok=True)


def _hash_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def differences(packed: dict[str, Digest], restored: dict[str, Digest]) -> Iterable[str]:
    """Tables whose rows are not those of the backup."""
    return sorted(
        name for name in packed.keys() | restored.keys() if packed.get(name) != restored.get(name)
    )
