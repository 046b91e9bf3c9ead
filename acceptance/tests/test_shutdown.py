"""SIGTERM: what was begun is finished, what was not is given back."""

import json
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from postroom_acceptance.arrivals import in_ses
from postroom_acceptance.kept_connection import KeptConnection
from postroom_acceptance.rows import count_states
from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_testing.drafts import draft, store
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour

SECONDS = 60
DRAIN_SECONDS = 10
AT_ONCE_SECONDS = 1.5
MANY = 1500
THREADS = 4


@pytest.fixture
def environment(
    mariadb_url: str, redis_url: str, ses_server: SesServer, ses_environment: tuple[SesServer, dict[str, str]]
) -> dict[str, str]:
    return ses_environment[1] | {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "POSTROOM_WORKER_THREADS": str(THREADS),
        # Nothing that is delivered in time here has waited for a lease to end, or for a hint to count as lost.
        "POSTROOM_LEASE_SECONDS": "600",
        "POSTROOM_HINT_AGE_SECONDS": "600",
    }


def subjects(ses_server: SesServer) -> Counter[str]:
    return Counter(arrival.subject for arrival in in_ses(ses_server)())


def refuses(port: int) -> bool:
    try:
        KeptConnection(port, "").__exit__()
    except ConnectionRefusedError:
        return True
    return False


def end(stack: Stack, name: str) -> float:
    """SIGTERM; asserts on the exit code and gives the seconds that it took."""
    started = time.monotonic()
    code = stack.stop(name)
    assert code == 0, stack.tail()
    return time.monotonic() - started


def test_the_next_request_on_a_silent_connection_is_answered_and_its_answer_says_that_it_was_the_last(
    environment: dict[str, str], mariadb_url: str
) -> None:
    with Stack(environment, names=("api",)) as stack, KeptConnection(stack.port("api"), stack.new_key("one")) as client:
        assert client.post("first")[0] == 200
        stack.tell("api")
        stack.wait_until(lambda: refuses(stack.port("api")), "it to listen no more")
        assert client.post("second")[0] == 200
        assert client.ended
        assert stack.wait_end("api") == 0
    assert count_states(mariadb_url).total() == 2


def test_whoever_the_kernel_let_in_is_answered(environment: dict[str, str], mariadb_url: str) -> None:
    with Stack(environment, names=("api",)) as stack:
        key = stack.new_key("one")
        stack.tell("api", signal.SIGSTOP)
        waiting = [KeptConnection(stack.port("api"), key) for _ in range(50)]
        for client in waiting:
            client.ask("waiting")
        time.sleep(0.3)  # so that it looks whether it should stop before it looks who waits
        stack.tell("api")
        stack.tell("api", signal.SIGCONT)
        for client in waiting:
            with client:
                assert client.read()[0] == 200
        assert stack.wait_end("api") == 0
    assert count_states(mariadb_url).total() == 50


def test_a_worker_finishes_what_it_sends_and_gives_back_the_rest_at_once(
    environment: dict[str, str], ses_server: SesServer, mariadb_url: str
) -> None:
    ses_server.latency_seconds = 0.5
    wanted = [f"mail {number}" for number in range(200)]
    with Stack(environment) as stack:
        with KeptConnection(stack.port("api"), stack.new_key("one")) as client:
            assert client.post(*wanted[:100])[0] == 200
            assert client.post(*wanted[100:])[0] == 200
        stack.wait_until(lambda: len(ses_server.mails) >= 8, "mails to be sent")
        begun = ses_server.count_sends()
        seconds = end(stack, "worker")
        sent = len(ses_server.mails)
        assert ses_server.count_sends() == sent <= begun + 2 * THREADS
        assert count_states(mariadb_url) == {"sent": sent, "queued": 200 - sent}
        assert seconds < DRAIN_SECONDS
        ses_server.latency_seconds = 0.0
        stack.start("worker")
        stack.wait_until(lambda: len(ses_server.mails) >= 200, "all mails")
    assert subjects(ses_server) == dict.fromkeys(wanted, 1)


