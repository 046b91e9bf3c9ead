"""Redis or the database hangs while all services run: nothing is lost, nobody restarts, and it is told once.

What happens when one of them ends is proven on the images (conformance, factor IV).
"""

import json
import time
import urllib.error
import urllib.request
from collections import Counter

import pytest

from postroom_acceptance.arrivals import in_ses
from postroom_acceptance.kept_connection import KeptConnection
from postroom_acceptance.rows import count_states
from postroom_acceptance.stack import SERVICES, Stack
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.ses import SesServer

THREADS = 4
INTERACTIVE = 80
AWAY_SECONDS = 10
"""Long enough for many rounds of whatever asks again: sweeps, fetches, retries."""


@pytest.fixture
def environment(redis_url: str, mariadb_url: str, ses_environment: tuple[SesServer, dict[str, str]]) -> dict[str, str]:
    return ses_environment[1] | {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_DATABASE_TIMEOUT_SECONDS": "2",
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_SWEEP_SECONDS": "0.2",
        "POSTROOM_RATE_LIMIT": "100000",
        # Without one the api warns at its start that SES's events do not come in.
        "POSTROOM_SES_TOPICS": "arn:aws:sns:eu-west-1:123456789012:postroom",
        # Nothing that is delivered in time here has waited for a lease to end, or for a hint to count as lost.
        "POSTROOM_LEASE_SECONDS": "600",
        "POSTROOM_HINT_AGE_SECONDS": "600",
    }


def ask(stack: Stack, name: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.port(name)}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def ready(stack: Stack, name: str) -> tuple[int, dict[str, str]]:
    """Status of the readiness answer, and how the backing services stand."""
    status, body = ask(stack, name, "/readyz")
    return status, {service: seen["status"] for service, seen in json.loads(body)["services"].items()}


def measured(stack: Stack, name: str, service: str) -> float:
    [line] = [
        line
        for line in ask(stack, name, "/metrics")[1].splitlines()
        if line.startswith(f'postroom_backing_service_up{{backing_service="{service}"}}')
    ]
    return float(line.split()[1])


def changes(stack: Stack, name: str) -> list[tuple[str, str]]:
    """What was told of backing services."""
    return [
        (event["event"], event["backing_service"])
        for event in stack.events(name)
        if event["event"] in {"service.went_down", "service.came_up"}
    ]


def troubles(stack: Stack, name: str) -> Counter[str]:
    """Everything that was told from a warning up."""
    return Counter(
        " ".join([event["event"], event.get("message", "")]).strip() for event in stack.events(name, least="warning")
    )


HELD_IDS = 3 * 10
"""Of a lane with one thread: of the hint that it works at, and of two more."""


def watch(stack: Stack, names: tuple[str, ...] = SERVICES) -> None:
    """Let the outage last; every process stays."""
    deadline = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < deadline:
        assert [stack.code(name) for name in names] == [None] * len(names)
        time.sleep(0.1)


