"""A batch at the provider's rate, and a single mail that does not wait behind it."""

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from postroom_acceptance.stack import Stack
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

RATE = 20.0
BATCH = 300


@pytest.fixture
def ses_at_rate(ses_environment: tuple[SesServer, dict[str, str]]) -> Iterator[tuple[SesServer, dict[str, str]]]:
    server, credentials = ses_environment
    server.mails.clear()
    before, server.max_send_rate = server.max_send_rate, RATE
    yield server, credentials
    server.max_send_rate = before


def post(stack: Stack, key: str, path: str, body: Any) -> None:
    request = urllib.request.Request(  # noqa: S310 - the stack's own address
        f"{stack.url}{path}", json.dumps(body).encode(), {"authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - likewise
        assert answer.status == 200


def mail(subject: str) -> dict[str, str]:
    return {"from": "from@example.com", "to": "to@example.com", "subject": subject, "text": "text"}


def sent(server: SesServer, subject: str) -> int:
    line = f"Subject: {subject}\r\n".encode()
    return sum(line in one.raw for one in list(server.mails))


def test_a_password_reset_overtakes_a_batch_of_hundreds(
    mariadb_url: str, redis_url: str, ses_at_rate: tuple[SesServer, dict[str, str]]
) -> None:
    server, credentials = ses_at_rate
    environment = credentials | {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_WORKER_THREADS": "4",
    }
    with Stack(environment) as stack:
        key = stack.new_key("one")
        for _ in range(BATCH // 100):
            post(stack, key, "/emails/batch", [mail("news")] * 100)
        wait_until(lambda: sent(server, "news") > RATE, seconds=30, what="the batch to be under way")
        begun, started = sent(server, "news"), time.monotonic()
        waits = []
        for number in range(5):
            posted_at = time.monotonic()
            post(stack, key, "/emails", mail(f"reset {number}"))
            wait_until(lambda number=number: sent(server, f"reset {number}") == 1, seconds=10, what="the reset")  # type: ignore[misc]  # bound per mail
            waits.append(time.monotonic() - posted_at)
            time.sleep(0.4)
        wait_until(lambda: sent(server, "news") >= 0.7 * BATCH, seconds=30, what="most of the batch")
        seconds = time.monotonic() - started
        news = sent(server, "news") - begun
    print(f"resets took {max(waits) * 1000:.0f} ms at most, beside {news / seconds:.1f} a second of the batch")  # noqa: T201 - the figure
    assert max(waits) < 1.0
    assert 0.5 * RATE < (news + len(waits)) / seconds < 1.05 * RATE
