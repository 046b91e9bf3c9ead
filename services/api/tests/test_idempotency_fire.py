"""Idempotency keys under fire: two api processes are sent the same keys in opposite order, at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from postroom_api_testing.exchange import Answer
from postroom_api_testing.process import ApiProcess, prepare
from postroom_api_testing.running import MAIL
from postroom_database.engine import Database
from postroom_database.models import Email

KEYS = [f"key-{number}" for number in range(64)]
ROUNDS = 3
LANES = 8
"""Connections of each process."""


@pytest.fixture
def processes(mariadb_url: str, redis_url: str, tmp_path: Path) -> Iterator[list[ApiProcess]]:
    """Two of them, over one database."""
    _, token = prepare(mariadb_url)
    environment = {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_MAIL_URL": "smtp://127.0.0.1:1",
    }
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with ApiProcess(folders[0], environment) as one, ApiProcess(folders[1], environment) as two:
        one.token = two.token = token
        yield [one, two]


def fire(processes: list[ApiProcess], send: Callable[[ApiProcess, str], Answer]) -> dict[str, list[Answer]]:
    """Send every key to both processes, forwards to one and backwards to the other; all answers by key."""
    answers: dict[str, list[Answer]] = {key: [] for key in KEYS}
    together = threading.Barrier(2 * LANES)

    def run(process: ApiProcess, keys: list[str]) -> None:
        together.wait(30)
        for key in keys:
            answers[key].append(send(process, key))

    one, two = processes
    with ThreadPoolExecutor(2 * LANES) as pool:
        running = [pool.submit(run, one, KEYS[lane::LANES]) for lane in range(LANES)]
        running += [pool.submit(run, two, KEYS[::-1][lane::LANES]) for lane in range(LANES)]
        for one_run in running:
            one_run.result(60)
    return answers


def subject(key: str, process: ApiProcess | None = None) -> str:
    return key if process is None else f"{key} by {process.port}"


def stored(url: str) -> dict[str, int]:
    """How many emails there are of each subject."""
    database = Database(url)
    with database.read() as connection:
        rows = connection.execute(select(Email.subject, func.count()).group_by(Email.subject)).all()
    database.close()
    return {row[0]: row[1] for row in rows}


def test_one_email_for_each_key_and_the_same_answer_to_both(processes: list[ApiProcess], mariadb_url: str) -> None:
    def send(process: ApiProcess, key: str) -> Answer:
        return process.send(MAIL | {"subject": subject(key)}, headers={"idempotency-key": key})

    rounds = [fire(processes, send) for _ in range(ROUNDS)]
    for key in KEYS:
        answers = [answer for answered in rounds for answer in answered[key]]
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
    assert stored(mariadb_url) == {subject(key): 1 for key in KEYS}


def test_of_two_bodies_one_is_stored_and_the_other_refused(processes: list[ApiProcess], mariadb_url: str) -> None:
    def send(process: ApiProcess, key: str) -> Answer:
        return process.send(MAIL | {"subject": subject(key, process)}, headers={"idempotency-key": key})

    answered = fire(processes, send)
    for answers in answered.values():
        assert sorted(answer.status for answer in answers) == [200, 409]
        [refused] = [answer.json() for answer in answers if answer.status == 409]
        assert refused["name"] == "invalid_idempotent_request"
    assert sum(stored(mariadb_url).values()) == len(KEYS)


def test_a_batch_is_stored_once_as_a_whole(processes: list[ApiProcess], mariadb_url: str) -> None:
    def send(process: ApiProcess, key: str) -> Answer:
        batch: list[dict[str, Any]] = [MAIL | {"subject": subject(key)}] * 3
        return process.request("POST", "/emails/batch", batch, headers={"idempotency-key": key})

    rounds = [fire(processes, send) for _ in range(ROUNDS)]
    for key in KEYS:
        answers = [answer for answered in rounds for answer in answered[key]]
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
    assert stored(mariadb_url) == {subject(key): 3 for key in KEYS}
