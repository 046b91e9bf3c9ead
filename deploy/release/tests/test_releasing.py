"""Making a release, with a `docker` that only listens."""

import json
import subprocess
from pathlib import Path

import pytest

from postroom_release.folder import DeployFolder
from postroom_release_testing.told import Listener


@pytest.fixture
def listener(tmp_path: Path) -> Listener:
    programs = tmp_path / "programs"
    programs.mkdir()
    return Listener(programs)


@pytest.fixture
def build_file(tmp_path: Path) -> Path:
    images = {service: {"reference": f"sha256:{'a' * 64}"} for service in ("api", "worker", "scheduler")}
    file = tmp_path / "build.json"
    file.write_text(json.dumps({"version": "0.1.0", "commit": "0" * 40, "modified": False, "images": images}))
    return file


def make_release(deploy: DeployFolder, build_file: Path, listener: Listener) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["deploy/release/release", "release", "--build", str(build_file)],
        env=listener.environment | {"DEPLOY": str(deploy.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_check_gets_the_secrets_that_are_variables_and_no_others(
    deploy: DeployFolder, build_file: Path, listener: Listener
) -> None:
    file = deploy.secrets / "aws_credentials"
    file.touch(mode=0o600)
    file.write_text("[default]\n")

    assert make_release(deploy, build_file, listener).returncode == 0

    (told,) = listener.composed()
    folder = "/etc/postroom/secrets"
    assert told.words == " ".join(
        [
            "run",
            f"--volume={deploy.secrets}/database_url:{folder}/database_url:ro",
            f"--volume={deploy.secrets}/secret_key:{folder}/secret_key:ro",
            "check",
        ]
    )
