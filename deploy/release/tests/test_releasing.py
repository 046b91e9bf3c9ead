"""Making a release, with a `docker` that only listens."""

import json
import subprocess
from pathlib import Path

import pytest

from postroom_release.errors import EX_UNAVAILABLE
from postroom_release.folder import DeployFolder
from postroom_release.record import Records
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


def pulled(listener: Listener) -> list[str]:
    return [words[-1] for words in listener.commands() if words[0] == "pull"]


def put_database(deploy: DeployFolder, image: str) -> None:
    with deploy.config.open("a") as file:
        file.write(f"DATABASE_IMAGE={image}\n")


def test_a_tag_of_a_registry_is_pulled_so_that_its_fixes_arrive(
    deploy: DeployFolder, build_file: Path, listener: Listener
) -> None:
    digest = f"mariadb@sha256:{'b' * 64}"
    listener.know_image("mariadb:10.11", digests=[digest])
    put_database(deploy, "mariadb:10.11")

    assert make_release(deploy, build_file, listener).returncode == 0

    assert pulled(listener) == ["mariadb:10.11"]
    assert Records(deploy.releases).read(1).images["database"] == digest


def test_where_it_cannot_be_pulled_the_one_that_is_there_is_taken_and_that_is_said(
    deploy: DeployFolder, build_file: Path, listener: Listener
) -> None:
    listener.know_image("mariadb:10.11", digests=[f"mariadb@sha256:{'b' * 64}"])
    put_database(deploy, "mariadb:10.11")
    listener.fail("pull --quiet mariadb:10.11")

    done = make_release(deploy, build_file, listener)

    assert done.returncode == 0
    assert "mariadb:10.11 cannot be pulled, see above: the release gets the one that the engine has" in done.stdout


@pytest.mark.parametrize(
    ("image", "digests"),
    [
        ("made-here:1", []),
        (f"sha256:{'b' * 64}", [f"mariadb@sha256:{'b' * 64}"]),
        (f"mariadb@sha256:{'b' * 64}", [f"mariadb@sha256:{'b' * 64}"]),
    ],
)
def test_what_was_made_here_or_never_moves_is_not_pulled(
    deploy: DeployFolder, build_file: Path, listener: Listener, image: str, digests: list[str]
) -> None:
    listener.know_image(image, digests=digests)
    put_database(deploy, image)

    assert make_release(deploy, build_file, listener).returncode == 0
    assert pulled(listener) == []


def test_what_is_not_there_and_cannot_be_pulled_is_refused(
    deploy: DeployFolder, build_file: Path, listener: Listener
) -> None:
    put_database(deploy, "nowhere:1")
    listener.fail("nowhere:1")

    done = make_release(deploy, build_file, listener)

    assert done.returncode == EX_UNAVAILABLE
    assert "the image nowhere:1 is not in the engine, and cannot be pulled" in done.stderr
