import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom_embedded.errors import Refused, Stopped
from postroom_embedded.installation import Installation
from postroom_embedded.signals import Signals

MakeWheel = Callable[[Path, str, str], str]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Wheels come from a folder, nothing from the network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return kept | {"PIP_FIND_LINKS": str(tmp_path / "wheels"), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    (tmp_path / "data").mkdir()
    return Installation(tmp_path / "data", tmp_path / "some.lock")


def _version(installation: Installation) -> str:
    asked = [str(installation.python), "-I", "-c", "import letter; print(letter.VERSION)"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def test_the_lock_is_installed_once_and_again_when_it_changes(
    installation: Installation,
    environ: dict[str, str],
    make_wheel: MakeWheel,
    signals: Signals,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(make_wheel(tmp_path / "wheels", "letter", "1.0"))
    # What an interrupted run left behind is no problem.
    (tmp_path / "data" / "venv.new").mkdir()
    (tmp_path / "data" / "venv.new" / "half").touch()
    installation.ensure(environ, signals)
    assert _version(installation) == "1.0"
    said = capfd.readouterr().out.splitlines()
    assert said[0] == "installing 1 packages from the lock (once)..."
    assert said[1].startswith("downloaded in ")

    installation.ensure(environ, signals)
    assert capfd.readouterr().out == ""

    lock.write_text(make_wheel(tmp_path / "wheels", "letter", "2.0"))
    installation.ensure(environ, signals)
    assert _version(installation) == "2.0"
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["install.log", "venv"]


def test_a_file_that_the_lock_does_not_know_is_refused(
    installation: Installation, environ: dict[str, str], make_wheel: MakeWheel, signals: Signals, tmp_path: Path
) -> None:
    line = make_wheel(tmp_path / "wheels", "letter", "1.0")
    for lock, complaint in ((line[:-5] + "0000\n", "HASHES"), (line.split()[0] + "\n", "hash")):
        (tmp_path / "some.lock").write_text(lock)
        with pytest.raises(Refused, match=complaint):
            installation.ensure(environ, signals)
    with pytest.raises(Refused, match="nothing is installed"):
        installation.demand()


def test_a_signal_stops_it_and_leaves_nothing_that_looks_finished(
    installation: Installation, environ: dict[str, str], make_wheel: MakeWheel, signals: Signals, tmp_path: Path
) -> None:
    (tmp_path / "some.lock").write_text(make_wheel(tmp_path / "wheels", "letter", "1.0"))
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(Stopped):
        installation.ensure(environ, signals)
    with pytest.raises(Refused):
        installation.demand()
