from pathlib import Path

import pytest

from postroom_config.blocks import READERS
from postroom_config.check import check
from postroom_config.errors import ConfigError
from postroom_config.listen import ListenSettings
from postroom_config.load import load
from postroom_config.settings import Settings

RIGHT = {
    "POSTROOM_DATABASE_URL": "mysql://app:s3cret@db/postroom",
    "POSTROOM_REDIS_URL": "redis://:s3cret@cache:6379/0",
    "POSTROOM_MAIL_URL": "smtp://app:s3cret@relay:587",
    "POSTROOM_SECRET_KEY": "s3cret-s3cret-s3cret-s3cret-s3cret",
}


def complaints(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        check(environ)
    assert "s3cret" not in str(caught.value)
    return {problem.variable: problem.complaint for problem in caught.value.problems}


def test_what_is_right_is_counted(tmp_path: Path) -> None:
    assert check(RIGHT) == 4
    more = {"POSTROOM_PORT": "81", "PORT": "80", "POSTROOM_HOST": "", "PATH": "/bin", "POSTROOM_DATA_DIR": "x"}
    assert check(RIGHT | more) == 5
    assert check(RIGHT | {"PORT": "80"}) == 5
    file = tmp_path / "url"
    file.write_text("mariadb://app:s3cret@db/postroom\n")
    assert check(RIGHT | {"POSTROOM_DATABASE_URL": "", "POSTROOM_DATABASE_URL_FILE": str(file)}) == 4
    assert check(RIGHT | {"POSTROOM_PORT": "tcp://10.0.0.1:80", "POSTROOM_API_SERVICE_HOST": "10.0.0.1"}) == 4


def test_one_report_says_what_each_process_lacks() -> None:
    found = complaints(
        {
            "POSTROOM_DATABASE_URL": "postgres://s3cret",
            "REDIS_URL": "http://s3cret",
            "POSTROOM_SECRET_KEY_FILE": "/nonexistent/s3cret",
            "POSTROOM_PORT": "s3cret",
            "POSTROOM_SWEEP_SECONDS": "s3cret",
            "POSTROOM_WORKER_TREADS": "s3cret",
        }
    )
    readers = {name: complaint.partition(" [read by ")[2].removesuffix("]") for name, complaint in found.items()}
    assert readers == {
        "POSTROOM_DATABASE_URL": "api, worker, scheduler, admin",
        "REDIS_URL": "api, worker, scheduler, admin",
        "POSTROOM_MAIL_URL": "api, worker, admin",
        "POSTROOM_SECRET_KEY_FILE": "api, worker",
        "POSTROOM_PORT": "api",
        "POSTROOM_SWEEP_SECONDS": "scheduler",
        "POSTROOM_WORKER_TREADS": "",
    }
    assert found["POSTROOM_MAIL_URL"].startswith("missing; expected ses://")


@pytest.mark.parametrize(
    ("environ", "named", "readers"),
    [
        ({"POSTROOM_LEASE_SECONDS": "64"}, "POSTROOM_LEASE_SECONDS", "worker"),
        ({"POSTROOM_SECRET_KEY": "an-example-that-everybody-knows-0000"}, "POSTROOM_SECRET_KEY", "api, worker"),
        ({"POSTROOM_MAIL_URL": "inbox:", "POSTROOM_HOST": "10.0.0.1"}, "POSTROOM_HOST", "api"),
    ],
)
def test_contradictions_are_found(environ: dict[str, str], named: str, readers: str) -> None:
    [(name, complaint)] = complaints(RIGHT | environ).items()
    assert (name, complaint.startswith("contradiction: ")) == (named, True)
    assert complaint.endswith(f" [read by {readers}]")


def test_a_process_that_reads_less_is_not_told_of_readers() -> None:
    class Listening(Settings):
        listen: ListenSettings

    with pytest.raises(ConfigError, match=r"expected a whole number from 1 to 65535$"):
        load(Listening, {"POSTROOM_PORT": "no"})


def test_every_block_has_a_reader() -> None:
    assert all(READERS.values())
