"""The largest message that SES takes, through a MariaDB with its default max_allowed_packet."""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from postroom_api_testing.process import ApiProcess, prepare
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import contents, emails
from postroom_testing.fixtures import revive
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis

LARGEST = 28_500_000
"""Bytes that are 39.0 MB in base64 with its line breaks."""
TOO_LARGE = 31_000_000
AS_NUMBERS = 16_000_000
"""Bytes that are about 57 MB as a JSON array."""


@pytest.fixture(scope="module")
def url(mariadb: MariaDb) -> Iterator[str]:
    revive(mariadb)
    made = mariadb.fresh_database()
    yield made
    mariadb.drop_database(made)


@pytest.fixture(scope="module")
def workspace(url: str) -> tuple[UUID, str]:
    return prepare(url)


@pytest.fixture(scope="module")
def large_api(
    url: str, workspace: tuple[UUID, str], redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiProcess]:
    revive(redis_server)
    environment = {
        "POSTROOM_DATABASE_URL": url,
        "POSTROOM_REDIS_URL": redis_server.url,
        "POSTROOM_MAIL_URL": "smtp://127.0.0.1:1",
    }
    with ApiProcess(tmp_path_factory.mktemp("api"), environment) as api:
        api.token = workspace[1]
        assert api.send().status == 200
        yield api


def peak_bytes(pid: int) -> int:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): resets VmHWM to what is used now


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def numbers(content: bytes) -> list[int]:
    return list(content)


def buffer(content: bytes) -> dict[str, Any]:
    return {"type": "Buffer", "data": list(content)}


@pytest.mark.parametrize(("shape", "size"), [(encode, LARGEST), (numbers, AS_NUMBERS), (buffer, AS_NUMBERS)])
def test_a_large_message_takes_little_memory(
    large_api: ApiProcess, url: str, shape: Callable[[bytes], Any], size: int
) -> None:
    content = os.urandom(size)
    mail = MAIL | {"attachments": [{"filename": "a.bin", "content": shape(content)}]}
    body = json.dumps(mail, separators=(",", ":")).encode()
    forget_peak(large_api.pid)
    before = peak_bytes(large_api.pid)
    answer = large_api.send(body)
    grown = peak_bytes(large_api.pid) - before
    assert answer.status == 200
    assert grown < 4 * len(body)
    database = Database(url)
    with database.read() as connection:
        stored = contents.load(connection, UUID(answer.json()["id"]), contents.FIRST_ATTACHMENT_PART)
    database.close()
    assert stored is not None
    assert hashlib.sha256(stored).digest() == hashlib.sha256(content).digest()


def test_a_large_body_keeps_nobody_waiting(large_api: ApiProcess) -> None:
    body = json.dumps(MAIL | {"attachments": [{"filename": "a.bin", "content": numbers(bytes(20_000_000))}]}).encode()
    waited: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(large_api.send, body)
        while not sending.done():
            started = time.perf_counter()
            assert large_api.request("GET", "/livez").status == 200
            waited.append(time.perf_counter() - started)
    assert sending.result().status == 200
    assert len(waited) > 5
    assert max(waited) < 1


@pytest.mark.parametrize(
    "more",
    [
        {"attachments": [{"filename": "a.bin", "content": encode(bytes(TOO_LARGE))}]},
        {"attachments": [{"filename": f"{n}.bin", "content": encode(bytes(TOO_LARGE // 4))} for n in range(4)]},
        {"html": "é" * (TOO_LARGE // 2), "attachments": []},
        {"text": "t" * (TOO_LARGE // 2), "html": "h" * (TOO_LARGE // 2)},
    ],
    ids=["one", "four", "html", "both"],
)
def test_more_than_40_mb_is_refused(
    large_api: ApiProcess, url: str, workspace: tuple[UUID, str], more: dict[str, Any]
) -> None:
    body = json.dumps(MAIL | more, ensure_ascii=False).encode()
    database = Database(url)
    with database.read() as connection:
        before = emails.page(connection, workspace[0], Slice(limit=100))[0]
    assert "40 MB" in expect_refusal(large_api.send(body), 422, "validation_error")
    with database.read() as connection:
        assert emails.page(connection, workspace[0], Slice(limit=100))[0] == before
    database.close()
