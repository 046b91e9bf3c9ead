"""What is cut off a library when an image is made: no more than what nobody loads."""

import importlib.machinery
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

SCRIPT = Path("deploy/images/prune").resolve()
USE = """
import sys
sys.path.insert(0, sys.argv[1])
import msgspec
from msgspec import _core
assert _core.__file__.startswith(sys.argv[1])
print(msgspec.json.encode(msgspec.msgpack.decode(msgspec.msgpack.encode({"a": [1, 2.5, None]}))).decode())
"""


@pytest.fixture(scope="module")
def prune() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("prune", str(SCRIPT))
    spec = importlib.util.spec_from_loader("prune", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """The shared object of a copy of a library."""
    shutil.copytree(Path(msgspec.__file__).parent, tmp_path / "msgspec")
    (file,) = (tmp_path / "msgspec").glob("_core.*.so")
    return file


def test_a_library_that_was_stripped_is_smaller_and_works(prune: ModuleType, library: Path) -> None:
    before = library.stat().st_size

    freed = prune.strip(library)

    assert 0 < freed == before - library.stat().st_size
    used = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", USE, library.parent.parent],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (used.returncode, used.stdout, used.stderr) == (0, '{"a":[1,2.5,null]}\n', "")


def test_a_library_is_stripped_once(prune: ModuleType, library: Path) -> None:
    prune.strip(library)
    stripped = library.read_bytes()

    assert prune.strip(library) == 0
    assert library.read_bytes() == stripped


@pytest.mark.parametrize(
    "content",
    [b"", b"\x7fELF", b"#!/bin/sh\n" * 20, b"\x7fELF\x01\x01" + bytes(90), b"\x7fELF\x02\x02" + bytes(90)],
    ids=["empty", "short", "script", "32 bits", "big-endian"],
)
def test_a_file_that_is_no_such_library_stays_as_it_is(prune: ModuleType, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.so"
    file.write_bytes(content)

    assert prune.strip(file) == 0
    assert file.read_bytes() == content
