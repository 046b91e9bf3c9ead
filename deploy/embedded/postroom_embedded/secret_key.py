"""The secret of this data folder: made once, because a restart must understand what it signed and encrypted."""

import os
import secrets
from pathlib import Path

from postroom_embedded.errors import Refused


def find_secret_key(folder: Path) -> str:
    """Read it, or make it; raises Refused when the folder does not allow that."""
    file = folder / "secret-key"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    except OSError as problem:
        raise Refused(f"{file}: {problem.strerror}") from problem
    key = secrets.token_hex(32)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{key}\n")
    return key
