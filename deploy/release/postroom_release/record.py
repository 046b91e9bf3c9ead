"""Releases: one build and one config, written once. A record never changes.

The number of a release that ran is given to no other, even when its record is gone.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from postroom_release.build import Build
from postroom_release.config import Config
from postroom_release.errors import EX_DATAERR, EX_NOINPUT, Refused

_FILE = re.compile(r"([0-9]{6})\.json")


@dataclass(frozen=True, slots=True)
class Record:
    """One release.

    Args:
        created_at: RFC 3339, UTC.
        images: of the services, and of the backing services that run beside them: each by id or digest.
        config: as it was then.
        compose: the text of compose.yaml as it was then: how the images are run belongs to a release as well.
    """

    release: int
    created_at: str
    version: str
    commit: str
    modified: bool
    images: dict[str, str]
    config: Config
    compose: str

    @property
    def fingerprint(self) -> str:
        """Of the config: two releases with the same one differ in their builds alone."""
        return fingerprint(asdict(self.config))

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        told["config"] = self.config.values
        told["secrets"] = [f"secrets/{name}" for name in self.config.secrets]
        told["config_fingerprint"] = self.fingerprint
        return told | {"record_fingerprint": fingerprint(told)}


class Records:
    """The records of a deploy.

    Args:
        folder: holds one file for each, 000001.json and so on.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def numbers(self) -> list[int]:
        """Oldest first."""
        return sorted(int(found[1]) for file in self._folder.iterdir() if (found := _FILE.fullmatch(file.name)))

    def add(
        self,
        build: Build,
        config: Config,
        *,
        images: dict[str, str],
        compose: str,
        now: datetime,
        used: Iterable[int] = (),
    ) -> Record:
        """Write the next record.

        Args:
            build: what runs.
            config: how.
            images: of the backing services, beside the build's.
            compose: the text of compose.yaml.
            now: the time.
            used: numbers that are not to be given again although their records may be gone.
        """
        number = max([*self.numbers(), *used], default=0) + 1
        while True:
            record = Record(
                release=number,
                created_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
                version=build.version,
                commit=build.commit,
                modified=build.modified,
                images=build.images | images,
                config=config,
                compose=compose,
            )
            if self._write(record):
                return record
            number += 1

    def read(self, number: int) -> Record:
        """Raises Refused for one that is not there, or was altered."""
        file = self._file(number)
        try:
            told = json.loads(file.read_bytes())
        except FileNotFoundError as problem:
            there = ", ".join(map(str, self.numbers())) or "none; `make release` makes one"
            raise Refused(f"there is no release {number}; there are: {there}", exit_code=EX_NOINPUT) from problem
        except ValueError as problem:
            raise _altered(file) from problem
        return _check(file, number, told)

    def read_all(self) -> list[Record]:
        """Oldest first; raises as `read` does."""
        return [self.read(number) for number in self.numbers()]

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:06}.json"

    def _write(self, record: Record) -> bool:
        """Whole, or not at all; False where somebody else has taken the number."""
        with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix=".writing-", encoding="utf-8") as file:  # 0600
            json.dump(record.as_json(), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
            try:
                # Unlike a rename, a link never replaces what is there.
                os.link(file.name, self._file(record.release))
            except FileExistsError:
                return False
        _keep(self._folder)
        return True


def fingerprint(told: object) -> str:
    """SHA-256 over JSON with its keys sorted and no spaces."""
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _keep(folder: Path) -> None:
    """Have the disk know the new name, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(file: Path, number: int, told: Any) -> Record:
    try:
        record = Record(
            release=told["release"],
            created_at=told["created_at"],
            version=told["version"],
            commit=told["commit"],
            modified=told["modified"],
            images=told["images"],
            config=Config(told["config"], tuple(name.removeprefix("secrets/") for name in told["secrets"])),
            compose=told["compose"],
        )
        if record.as_json() == told and record.release == number:
            return record
    except (AttributeError, KeyError, TypeError) as problem:
        raise _altered(file) from problem
    raise _altered(file)


def _altered(file: Path) -> Refused:
    return Refused(
        f"{file}: the record was altered since it was written, and is not run; `make release` makes a new one",
        exit_code=EX_DATAERR,
    )


def describe(records: list[Record], running: dict[int, str]) -> Iterator[str]:
    """A table, newest first; what is to be said of a release that runs comes by its number."""
    yield f"{'':2}{'release':8} {'made':21} {'version':10} {'commit':13} {'config':13}"
    for record in reversed(records):
        state = running.get(record.release, "")
        commit = record.commit[:9] + ("-mod" if record.modified else "")
        config = record.fingerprint.removeprefix("sha256:")[:12]
        mark = "*" if state else ""
        line = f"{mark:2}{record.release:<8} {record.created_at:21} {record.version:10} {commit:13} {config:13} {state}"
        yield line.rstrip()
