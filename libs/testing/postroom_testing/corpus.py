"""Mails to send in tests: as long and as awkward as those that real services send."""

import os
from dataclasses import dataclass
from pathlib import Path

OWN = Path(__file__).parent / "corpus"
FOLDER_VARIABLE = "POSTROOM_TEST_CORPUS"


class CorpusError(RuntimeError):
    """The folder that POSTROOM_TEST_CORPUS names does not hold pairs of NAME.html and NAME.txt."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Both bodies exactly as in their files: line ends are not touched."""

    name: str
    html: str
    text: str


def load() -> list[Mail]:
    """Return our own mails, and those of the folder that POSTROOM_TEST_CORPUS names, sorted by name."""
    mails = read_folder(OWN)
    if folder := os.environ.get(FOLDER_VARIABLE):
        mails += read_folder(Path(folder))
    return mails


def read_folder(folder: Path) -> list[Mail]:
    """Raises CorpusError when there is no pair in it, or a half of one."""
    stems = sorted({path.stem for path in folder.glob("*") if path.suffix in {".html", ".txt"}})
    if not stems:
        raise CorpusError(f"{FOLDER_VARIABLE}: no mails in {folder}")
    return [Mail(stem, _read(folder / f"{stem}.html"), _read(folder / f"{stem}.txt")) for stem in stems]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise CorpusError(f"{FOLDER_VARIABLE}: {path} is missing: mails come as pairs") from None
