import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from loguru import logger

from postroom_health.backing_service import BackingService, pause_after
from postroom_health.metrics import render_metrics

if TYPE_CHECKING:
    from loguru import Message


@pytest.fixture
def service() -> BackingService:
    return BackingService("database")


@pytest.fixture
def told() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(message: "Message") -> None:
        assert "email_id" not in message.record["extra"]
        seen.append(f"{message.record['message']} {message.record['extra'].get('reason', '')}".strip())

    handler = logger.add(note, level="INFO")
    yield seen
    logger.remove(handler)


_GAUGE = 'postroom_backing_service_up{backing_service="database"}'


def gauge() -> str:
    [line] = [one for one in render_metrics().decode().splitlines() if one.startswith(_GAUGE)]
    return line


def answers(service: BackingService) -> bool:
    """Asked anew: a type checker would take the first answer for the last."""
    return service.is_up


def test_each_change_is_told_once_however_many_notice_it(service: BackingService, told: list[str]) -> None:
    for asked_at in (1.0, 2.0):
        service.note(asked_at)
    assert told == []
    assert gauge() == 'postroom_backing_service_up{backing_service="database"} 1.0'
    with logger.contextualize(email_id="of whoever noticed it"):
        for asked_at in (3.0, 4.0):
            service.note(asked_at, "it does not answer")
    assert not answers(service)
    assert gauge() == 'postroom_backing_service_up{backing_service="database"} 0.0'
    for asked_at in (5.0, 6.0):
        service.note(asked_at)
    assert answers(service)
    assert told == ["service.went_down it does not answer", "service.came_up"]


def test_the_question_that_was_asked_last_counts(service: BackingService, told: list[str]) -> None:
    service.note(2.0)
    service.note(1.0, "it hung for long")
    assert answers(service)
    service.note(3.0, "it does not answer")
    service.note(2.5)
    assert not answers(service)
    assert told == ["service.went_down it does not answer"]


def test_nobody_is_asked_before_a_first_answer(service: BackingService) -> None:
    assert answers(service)
    assert service.seen is None


@pytest.mark.parametrize(("away", "bound"), [(0.0, 0.5), (0.3, 0.5), (4.0, 4.0), (15.0, 15.0), (3600.0, 15.0)])
def test_a_pause_is_about_as_long_as_the_service_was_away(away: float, bound: float) -> None:
    drawn = [pause_after(away) for _ in range(200)]
    assert bound / 2 <= min(drawn) < max(drawn) <= bound
    assert max(drawn) - min(drawn) > bound / 4


def test_whoever_waits_goes_on_when_somebody_else_gets_an_answer(service: BackingService) -> None:
    service.note(0.0, "it does not answer")
    service._down_at = time.monotonic() - 3600
    service._ask_again_at = 0.0
    service.note(1.0, "it does not answer")
    assert service.pause_seconds() > 7
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(service.wait(threading.Event())))
    waiting.start()
    service.note(2.0)
    waiting.join(5)
    assert results == [False]


def test_whoever_waits_ends_when_told_to_stop(service: BackingService) -> None:
    service.note(0.0, "it does not answer")
    stopping = threading.Event()
    stopping.set()
    started = time.monotonic()
    assert service.wait(stopping)
    assert time.monotonic() - started < 0.2


def test_nobody_comes_back_at_once_from_a_service_that_is_up(service: BackingService) -> None:
    started = time.monotonic()
    assert not service.wait(threading.Event())
    assert time.monotonic() - started >= 0.25
