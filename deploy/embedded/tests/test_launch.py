import os
import subprocess
from pathlib import Path

import pytest

from postroom_embedded.address import find_free_ports

_FOLDER = Path(__file__).parent.parent


def _call(name: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(_FOLDER / name), *arguments], env=os.environ | more, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "variable"), [("run", "POSTROOM_DATA_DIR"), ("send", "TO"), ("webhook-listen", "WEBHOOK_PORT")]
)
def test_help_names_the_variables_that_matter(name: str, variable: str) -> None:
    called = _call(name, "--help")
    assert called.returncode == 0
    assert f"  {variable} " in called.stdout


def test_without_python_311_it_says_what_to_install(tmp_path: Path) -> None:
    for name in ("python3", "python3.11"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    called = _call("run", PATH=str(tmp_path), PYENV_ROOT=str(tmp_path))
    assert called.returncode == 1
    assert called.stderr.startswith("postroom: Python 3.11 is needed")
    assert len(called.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["send", "webhook-listen"])
def test_a_client_says_when_nothing_listens(name: str) -> None:
    port = find_free_ports(1)[0]
    called = _call(name, PORT=str(port))
    assert called.returncode == 1
    assert called.stderr == f"postroom: nothing answers at http://127.0.0.1:{port}: start it with make run\n"


def test_admin_says_when_nothing_is_installed(tmp_path: Path) -> None:
    called = _call("admin", "--help", POSTROOM_DATA_DIR=str(tmp_path))
    assert called.returncode == 1
    assert called.stderr == "postroom: nothing is installed in this data folder: start it once with make run\n"