def test_redis_away(environment: dict[str, str], ses_server: SesServer, redis_server: Redis) -> None:
    arrivals = in_ses(ses_server)
    with Stack(environment | {"POSTROOM_WORKER_THREADS": "1"}) as stack:
        with KeptConnection(stack.port("api"), stack.new_key("one")) as client:
            assert client.post("before")[0] == 200
            stack.wait_until(lambda: len(arrivals()) == 1, "the first mail")
            redis_server.pause()
            assert client.post("interactive 0")[0] == 200
            stack.wait_until(lambda: stack.has_told("api", "service.went_down"), "the api to miss Redis")
            for number in range(1, INTERACTIVE):
                assert client.post(f"interactive {number}")[0] == 200
                if number % 20 == 1:
                    assert client.post(*[f"bulk {number}"] * 10)[0] == 200
        for name in SERVICES:
            stack.wait_until(lambda name=name: stack.has_told(name, "service.went_down"), f"{name} to miss it")  # type: ignore[misc]  # bound per name
        standing = {"database": "up", "redis": "down", "schema": "up"}
        assert ready(stack, "api") == (200, standing)
        assert ready(stack, "worker") == ready(stack, "scheduler") == (503, standing)
        assert [measured(stack, name, "redis") for name in SERVICES] == [0.0] * 3
        watch(stack)
        redis_server.resume()
        interactive = [f"interactive {number}" for number in range(INTERACTIVE)]
        bulk = [f"bulk {number}" for number in range(1, INTERACTIVE, 20) for _ in range(10)]
        stack.wait_until(lambda: len(arrivals()) == 1 + len(interactive) + len(bulk), "all mails")
        came = [arrival.subject for arrival in arrivals()]
        assert [subject for subject in came if not subject.startswith("bulk")] == ["before", *interactive]
        assert [subject for subject in came if subject.startswith("bulk")] == bulk
        # Bulk mail is taken up when no interactive hint waits any more; those in the worker's hands go out beside it.
        assert came.index("bulk 1") > 1 + len(interactive) - HELD_IDS
        for name in SERVICES:
            stack.wait_until(lambda name=name: stack.has_told(name, "service.came_up"), f"{name} to find it again")  # type: ignore[misc]  # bound per name
        assert [measured(stack, name, "redis") for name in SERVICES] == [1.0] * 3
    for name in SERVICES:
        assert changes(stack, name) == [("service.went_down", "redis"), ("service.came_up", "redis")], name
        assert troubles(stack, name) == {"service.went_down": 1}, name


def test_the_database_away(environment: dict[str, str], ses_server: SesServer, mariadb: MariaDb) -> None:
    arrivals = in_ses(ses_server)
    wanted = [f"mail {number}" for number in range(100)]
    ses_server.latency_seconds = 0.2
    with Stack(environment | {"POSTROOM_WORKER_THREADS": str(THREADS)}) as stack:
        key = stack.new_key("one")
        with KeptConnection(stack.port("api"), key) as client:
            assert client.post(*wanted)[0] == 200
            stack.wait_until(lambda: len(arrivals()) >= 8, "mails to be sent")
            mariadb.pause()
            for _ in range(3):
                status, body, headers = client.post("refused")
                assert (status, body["name"]) == (503, "service_unavailable")
                assert 1 <= int(headers["retry-after"]) <= 60
        for name in SERVICES:
            stack.wait_until(lambda name=name: stack.has_told(name, "service.went_down"), f"{name} to miss it")  # type: ignore[misc]  # bound per name
            assert ready(stack, name) == (503, {"database": "down", "redis": "up", "schema": "up"}), name
            assert ask(stack, name, "/livez")[0] == 200, name
            assert measured(stack, name, "database") == 0.0
        watch(stack)
        mariadb.resume()
        with KeptConnection(stack.port("api"), key) as client:
            stack.wait_until(lambda: client.post("after")[0] == 200, "the api to accept again")
        stack.wait_until(lambda: {arrival.subject for arrival in arrivals()} == {*wanted, "after"}, "all mails")
        for name in SERVICES:
            stack.wait_until(lambda name=name: stack.has_told(name, "service.came_up"), f"{name} to find it again")  # type: ignore[misc]  # bound per name
            assert measured(stack, name, "database") == 1.0
        stack.wait_until(
            lambda: set(count_states(environment["POSTROOM_DATABASE_URL"])) == {"sent"}, "all to be written down"
        )
        assert Counter(arrival.subject for arrival in arrivals()) == dict.fromkeys([*wanted, "after"], 1)
    for name in SERVICES:
        assert changes(stack, name) == [("service.went_down", "database"), ("service.came_up", "database")], name
        told = troubles(stack, name)
        assert told.pop("service.went_down") == 1, name
        # Beside it, nothing but a line for each request that was refused, for each email that was being prepared, and
        # for a job whose connection broke while a later question of another one was answered already.
        beside = {"api": "request.answered", "worker": "email.deferred", "scheduler": "job.postponed"}
        assert set(told) <= {beside[name]}, name
        assert told["job.postponed"] <= 1
        assert told["email.deferred"] <= THREADS
