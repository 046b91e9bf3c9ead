import os
import subprocess
import sys

import pytest

from postroom_config.blocks import READERS
from postroom_worker import main
from postroom_worker.settings import WorkerServiceSettings


def test_the_blocks_that_it_reads_are_known_to_be_read_by_it() -> None:
    read = {field.annotation for field in WorkerServiceSettings.model_fields.values()}
    assert read == {block for block, readers in READERS.items() if "worker" in readers}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"POSTROOM_LEASE_SECONDS": "64"}, "POSTROOM_LEASE_SECONDS"),
        ({"POSTROOM_SECRET_KEY": "an-example-that-everybody-knows-0000"}, "POSTROOM_SECRET_KEY"),
        ({"POSTROOM_MAIL_URL": "smtp://relay?tls=hidden"}, "POSTROOM_MAIL_URL"),
    ],
)
def test_a_wrong_setting_stops_the_start(changes: dict[str, str], named: str) -> None:
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "POSTROOM_DATABASE_URL": "mysql://root@127.0.0.1:1/x",
        "POSTROOM_REDIS_URL": "redis://127.0.0.1:1",
        "POSTROOM_MAIL_URL": "smtp://127.0.0.1:1",
        "POSTROOM_SECRET_KEY": "a-secret-of-the-tests-long-enough-to-be-one",
    }
    done = subprocess.run(
        [sys.executable, "-m", main.__name__],
        env=environment | changes,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines()[1:-1]] == [named]
    assert "hidden" not in done.stderr