def test_a_worker_that_cannot_give_back_to_redis_gives_back_to_the_database(
    environment: dict[str, str], ses_server: SesServer, redis_server: Redis, mariadb_url: str
) -> None:
    ses_server.latency_seconds = 0.5
    wanted = [f"mail {number}" for number in range(100)]
    with Stack(environment) as stack:
        with KeptConnection(stack.port("api"), stack.new_key("one")) as client:
            assert client.post(*wanted)[0] == 200
        stack.wait_until(lambda: len(ses_server.mails) >= 4, "mails to be sent")
        redis_server.kill()
        seconds = end(stack, "worker")
        sent = len(ses_server.mails)
        assert count_states(mariadb_url) == {"sent": sent, "queued": 100 - sent}
        assert seconds < DRAIN_SECONDS / 2
        ses_server.latency_seconds = 0.0
        redis_server.start()
        stack.start("worker")
        # What waited in Redis itself when it was killed is given again when its hint is old; what the worker held, now:
        # a hint for each thread.
        stack.wait_until(lambda: len(ses_server.mails) >= 10 * THREADS, "what the worker had held")


def test_a_worker_that_waits_for_the_database_ends_at_once_and_gives_nothing_up(
    environment: dict[str, str], ses_server: SesServer, mariadb: MariaDb
) -> None:
    wanted = [f"mail {number}" for number in range(50)]
    with Stack(environment | {"POSTROOM_HINT_AGE_SECONDS": "1"}) as stack:
        stack.stop("worker")
        with KeptConnection(stack.port("api"), stack.new_key("one")) as client:
            assert client.post(*wanted)[0] == 200
        mariadb.stop()
        stack.start("worker")
        stack.wait_until(lambda: stack.has_told("worker", "service.went_down"), "the worker to miss the database")
        assert end(stack, "worker") < DRAIN_SECONDS / 2
        mariadb.start()
        stack.start("worker")
        stack.wait_until(lambda: len(ses_server.mails) >= 50, "all mails")
    assert subjects(ses_server) == dict.fromkeys(wanted, 1)


def test_a_worker_whose_call_hangs_ends_when_the_drain_time_is_over(
    environment: dict[str, str], ses_server: SesServer
) -> None:
    ses_server.always(Behaviour.HANG)
    with Stack(environment | {"POSTROOM_DRAIN_SECONDS": "2"}) as stack:
        with KeptConnection(stack.port("api"), stack.new_key("one")) as client:
            assert client.post("hanging")[0] == 200
        stack.wait_until(lambda: ses_server.count_sends() == 1, "the call")
        assert 2 <= end(stack, "worker") < 2 + AT_ONCE_SECONDS
        assert json.loads(stack.lines("worker")[-1])["finished"] is False


def test_a_scheduler_finishes_the_sweeps_that_it_has_begun(
    environment: dict[str, str], ses_server: SesServer, mariadb_url: str
) -> None:
    with Stack(environment, names=("worker", "scheduler")) as stack:
        stack.stop("worker")
        stack.stop("scheduler")
        store_due(mariadb_url, MANY)
        stack.start("scheduler")
        stack.wait_until(lambda: count_states(mariadb_url)["queued"] > 0, "a sweep to be at it")
        assert end(stack, "scheduler") < DRAIN_SECONDS
        states = count_states(mariadb_url)
        assert set(states) == {"scheduled", "queued"}
        assert json.loads(stack.lines("scheduler")[-1])["finished"] is True
        stack.start("scheduler")
        stack.start("worker")
        stack.wait_until(lambda: len(ses_server.mails) >= MANY, "all mails")
    assert subjects(ses_server) == {f"mail {number}": 1 for number in range(MANY)}


def store_due(mariadb_url: str, count: int) -> None:
    """Scheduled emails whose time has come."""
    database = Database(mariadb_url)
    past = datetime.now(UTC) - timedelta(seconds=1)
    store(database, *(draft(subject=f"mail {number}", scheduled_at=past) for number in range(count)))
    database.close()
