"""Dovecot with a configuration of its own in a folder, started and stopped by a test."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Self

START_SECONDS = 10
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0 secs
auth_verbose = yes
mail_max_userip_connections = 100
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = {uid}
last_valid_uid = {uid}
mail_location = maildir:~/Maildir
imap_capability = {capability}
mailbox_list_index = no
maildir_very_dirty_syncs = no
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/passwords
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Enviados {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Todos {{
    auto = create
    special_use = \\All
  }}
}}
service imap-login {{
  chroot =
  client_limit = 200
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  chroot =
}}
service stats {{
  chroot =
}}
"""


def dovecot_missing() -> str:
    """Why there can be no Dovecot here; empty when there can."""
    if _binary() is None:
        return "dovecot is not installed (apt-get install dovecot-imapd)"
    return ""


class Dovecot:
    """`users` are addresses with their passwords. Mails are files in their Maildirs: whatever is
    put there has been delivered. `capability` is what it says it can do, if not all."""

    def __init__(self, users: Mapping[str, str], *, capability: str = "") -> None:
        self.folder = Path()
        self.capability = capability
        self.users = dict(users)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        # Not in a test's own folder: where we are root, its processes are others and may not look.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.folder.chmod(0o755)
        for user in self.users:
            self._made(self._maildir(user))
        self.set_passwords(self.users)
        config = self.folder / "dovecot.conf"
        own = _users()
        uid, gid = _owner()
        ids = {"uid": uid, "gid": gid, "port": self.port}
        told = {"folder": self.folder, "capability": self.capability}
        config.write_text(CONFIG.format(**told, **own, **ids))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Returns when it answers. Raises RuntimeError with its log if it does not."""
        binary = _binary()
        if binary is None:
            raise RuntimeError(dovecot_missing())
        with (self.folder / "stderr").open("wb") as complaints:
            self._process = subprocess.Popen(  # noqa: S603 - our own, found on the path
                [binary, "-F", "-c", str(self.folder / "dovecot.conf")],
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"dovecot did not start: {self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """All of its processes at once: asked kindly it takes a second."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(START_SECONDS)
            self._process = None

    def set_passwords(self, users: Mapping[str, str]) -> None:
        """From now on these are right, and no others. It reads them once a second at most."""
        self.users = dict(users)
        lines = [f"{user}:{{PLAIN}}{password}::::::" for user, password in users.items()]
        path = self.folder / "passwords"
        path.write_text("\n".join(lines) + "\n")
        self._count += 1
        os.utime(path, (self._count, self._count))
        if self._process is not None:
            time.sleep(1.1)

    def deliver(
        self, user: str, mail: EmailMessage | bytes, *, at: datetime | None = None, box: str = ""
    ) -> None:
        """Put a mail into a mailbox, as taken in at an instant (now if not given)."""
        raw = mail if isinstance(mail, bytes) else bytes(mail)
        self._count += 1
        home = self._maildir(user)
        maildir = self._made(home / box if box else home)
        stamp = time.time_ns() if at is None else int(at.timestamp() * 1e9)
        name = f"{stamp}.{os.getpid()}_{self._count:06}.test"
        waiting = maildir / "tmp" / name
        waiting.write_bytes(raw)
        os.utime(waiting, ns=(stamp, stamp))
        waiting.rename(maildir / "new" / name)

    def mails(self, user: str, *, box: str = "") -> list[bytes]:
        """Everything in a mailbox, in the order of its coming."""
        home = self._maildir(user)
        maildir = home / box if box else home
        files = [path for name in ("new", "cur") for path in (maildir / name).glob("*")]
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.name)]

    def renumber(self, user: str) -> None:
        """Number all mails anew, as a server does that has lost its index: UIDVALIDITY changes."""
        maildir = self._maildir(user)
        uids = maildir / "dovecot-uidlist"
        validity = re.search(r" V(\d+) ", uids.read_text())
        for path in maildir.glob("dovecot*"):
            path.unlink()
        after = int(validity[1]) + 1000 if validity else 1
        uids.write_text(f"3 V{after} N1 G{'0' * 32}\n")
        os.chown(uids, *_owner())

    def log(self) -> str:
        return "".join(
            path.read_text(errors="replace")
            for path in (self.folder / "dovecot.log", self.folder / "stderr")
            if path.exists()
        )

    def _maildir(self, user: str) -> Path:
        return self.folder / "mail" / user / "Maildir"

    def _made(self, maildir: Path) -> Path:
        """A Maildir that whoever runs the mail processes may change."""
        for path in (self.folder / "mail", maildir.parent, maildir):
            self._give(path)
        for name in ("tmp", "new", "cur"):
            self._give(maildir / name)
        return maildir

    def _give(self, path: Path) -> None:
        if not path.exists():
            path.mkdir(parents=True)
            os.chown(path, *_owner())

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                return line.recv(64).startswith(b"* OK")
        except OSError:
            return False


def _users() -> dict[str, str]:
    """Who its processes are: it does not run as root."""
    if os.getuid() == 0:
        return {"user": "dovecot", "group": "dovecot", "login": "dovenull"}
    user = getpass.getuser()
    return {"user": user, "group": grp.getgrgid(os.getgid()).gr_name, "login": user}


def _owner() -> tuple[int, int]:
    """Whom mails belong to: never root, whose mails it does not touch."""
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid
    return os.getuid(), os.getgid()


def _binary() -> str | None:
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
