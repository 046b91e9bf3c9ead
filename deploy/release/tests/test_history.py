from datetime import UTC, datetime
from pathlib import Path

import pytest

from postroom_release.errors import EX_DATAERR, Refused
from postroom_release.history import History, Step

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.jsonl")


def test_nothing_runs_before_the_first(history: History) -> None:
    assert (history.last, history.running, history.last_ready) == (None, None, None)


def test_steps_are_added(history: History) -> None:
    history.note("up", 1, "replacing", now=NOW)
    history.note("up", 1, "ready", now=NOW)

    assert list(history.steps()) == [
        Step("2026-01-02T03:04:05Z", "up", 1, "replacing"),
        Step("2026-01-02T03:04:05Z", "up", 1, "ready"),
    ]


def test_what_was_not_ready_runs_all_the_same_and_another_one_was(history: History) -> None:
    history.note("up", 1, "ready", now=NOW)
    history.note("up", 2, "replacing", now=NOW)
    assert (history.running, history.last_ready) == (2, 1)

    history.note("up", 2, "not ready", now=NOW)
    assert (history.running, history.last_ready) == (2, 1)


@pytest.mark.parametrize("line", ['{"at": "2026', "[]", '{"at": "now"}'])
def test_a_line_that_was_not_written_whole_is_named(history: History, tmp_path: Path, line: str) -> None:
    history.note("up", 1, "ready", now=NOW)
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write(line)

    with pytest.raises(Refused, match=r"history\.jsonl: line 2 is not as it was written") as refused:
        _ = history.running
    assert refused.value.exit_code == EX_DATAERR


def test_a_database_that_was_started_is_no_release_that_runs(history: History) -> None:
    history.note("up", 1, "ready", now=NOW)
    history.note("up", 2, "starting", now=NOW)

    assert (history.running, history.last_ready, history.started) == (1, 1, [2])


def test_with_its_volume_a_database_is_forgotten(history: History) -> None:
    history.note("up", 2, "starting", now=NOW)
    history.note("down", 2, "down", now=NOW)
    assert history.started == [2]

    history.note("down --volumes", 2, "down", now=NOW)
    assert history.started == []


def test_after_down_nothing_runs(history: History) -> None:
    history.note("up", 1, "ready", now=NOW)
    history.note("down", 1, "down", now=NOW)

    assert (history.running, history.last_ready) == (None, 1)
