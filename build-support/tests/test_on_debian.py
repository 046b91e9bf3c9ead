"""Which base a build gets, and whether it is told, by a docker that has what the test says."""

import os
import re
import subprocess
from pathlib import Path

import pytest

[PUBLIC] = re.findall(r"^ARG BASE_IMAGE=(.+)$", Path("deploy/images/Dockerfile").read_text(), re.MULTILINE)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where every image can be had."""
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def run(path: str, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": path} | variables
    return subprocess.run(["build-support/on_debian", *command], env=given, capture_output=True, text=True, check=False)


def test_the_dockerfiles_own_base_goes_without_saying(path: str) -> None:
    done = run(path, "printenv", "BASE_IMAGE")

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{PUBLIC}\n", "")
    assert run(path, "printenv", "BASE_IMAGE", BASE_IMAGE=PUBLIC).stderr == ""


def test_another_base_is_told(path: str) -> None:
    done = run(path, "printenv", "BASE_IMAGE", BASE_IMAGE="python:3.11-mine")

    assert done.stdout == "python:3.11-mine\n"
    assert done.stderr == f"on_debian: BASE_IMAGE is python:3.11-mine, not {PUBLIC}\n"


def test_other_servers_are_told(path: str) -> None:
    done = run(path, "--servers", "printenv", "DATABASE_IMAGE", "REDIS_IMAGE", REDIS_IMAGE="redis:7.2")

    assert done.stdout == "mariadb:10.11\nredis:7.2\n"
    assert done.stderr == "on_debian: REDIS_IMAGE is redis:7.2, not redis:7.0\n"
