"""A database that goes away, hangs or comes back: 503 in bounded time, and no restart of the api."""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from postroom_api_testing.exchange import Answer
from postroom_api_testing.refusals import expect_refusal, rows
from postroom_api_testing.running import MAIL, RunningApi
from postroom_testing.mariadb import MariaDb

TIMEOUT_SECONDS = 3
"""Of RunningApi's database."""

# PyMySQL leaves a socket open that it could not connect; it is closed when it is collected, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collect_sockets() -> Iterator[None]:
    yield
    gc.collect()


def expect_unavailable(answer: Answer) -> None:
    expect_refusal(answer, 503, "service_unavailable")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_a_stopped_database_is_503_until_it_is_back(mariadb_api: RunningApi, mariadb: MariaDb) -> None:
    email_id = mariadb_api.send().json()["id"]
    mariadb.stop()
    for method, path, body in [
        ("POST", "/emails", MAIL),
        ("POST", "/emails/batch", [MAIL]),
        ("GET", "/emails", None),
        ("GET", f"/emails/{email_id}", None),
        ("PATCH", f"/emails/{email_id}", {"scheduled_at": "in 1 hour"}),
        ("POST", f"/emails/{email_id}/cancel", None),
        ("POST", "/suppressions", {"email": "one@example.com"}),
        ("GET", "/suppressions", None),
        ("DELETE", "/suppressions/one@example.com", None),
    ]:
        expect_unavailable(mariadb_api.request(method, path, body))
    assert mariadb_api.request("GET", "/livez").status == 200
    assert mariadb_api.request("GET", "/readyz").status == 503
    mariadb.start()
    assert mariadb_api.send().status == 200
    assert mariadb_api.request("GET", f"/emails/{email_id}").status == 200
    assert rows(mariadb_api)[0] == 2


def test_a_restart_between_two_requests_is_not_felt(mariadb_api: RunningApi, mariadb: MariaDb) -> None:
    email_id = mariadb_api.send(MAIL | {"scheduled_at": "in 1 hour"}).json()["id"]
    moved = {"scheduled_at": "in 2 hours"}
    for method, path, body, status in [
        ("POST", "/emails", MAIL, 200),
        ("GET", "/emails", None, 200),
        ("GET", f"/emails/{email_id}", None, 200),
        ("PATCH", f"/emails/{email_id}", moved, 200),
        ("POST", f"/emails/{email_id}/cancel", None, 200),
        ("POST", "/suppressions", {"email": "one@example.com"}, 201),
        ("DELETE", "/suppressions/one@example.com", None, 200),
    ]:
        mariadb.stop()
        mariadb.start()
        assert mariadb_api.request(method, path, body).status == status, (method, path)


def test_a_key_is_looked_up_again_after_a_restart(mariadb_api: RunningApi, mariadb: MariaDb) -> None:
    _, theirs = mariadb_api.add_workspace("two")
    mariadb.stop()
    mariadb.start()
    assert mariadb_api.send(token=theirs).status == 200


def test_a_paused_database_is_503_in_bounded_time(mariadb_api: RunningApi, mariadb: MariaDb) -> None:
    mariadb_api.send()
    mariadb.pause()
    started = time.monotonic()
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: mariadb_api.send(), range(24)))
        seconds = time.monotonic() - started
        assert mariadb_api.request("GET", "/livez").status == 200
    mariadb.resume()
    for answer in answers:
        expect_unavailable(answer)
    # One time-out for the connection that hangs, one for the new one; whatever gathered meanwhile is told then.
    assert seconds < 3 * TIMEOUT_SECONDS
    assert mariadb_api.send().status == 200
    assert rows(mariadb_api)[0] == 2
