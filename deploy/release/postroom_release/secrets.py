"""A deploy's secrets: one file each, named in records and never copied into one."""

import hashlib
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from postroom_release.errors import EX_CONFIG, Refused

MOUNTED = "/etc/postroom/secrets"
"""Where a container finds those that its service reads."""

VARIABLES = {
    "database_url": "POSTROOM_DATABASE_URL",
    "redis_url": "POSTROOM_REDIS_URL",
    "mail_url": "POSTROOM_MAIL_URL",
    "secret_key": "POSTROOM_SECRET_KEY",
}
"""The files that are a variable's value."""

AWS_CREDENTIALS = "aws_credentials"
"""AWS's own format of a credentials file, where no role of the machine gives any."""

FOR_DATABASE = ("database_password", "database_root_password")

NAMES = (*VARIABLES, AWS_CREDENTIALS, *FOR_DATABASE)


def make_secrets(folder: Path) -> None:
    """Those that can be made: of the bundled database, and Postroom's own key."""
    folder.mkdir(mode=0o700)
    password = secrets.token_urlsafe(32)
    made = {
        "database_url": f"mysql+pymysql://postroom:{password}@database/postroom",
        "database_password": password,
        "database_root_password": secrets.token_urlsafe(32),
        "secret_key": secrets.token_hex(32),
    }
    for name, text in made.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{text}\n")


def mark_secrets(folder: Path, names: Iterable[str]) -> str:
    """A mark that is another one after any of these was written. It is made of when that was, and of no value."""
    written = [f"{name} {file.stat().st_mtime_ns}" for name in sorted(names) if (file := folder / name).exists()]
    return hashlib.sha256("\n".join(written).encode()).hexdigest()[:16]


def ensure_secrets(folder: Path, names: Iterable[str]) -> None:
    """Raises Refused where some of these are not there, or as `list_secrets` does."""
    found = list_secrets(folder)
    if missing := [f"secrets/{name}" for name in names if name not in found]:
        raise Refused(
            f"{', '.join(missing)}: the release reads it, and it is not there (in {folder.parent})", exit_code=EX_CONFIG
        )


def list_secrets(folder: Path) -> list[str]:
    """Which are there, by name.

    Raises:
        Refused: a file that nobody reads, that others may read, or that is empty.
    """
    found = sorted(file.name for file in folder.iterdir())
    problems = []
    for name in found:
        told = (folder / name).stat()
        if name not in NAMES:
            problems.append(f"secrets/{name}: unknown; expected one of {', '.join(NAMES)}")
        elif stat.S_IMODE(told.st_mode) & 0o077:
            problems.append(f"secrets/{name}: others may read it; chmod 600 it")
        elif told.st_size == 0:
            problems.append(f"secrets/{name}: empty; remove it, or put the value there")
    if problems:
        raise Refused("the secrets cannot be used:\n  " + "\n  ".join(problems), exit_code=EX_CONFIG)
    return found
