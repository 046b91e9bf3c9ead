"""Reads what `make package` and `publish_images.py` write: which images are one build."""  # noqa: INP001 - a script's

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

EX_USAGE = 64
EX_DATAERR = 65
EX_NOINPUT = 66
EX_UNAVAILABLE = 69


@dataclass(frozen=True, slots=True)
class Manifest:
    """One build.

    Args:
        version: of Postroom.
        commit: 40 hex digits.
        modified: whether files differed from the commit's.
        base: the image that its images stand on, as it was named.
        references: how Docker knows the image of each service.
    """

    version: str
    commit: str
    modified: bool
    base: str
    references: Mapping[str, str]

    @property
    def tag(self) -> str:
        """What its images say of the commit."""
        return tag_of(self.commit, modified=self.modified)


def tag_of(commit: str, *, modified: bool) -> str:
    return f"{commit}-modified" if modified else commit


def read_manifest(file: Path) -> Manifest:
    """A file that is not there or says something else ends this process, with a line that says so."""
    try:
        told = json.loads(file.read_text("utf-8"))
    except OSError as error:
        fail(f"{file}: {error.strerror}; `make package` writes dist/build.json", EX_NOINPUT)
    except ValueError as error:
        fail(f"{file}: not JSON: {error}", EX_DATAERR)
    try:
        references = {service: image["reference"] for service, image in told["images"].items()}
        return Manifest(told["version"], told["commit"], told["modified"], told["base"], references)
    except (AttributeError, KeyError, TypeError):
        fail(f"{file}: expected version, commit, modified, base, and a reference for each of images", EX_DATAERR)


def write_manifest(file: Path, manifest: Manifest) -> None:
    images = {service: {"reference": reference} for service, reference in manifest.references.items()}
    told = {
        "version": manifest.version,
        "commit": manifest.commit,
        "modified": manifest.modified,
        "base": manifest.base,
        "images": images,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=2) + "\n", "utf-8")


def fail(problem: str, code: int) -> NoReturn:
    sys.stderr.write(f"{problem}\n")
    sys.exit(code)
