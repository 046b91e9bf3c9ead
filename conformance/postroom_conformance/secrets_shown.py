"""Whether something that can be read shows a secret. What is found tells its name, not its value."""

import gzip
import io
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, cast

_GZIP = b"\x1f\x8b"
_CHUNK_BYTES = 4 * 1024 * 1024


def find_shown(texts: Mapping[str, str], secrets: Mapping[str, str]) -> list[str]:
    """Where it stands (the keys of texts), and which (the keys of secrets)."""
    return [
        f"{place} shows {name}" for place, text in texts.items() for name, secret in secrets.items() if secret in text
    ]


def find_saved(images: Iterable[str], secrets: Mapping[str, str]) -> list[str]:
    """In anything that images carry: every layer, files that a later one hides included, history and labels."""
    with subprocess.Popen(  # noqa: S603 - the tests' own
        ["docker", "save", *images],  # noqa: S607 - from PATH, as the caller has it
        stdout=subprocess.PIPE,
    ) as saving:
        if saving.stdout is None:
            raise TypeError("a pipe was asked for")
        found = list(_search(saving.stdout, secrets))
    if saving.returncode != 0:
        raise RuntimeError(f"docker save ended with {saving.returncode}")
    return found


def _search(archive: IO[bytes], secrets: Mapping[str, str]) -> Iterator[str]:
    """A file's bytes stand as they are in a layer, which is an archive."""
    with tarfile.open(fileobj=archive, mode="r|") as members:
        for member in members:
            if content := members.extractfile(member):
                yield from (f"{member.name} holds {name}" for name in sorted(_search_one(content, secrets)))


def _search_one(content: IO[bytes], secrets: Mapping[str, str]) -> set[str]:
    reader = io.BufferedReader(cast("io.RawIOBase", content))
    # Some engines compress the layers.
    unpacked = gzip.GzipFile(fileobj=reader) if reader.peek(2)[:2] == _GZIP else reader
    keep = max(map(len, secrets.values()))
    found, before = set(), b""
    while chunk := unpacked.read(_CHUNK_BYTES):
        found |= {name for name, secret in secrets.items() if secret.encode() in before + chunk}
        before = chunk[-keep:]
    return found
