"""How a container of each image ends: its exit code, its last words, and that no mail is lost by it."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from postroom_acceptance.kept_connection import KeptConnection
from postroom_acceptance.steady_clients import SteadyClients
from postroom_images_testing.stack import DRAIN_SECONDS, SERVICES, Stack
from postroom_testing.ses_messages import Behaviour

TOLD_TWICE = 143
CLIENTS = 8
SCHEDULED = 150
MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "one", "text": "text"}


@pytest.fixture(autouse=True)
def whole_again(stack: Stack) -> Iterator[None]:
    """What a test ended runs again, and SES takes everything at once."""
    yield
    stack.ses.always(Behaviour.ACCEPT)
    stack.ses.latency_seconds = 0.0
    for service in SERVICES:
        if not stack.containers[service].running:
            stack.start(service)
    for service in SERVICES:
        stack.wait_ready(service)


def stop(stack: Stack, name: str) -> None:
    """`docker stop`; the exit code would be 137 had it killed."""
    seconds = stack.containers[name].stop()
    assert stack.containers[name].wait() == 0, stack.tail()
    assert seconds < DRAIN_SECONDS
    last = stack.containers[name].events()[-1]
    assert last["event"] == "service.stopped"
    assert last.get("finished", True)


def end_at_once(stack: Stack, name: str, has_heard: Callable[[], bool]) -> None:
    """SIGTERM, and once that was heard another one."""
    container = stack.containers[name]
    container.signal("TERM")
    stack.wait_until(has_heard, "the first signal to be heard")
    started = time.monotonic()
    container.signal("TERM")
    assert container.wait() == TOLD_TWICE, stack.tail()
    assert time.monotonic() - started < DRAIN_SECONDS
    assert container.events()[-1]["event"] == "service.aborted"


@contextmanager
def paused_database(stack: Stack) -> Iterator[None]:
    stack.containers["mariadb"].pause()
    try:
        yield
    finally:
        stack.containers["mariadb"].resume()


@pytest.mark.parametrize("service", SERVICES)
def test_told_to_stop_it_ends_with_0(stack: Stack, service: str) -> None:
    stop(stack, service)


def test_an_api_that_waits_for_its_database_ends_at_once_when_told_twice(stack: Stack) -> None:
    host, port = stack.address("api")
    with KeptConnection(port, stack.key, host) as client, paused_database(stack):
        client.ask("waits")
        end_at_once(stack, "api", lambda: stack.containers["api"].ask(port, "/livez") is None)


def test_a_worker_whose_call_hangs_ends_at_once_when_told_twice(stack: Stack) -> None:
    stack.ses.always(Behaviour.HANG)
    before = stack.ses.count_sends()
    stack.post(MAIL)
    stack.wait_until(lambda: stack.ses.count_sends() > before, "the call")
    end_at_once(stack, "worker", lambda: stack.containers["worker"].has_told("service.drain_started"))


def test_a_scheduler_that_waits_for_its_database_ends_at_once_when_told_twice(stack: Stack) -> None:
    scheduler = stack.containers["scheduler"]
    with paused_database(stack):
        stack.wait_until(lambda: scheduler.has_told("service.went_down"), "the sweeps to miss the database")
        end_at_once(stack, "scheduler", lambda: scheduler.has_told("service.drain_started"))


def test_without_its_database_a_service_runs_and_is_not_ready_until_it_is_back(stack: Stack) -> None:
    mariadb = stack.containers["mariadb"]
    mariadb.signal("KILL")
    mariadb.wait()
    for service in SERVICES:
        stack.wait_ready(service, 503)
    # Nor does one end that starts meanwhile.
    for service in SERVICES:
        stack.start(service)
    for service in SERVICES:
        stack.wait_ready(service, 503)

    mariadb.start()

    for service in SERVICES:
        stack.wait_ready(service)
    email_id = stack.post(MAIL)
    stack.wait_until(lambda: email_id in stack.arrived(), "the mail")


@pytest.mark.parametrize("service", ["api", "worker"])
def test_stopped_under_load_it_loses_nothing(stack: Stack, service: str) -> None:
    stack.start("api-2")
    stack.wait_ready("api-2")
    stack.ses.latency_seconds = 0.05  # so that calls are under way whenever it is stopped
    clients = SteadyClients([stack.address("api"), stack.address("api-2")], stack.key, clients=CLIENTS)
    clients.start()
    try:
        stack.wait_until(lambda: len(clients.ids) >= 100, "the clients to be at it")
        stop(stack, service)
        accepted = len(clients.ids)
        stack.wait_until(lambda: len(clients.ids) >= accepted + 100, "the clients to go on")
    finally:
        clients.stop()
    stack.start(service)
    stop(stack, "api-2")

    assert clients.failures == []
    assert_each_arrives_once(stack, clients.ids)


def test_a_scheduler_stopped_under_load_loses_nothing(stack: Stack) -> None:
    first = datetime.now(UTC) + timedelta(seconds=3)
    # Some are due before it is stopped, some while it is away, some afterwards.
    due = [first + timedelta(seconds=number * 0.05) for number in range(SCHEDULED)]
    ids = [stack.post(MAIL | {"scheduled_at": moment.isoformat()}) for moment in due]
    stack.wait_until(lambda: any(email_id in ids for email_id in stack.arrived()), "the first of them")
    stop(stack, "scheduler")
    stack.start("scheduler")

    assert_each_arrives_once(stack, ids)


def assert_each_arrives_once(stack: Stack, ids: list[str]) -> None:
    wanted = set(ids)
    stack.wait_until(lambda: wanted <= set(stack.arrived()), "all mails")
    time.sleep(0.5)  # for one that comes twice
    assert Counter(email_id for email_id in stack.arrived() if email_id in wanted) == dict.fromkeys(ids, 1)
