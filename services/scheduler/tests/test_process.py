import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postroom_database.engine import Database
from postroom_testing.drafts import draft, store
from postroom_testing.mariadb import MariaDb
from postroom_testing.server import free_port, wait_until

SECONDS = 30


def start(environment: dict[str, str]) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if "POSTROOM_" not in name and not name.endswith("_URL")}
    return subprocess.Popen(
        [sys.executable, "-m", "postroom_scheduler.main"],
        env=clean | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass
class Scheduler:
    process: "subprocess.Popen[str]"
    port: int

    def ask(self, path: str) -> tuple[int, Any]:
        """Status and JSON; 0 as long as nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, None

    def end(self) -> tuple[int, float, list[dict[str, Any]], str]:
        """Exit code after SIGTERM, the seconds that it took, the lines of stdout, and stderr."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, time.monotonic() - started, [json.loads(line) for line in out.splitlines()], err


@pytest.fixture
def scheduler(database: Database, migrated_url: str, redis_url: str) -> Iterator[Scheduler]:
    port = free_port()
    process = start(
        {
            "POSTROOM_DATABASE_URL": migrated_url,
            "POSTROOM_REDIS_URL": redis_url,
            "POSTROOM_HEALTH_HOST": "127.0.0.1",
            "POSTROOM_HEALTH_PORT": str(port),
            "POSTROOM_SWEEP_SECONDS": "0.1",
            "POSTROOM_DRAIN_SECONDS": "1",
            "POSTROOM_RELEASE": "v7",
        }
    )
    running = Scheduler(process, port)
    try:
        wait_until(lambda: running.ask("/readyz")[0] == 200, seconds=SECONDS, what="the scheduler to be ready")
        yield running
    finally:
        process.kill()
        process.communicate()


def test_it_sweeps_answers_and_ends_in_good_order(scheduler: Scheduler, database: Database, window: Any) -> None:
    due = draft(scheduled_at=datetime.now(UTC) - timedelta(seconds=1), request_id="request-7")
    store(database, due)
    wait_until(lambda: window.ids() == [str(due.id)], seconds=SECONDS, what="the hint of what is due")
    status, ready = scheduler.ask("/readyz")
    assert (status, {name: service["status"] for name, service in ready["services"].items()}) == (
        200,
        {"database": "up", "redis": "up", "schema": "up"},
    )
    wait_until(lambda: scheduler.ask("/livez")[0] == 200, seconds=SECONDS, what="a sign of life")
    assert scheduler.ask("/version")[1]["release"] == "v7"
    code, seconds, lines, err = scheduler.end()
    assert (code, err) == (0, "")
    assert seconds < 5
    assert {(line["service"], line["release"]) for line in lines} == {("scheduler", "v7")}
    assert [line["event"] for line in lines] == [
        "service.started",
        "email.queued",
        "hints.given",
        "service.drain_started",
        "service.stopped",
    ]
    assert lines[1]["request_id"] == "request-7"


def test_every_job_is_run_soon_and_not_only_after_its_first_interval(scheduler: Scheduler) -> None:
    def succeeded() -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{scheduler.port}/metrics", timeout=5) as answer:
            told = answer.read().decode()
        found = re.findall(r'(?m)^postroom_task_last_success_timestamp_seconds\{task="(\w+)"\} (.+)$', told)
        return {task: float(moment) for task, moment in found}

    assert "review_schedules" in succeeded()  # which is run every hour
    wait_until(lambda: all(succeeded().values()), seconds=SECONDS, what="each job to succeed once")


def test_a_sweep_that_hangs_is_cut_off_when_the_drain_time_is_over(scheduler: Scheduler, mariadb: MariaDb) -> None:
    mariadb.pause()
    wait_until(lambda: scheduler.ask("/readyz")[0] == 503, seconds=SECONDS, what="the database to be missed")
    code, seconds, lines, err = scheduler.end()
    assert (code, err) == (0, "")
    assert 1 < seconds < 5
    assert (lines[-1]["event"], lines[-1]["finished"]) == ("service.stopped", False)


def test_without_configuration_it_says_all_that_is_missing() -> None:
    process = start({})
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (78, "")
    named = [line.split(":")[0].strip() for line in err.splitlines() if line.startswith("  ")]
    assert named == ["POSTROOM_DATABASE_URL", "POSTROOM_REDIS_URL"]
