"""The folder that holds all that outlives a run: the database, the captured mail, the installed lock."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from postroom_embedded.errors import Refused
from postroom_embedded.variables import DATA_DIR

_UNFIT = frozenset("?#%")


def find_data_folder(environ: Mapping[str, str], root: Path) -> Path:
    """Where it is, made or not; raises Refused for a path that a database URL cannot carry."""
    path = Path(environ.get(DATA_DIR) or root / ".postroom").absolute()
    if any(c.isspace() or not c.isprintable() or c in _UNFIT for c in str(path)):
        raise Refused(f"{path}: a data folder's path must hold no space, ?, # or %; set {DATA_DIR} to another")
    return path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder, and keep every other runner out of it; raises Refused when there is one."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise Refused(f"{folder}: {problem.strerror}; set {DATA_DIR} to a folder that can be written") from problem
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            raise Refused(
                f"Postroom runs already on {folder} (process {holder}); stop it, or set {DATA_DIR} to another folder"
            ) from problem
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
