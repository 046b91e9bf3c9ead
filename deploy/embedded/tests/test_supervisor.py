import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom_embedded import supervisor
from postroom_embedded.errors import Refused
from postroom_embedded.signals import Signals
from postroom_embedded.supervisor import Program, Supervisor

WaitUntil = Callable[[Callable[[], bool]], None]

_WELL_BEHAVED = """
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path(sys.argv[1]).write_text("drained")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).write_text("started")
while True:
    time.sleep(1)
"""
_STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("started")
while True:
    time.sleep(1)
"""
_ONE_MORE_LINE = """
import sys
with open(sys.argv[1], "a") as file:
    file.write("again\\n")
sys.exit(3)
"""


def _program(name: str, script: str, note: Path) -> Program:
    return Program(name, [sys.executable, "-c", script, str(note)], os.environ)


def _says(note: Path, text: str) -> bool:
    return note.is_file() and note.read_text() == text


def _tend_until(keeper: Supervisor, signals: Signals, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        signals.wait(keeper.tend())


def test_what_is_killed_is_started_again_and_said(
    signals: Signals, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    keeper = Supervisor([_program("worker", _WELL_BEHAVED, tmp_path / "note")])
    _tend_until(keeper, signals, lambda: _says(tmp_path / "note", "started"))
    first = keeper.pids["worker"]
    (tmp_path / "note").unlink()
    os.kill(first, signal.SIGKILL)
    _tend_until(keeper, signals, lambda: _says(tmp_path / "note", "started"))
    assert keeper.pids["worker"] != first
    keeper.stop(signals, patience_seconds=30)
    assert capfd.readouterr().out == "worker ended by SIGKILL, restarting in 0.2 s\n"


def test_what_ends_again_and_again_is_started_slower_each_time(
    signals: Signals, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "_LONGEST_WAIT_SECONDS", 0.04)
    keeper = Supervisor([_program("worker", _ONE_MORE_LINE, tmp_path / "note")])
    _tend_until(keeper, signals, lambda: _says(tmp_path / "note", "again\n" * 5))
    keeper.stop(signals, patience_seconds=30)
    waits = [line.split()[-2] for line in capfd.readouterr().out.splitlines() if "exit code 3" in line]
    assert waits[:4] == ["0.01", "0.02", "0.04", "0.04"]


def test_who_lived_long_is_started_again_at_once(
    signals: Signals, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "_STEADY_SECONDS", 0.0)
    keeper = Supervisor([_program("worker", _ONE_MORE_LINE, tmp_path / "note")])
    _tend_until(keeper, signals, lambda: _says(tmp_path / "note", "again\n" * 3))
    keeper.stop(signals, patience_seconds=30)
    assert {line.split()[-2] for line in capfd.readouterr().out.splitlines()} == {"0.01"}


def test_who_refuses_its_configuration_is_not_started_again(signals: Signals, tmp_path: Path) -> None:
    keeper = Supervisor([_program("api", "raise SystemExit(78)", tmp_path / "note")])
    with pytest.raises(Refused, match=r"^api refused its configuration") as refused:
        _tend_until(keeper, signals, lambda: False)
    assert refused.value.exit_code == 78


def test_all_are_asked_to_end_and_waited_for(
    signals: Signals, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notes = [tmp_path / name for name in ("api", "worker", "scheduler")]
    keeper = Supervisor([_program(note.name, _WELL_BEHAVED, note) for note in notes])
    _tend_until(keeper, signals, lambda: all(_says(note, "started") for note in notes))
    keeper.stop(signals, patience_seconds=30)
    assert [note.read_text() for note in notes] == ["drained"] * 3
    assert keeper.pids == {}
    assert capfd.readouterr().out == ""


def test_who_does_not_end_in_time_is_killed_and_named(
    signals: Signals, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notes = [tmp_path / "api", tmp_path / "worker"]
    keeper = Supervisor([_program("api", _WELL_BEHAVED, notes[0]), _program("worker", _STUBBORN, notes[1])])
    _tend_until(keeper, signals, lambda: all(_says(note, "started") for note in notes))
    pid = keeper.pids["worker"]
    keeper.stop(signals, patience_seconds=0.5)
    assert capfd.readouterr().out.endswith("worker did not end in 0.5 s, killed\n")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_second_interrupt_ends_the_patience(
    signals: Signals, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    keeper = Supervisor([_program("worker", _STUBBORN, tmp_path / "note")])
    _tend_until(keeper, signals, lambda: _says(tmp_path / "note", "started"))
    signals.at_once = True
    began = time.monotonic()
    keeper.stop(signals, patience_seconds=60)
    assert time.monotonic() - began < 30
    assert capfd.readouterr().out == "worker killed at once, as asked\n"
