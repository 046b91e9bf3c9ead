import base64
import hashlib
import io
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postroom_embedded.signals import Signals

_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


@pytest.fixture
def signals() -> Iterator[Signals]:
    """The real ones, given back to pytest afterwards."""
    before = {number: signal.getsignal(number) for number in _OURS}
    taken = Signals()
    yield taken
    signal.set_wakeup_fd(-1)
    taken._reader.close()
    taken._writer.close()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def make_wheel() -> Callable[[Path, str, str], str]:
    """Writes a wheel of one module into a folder, and returns its line for a lock."""

    def make(folder: Path, name: str, version: str) -> str:
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": f'VERSION = "{version}"\n',
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},{_hash(text)},{len(text)}\n" for path, text in files.items())
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
                archive.writestr(path, text)
        folder.mkdir(exist_ok=True, parents=True)
        (folder / f"{name}-{version}-py3-none-any.whl").write_bytes(content.getvalue())
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(content.getvalue()).hexdigest()}\n"

    return make


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s in vain"
            time.sleep(0.02)

    return wait


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
