"""How a command gets an engine, by programs that only look like Docker's."""

import os
import subprocess
from pathlib import Path

import pytest

DOCKERD = """\
#!/bin/sh
echo "$@" >"$HOME/started"
touch "$HOME/answers"
trap 'rm "$HOME/answers"; exit 0' TERM
while :; do sleep 0.1; done
"""
DOCKER = """\
#!/bin/sh
[ "$1" != info ] || [ -e "$HOME/answers" ]
"""
ID = "#!/bin/sh\necho 0\n"


class Machine:
    """One on which no engine runs."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self._programs = folder / "programs"
        self.home.mkdir()
        self._programs.mkdir()
        for name, text in {"docker": DOCKER, "dockerd": DOCKERD, "id": ID}.items():
            (self._programs / name).write_text(text)
            (self._programs / name).chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {name: text for name, text in os.environ.items() if name not in {"DOCKER_HOST", "XDG_DATA_HOME"}}
        return subprocess.run(
            ["build-support/with_docker", *arguments],
            env=kept | {"PATH": f"{self._programs}:{os.environ['PATH']}", "HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def started(self) -> str | None:
        file = self.home / "started"
        return file.read_text() if file.exists() else None

    @property
    def answers(self) -> bool:
        return (self.home / "answers").exists()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_engine_keeps_what_it_has_in_the_users_data_and_ends_with_the_command(machine: Machine) -> None:
    done = machine.run("sh", "-c", "echo $DOCKER_HOST")

    data = machine.home / ".local/share/postroom/docker"
    assert (done.returncode, done.stdout) == (0, f"unix://{data}/sock\n"), done.stderr
    assert f"--data-root {data}/data " in str(machine.started)
    assert not machine.answers
    assert not (machine.home / ".cache").exists()


def test_a_command_for_what_runs_starts_none(machine: Machine) -> None:
    done = machine.run("--running", "touch", str(machine.home / "ran"))

    assert done.returncode == 69
    assert done.stderr == "with_docker: no Docker engine answers, so nothing runs that Postroom started.\n"
    assert machine.started is None
    assert not (machine.home / "ran").exists()


def test_a_command_for_what_runs_uses_the_one_that_answers(machine: Machine) -> None:
    (machine.home / "answers").touch()

    assert machine.run("--running", "true").returncode == 0
    assert machine.started is None
