"""Making a release, with a `docker` that only listens."""

import json
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postroom_release import engine, releasing
from postroom_release.errors import EX_CANTCREAT, EX_UNAVAILABLE
from postroom_release.folder import DeployFolder
from postroom_release.history import History
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


def make_deploy(deploy: DeployFolder, listener: Listener) -> subprocess.CompletedProcess[str]:
    listener.find_nothing()
    return subprocess.run(
        ["deploy/release/release", "new"],
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
    listener.fail("pull mariadb:10.11")

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


def test_the_number_of_a_release_that_ran_is_not_given_again_when_its_record_is_gone(
    deploy: DeployFolder, build_file: Path, listener: Listener
) -> None:
    make_release(deploy, build_file, listener)
    History(deploy.history).note("up", 1, "ready", now=datetime(2026, 1, 2, tzinfo=UTC))
    (deploy.releases / "000001.json").unlink()

    make_release(deploy, build_file, listener)

    assert Records(deploy.releases).numbers() == [2]


def test_a_deploy_is_made_whole(tmp_path: Path, listener: Listener) -> None:
    made = DeployFolder(tmp_path / "deploys" / "shop")

    assert make_deploy(made, listener).returncode == 0

    assert sorted(file.name for file in made.path.iterdir()) == ["certificates", "config.env", "releases", "secrets"]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(made.config.stat().st_mode) == 0o600
    assert list(made.path.parent.iterdir()) == [made.path]


def test_an_interrupted_one_leaves_nothing_and_can_be_made_again(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(folder: Path) -> None:
        folder.mkdir()
        raise KeyboardInterrupt

    made = DeployFolder(tmp_path / "deploys" / "shop")
    monkeypatch.setattr(releasing, "make_secrets", interrupt)
    monkeypatch.setenv("PATH", listener.environment["PATH"])
    monkeypatch.setattr(engine, "list_belongings", lambda _: [])
    with pytest.raises(KeyboardInterrupt):
        releasing.make_deploy(made, {})
    assert list(made.path.parent.iterdir()) == []

    made.path.mkdir()
    assert make_deploy(made, listener).returncode == 0


def test_what_is_there_stays_as_it_is(tmp_path: Path, listener: Listener) -> None:
    made = DeployFolder(tmp_path / "shop")
    (made.path / "secrets").mkdir(parents=True)

    done = make_deploy(made, listener)

    assert done.returncode == EX_CANTCREAT
    assert [file.name for file in made.path.iterdir()] == ["secrets"]
    assert str(made.path) in done.stderr
