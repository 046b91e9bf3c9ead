"""The launcher, as its user meets it, up to where an engine is needed."""

import os
import subprocess
from pathlib import Path

import pytest

from postroom_release.build import Build
from postroom_release.config import Config
from postroom_release.errors import EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_USAGE
from postroom_release.folder import DeployFolder
from postroom_release.record import Records
from postroom_release_testing.records import add_record


def launch(*arguments: str, deploy: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DEPLOY": str(deploy), "DOCKER_HOST": "unix:///nowhere/sock"}
    return subprocess.run(
        ["deploy/release/release", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_help_names_every_command_and_exit_code(tmp_path: Path) -> None:
    told = launch("--help", deploy=tmp_path)

    assert told.returncode == 0
    for word in ("new", "release", "up", "rollback", "list", "down", "admin", "64", "65", "66", "69", "73", "75", "78"):
        assert f"  {word} " in told.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["upp"], ["rollback"], ["up", "0"], ["up", "x"], ["up", "1", "2"], ["up", "--wait", "soon"]]
)
def test_a_call_that_cannot_be_meant(tmp_path: Path, arguments: list[str]) -> None:
    told = launch(*arguments, deploy=tmp_path)

    assert told.returncode == EX_USAGE
    assert "postroom: " in told.stderr


@pytest.mark.parametrize(
    "arguments", [["release"], ["up"], ["rollback", "1"], ["list"], ["down"], ["admin", "doctor"], ["admin", "-h"]]
)
def test_without_a_deploy_it_is_told_how_to_make_one(tmp_path: Path, arguments: list[str]) -> None:
    told = launch(*arguments, deploy=tmp_path / "shop")

    assert told.returncode == EX_NOINPUT
    assert told.stderr == (
        f"postroom: {tmp_path}/shop: no deploy is there; `make new-deploy` makes one, DEPLOY=FOLDER names another\n"
    )


@pytest.mark.parametrize("arguments", [["release"], ["up"], ["down"], ["admin", "doctor"]])
def test_without_an_engine_it_is_said(deploy: DeployFolder, arguments: list[str]) -> None:
    told = launch(*arguments, deploy=deploy.path)

    assert told.returncode == EX_UNAVAILABLE
    assert told.stderr.startswith("postroom: no Docker engine answers: ")


def test_nothing_is_made_without_an_engine(tmp_path: Path) -> None:
    """It knows whether an earlier deploy of that name left its database."""
    assert launch("new", deploy=tmp_path / "shop").returncode == EX_UNAVAILABLE
    assert list(tmp_path.iterdir()) == []


def test_releases_are_listed(deploy: DeployFolder, build: Build, config: Config) -> None:
    records = Records(deploy.releases)
    for _ in range(2):
        add_record(records, build, config)

    told = launch("list", deploy=deploy.path)

    fingerprint = records.read(1).fingerprint.removeprefix("sha256:")[:12]
    assert [line.split() for line in told.stdout.splitlines()] == [
        ["release", "made", "version", "commit", "config"],
        ["2", "2026-01-02T03:04:05Z", "0.1.0", "000000000", fingerprint],
        ["1", "2026-01-02T03:04:05Z", "0.1.0", "000000000", fingerprint],
    ]


def test_a_list_with_an_altered_record_is_refused(deploy: DeployFolder, build: Build, config: Config) -> None:
    add_record(Records(deploy.releases), build, config)
    file = deploy.releases / "000001.json"
    file.write_text(file.read_text().replace("inbox:", "smtp://elsewhere"))

    told = launch("list", deploy=deploy.path)

    assert told.returncode == EX_DATAERR
    assert "000001.json: the record was altered" in told.stderr


def test_a_database_is_removed_only_by_its_name(deploy: DeployFolder) -> None:
    told = launch("down", "--volumes", deploy=deploy.path)

    assert told.returncode == EX_USAGE
    assert "Type its name to go on" in told.stdout
    assert told.stderr == "postroom: nothing was done\n"
