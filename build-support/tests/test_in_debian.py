"""How CI's containers are started, told by a docker that starts none."""

import os
import re
import subprocess
from pathlib import Path

import pytest

DOCKER = """#!/bin/sh
printf '%s\\n' "$@"
case "$*" in *fails) exit 7 ;; esac
"""
# Runs until it is told to end, and says so.
ENDLESS = """#!/bin/sh
case "$*" in *chown*) echo gave back; exit ;; esac
trap 'echo ended; exit 143' TERM
echo runs
while :; do sleep 0.1; done
"""
BASE = re.findall(r"^ARG BASE_IMAGE=(.+)$", Path("deploy/images/Dockerfile").read_text(), re.MULTILINE)


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def run(path: str, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": path} | variables
    return subprocess.run([".ci/in_debian", *command], env=given, capture_output=True, text=True, check=False)


def test_the_command_runs_on_the_base_that_the_images_stand_on(path: str) -> None:
    done = run(path, "make", "a target")

    assert (done.returncode, done.stderr) == (0, "")
    ran = done.stdout.split("run\n")[1]
    assert ran.splitlines()[-4:] == [*BASE, ".ci/with_basics", "make", "a target"]


@pytest.mark.parametrize(("command", "code"), [("true", 0), ("fails", 7)])
def test_what_root_wrote_is_given_back_however_the_command_ends(path: str, command: str, code: int) -> None:
    done = run(path, command)

    assert done.returncode == code
    ran, given_back = done.stdout.split("run\n")[1:]
    assert ran.splitlines()[-1] == command
    assert given_back.splitlines()[-5:] == ["chown", "--recursive", "--from=0", "--reference=.", "."]
    assert f"{Path.cwd()}:{Path.cwd()}" in given_back.splitlines()


def test_a_command_that_is_told_to_end_is_waited_for(path: str, tmp_path: Path) -> None:
    (tmp_path / "docker").write_text(ENDLESS)
    with subprocess.Popen([".ci/in_debian", "true"], env={"PATH": path}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        process.terminate()
        said = process.stdout.read()

    assert (said, process.returncode) == ("ended\ngave back\n", 143)


def test_the_folders_that_git_trusts_already_stay(tmp_path: Path) -> None:
    """Twice in one home, as on a machine that is kept."""
    (tmp_path / "apt-get").write_text("#!/bin/sh\n")
    (tmp_path / "apt-get").chmod(0o755)
    (tmp_path / ".gitconfig").write_text("[safe]\n\tdirectory = /srv/mail\n")
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "POSTROOM_PANTS_PYTHON": "/none"}
    for _ in range(2):
        done = subprocess.run(
            [".ci/with_basics", "git", "config", "--global", "--get-all", "safe.directory"],
            env=given,
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["/srv/mail", str(Path.cwd())]


def test_variables_are_handed_on_by_their_names(path: str) -> None:
    done = run(path, "true", ACTIONS_ID_TOKEN_REQUEST_TOKEN="secret-1", REGISTRY="secret-2", GH_TOKEN="secret-3")

    handed = re.findall(r"^--env\n(.+)$", done.stdout, re.MULTILINE)
    assert {"BASE_IMAGE", "CI", "REGISTRY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"} <= set(handed)
    assert "GH_TOKEN" not in handed
    assert "secret-" not in done.stdout


def test_what_opens_a_registry_is_there_only_when_it_is_named_and_is_not_written(path: str) -> None:
    assert "DOCKER_CONFIG" not in run(path, "true").stdout
    assert "/logins:/logins:ro" in run(path, "true", DOCKER_CONFIG="/logins").stdout.splitlines()


@pytest.mark.parametrize("script", [".ci/in_debian", ".ci/with_mysql", ".ci/test_on"])
def test_without_a_command_it_says_how_it_is_called(script: str) -> None:
    done = subprocess.run([script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith(Path(script).name)
