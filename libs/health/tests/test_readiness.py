import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from loguru import logger

from postroom_health.backing_service import BackingService
from postroom_health.checks import Check, Readiness

if TYPE_CHECKING:
    from loguru import Message


class Backing:
    """A backing service that can be away or hang."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.answering = threading.Event()
        self.answering.set()
        self.asked = 0

    def probe(self) -> None:
        self.asked += 1
        self.answering.wait()
        if self.problem:
            raise self.problem


@pytest.fixture
def backing() -> Iterator[Backing]:
    one = Backing()
    yield one
    one.answering.set()


@pytest.fixture
def events() -> Iterator[list[tuple[str, str]]]:
    """Events so far: name and which service."""
    seen: list[tuple[str, str]] = []

    def note(message: "Message") -> None:
        record = message.record
        seen.append((record["message"], record["extra"]["backing_service"]))

    handler = logger.add(note, level="INFO")
    yield seen
    logger.remove(handler)


def watching(*checks: Check) -> Readiness:
    return Readiness(checks, fresh_seconds=0.0, probe_seconds=0.1)


def test_up(backing: Backing, events: list[tuple[str, str]]) -> None:
    report = watching(Check(BackingService("database"), backing.probe, required=True)).report()
    assert report.ready
    assert report.services["database"].status == "up"
    assert report.services["database"].since.endswith("Z")
    assert events == []


def test_a_required_service_that_is_down_makes_unready(backing: Backing) -> None:
    backing.problem = ConnectionRefusedError("no")
    report = watching(Check(BackingService("database"), backing.probe, required=True)).report()
    assert not report.ready
    assert report.services["database"].status == "down"


def test_another_one_does_not(backing: Backing) -> None:
    backing.problem = ConnectionRefusedError("no")
    report = watching(Check(BackingService("redis"), backing.probe, required=False)).report()
    assert report.ready
    assert report.services["redis"].status == "down"


def test_each_change_is_one_event_and_moves_since(backing: Backing, events: list[tuple[str, str]]) -> None:
    readiness = watching(Check(BackingService("database"), backing.probe, required=True))
    first = readiness.report().services["database"].since
    assert readiness.report().services["database"].since == first
    time.sleep(0.002)  # `since` counts milliseconds
    backing.problem = OSError("away")
    down = readiness.report().services["database"].since
    assert down > first
    assert readiness.report().services["database"].since == down
    backing.problem = None
    assert readiness.report().ready
    readiness.report()
    assert events == [("service.went_down", "database"), ("service.came_up", "database")]


def test_a_probe_that_hangs_counts_as_down_and_costs_one_thread(backing: Backing) -> None:
    other = Backing()
    readiness = watching(
        Check(BackingService("database"), backing.probe, required=True),
        Check(BackingService("redis"), other.probe, required=False),
    )
    backing.answering.clear()
    threads = threading.active_count()
    started = time.monotonic()
    for _ in range(20):
        report = readiness.report()
        assert (report.services["database"].status, report.services["redis"].status) == ("down", "up")
    assert time.monotonic() - started < 1.0  # waited for once, not twenty times
    assert threading.active_count() <= threads + 1
    assert backing.asked == 1
    backing.answering.set()
    deadline = time.monotonic() + 5
    while not readiness.report().ready:
        assert time.monotonic() < deadline


def test_many_askers_cost_one_question(backing: Backing) -> None:
    readiness = Readiness([Check(BackingService("database"), backing.probe, required=True)])
    askers = [threading.Thread(target=readiness.report) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert backing.asked == 1


def test_an_answer_is_given_again_only_for_a_while(backing: Backing) -> None:
    readiness = Readiness([Check(BackingService("database"), backing.probe, required=True)], fresh_seconds=0.05)
    readiness.report()
    backing.problem = OSError("away")
    deadline = time.monotonic() + 5
    while readiness.report().ready:
        assert time.monotonic() < deadline


def test_what_a_probe_finds_out_on_its_way_is_required_and_kept_while_the_probe_fails(backing: Backing) -> None:
    schema = BackingService("schema")
    trouble: list[str | None] = [None]

    def probe() -> None:
        asked_at = time.monotonic()
        backing.probe()
        schema.note(asked_at, trouble[0])

    readiness = Readiness(
        [Check(BackingService("database"), probe, required=True)], told=[schema], fresh_seconds=0.0, probe_seconds=0.1
    )
    backing.problem = OSError("away")
    assert statuses(readiness) == (False, {"database": "down"})
    backing.problem = None
    assert statuses(readiness) == (True, {"database": "up", "schema": "up"})
    trouble[0] = "too old"
    assert statuses(readiness) == (False, {"database": "up", "schema": "down"})
    backing.problem = OSError("away")
    assert statuses(readiness) == (False, {"database": "down", "schema": "down"})
    backing.problem, trouble[0] = None, None
    assert statuses(readiness) == (True, {"database": "up", "schema": "up"})
    backing.answering.clear()
    assert statuses(readiness) == (False, {"database": "down", "schema": "up"})


def statuses(readiness: Readiness) -> tuple[bool, dict[str, str]]:
    report = readiness.report()
    return report.ready, {name: service.status for name, service in report.services.items()}


def test_nothing_to_check_is_ready() -> None:
    assert Readiness([]).report().ready
