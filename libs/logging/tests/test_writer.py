"""Whatever becomes of stdout, whoever logs goes on."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_logging.writer import Writer

CONFIGURE = """
import sys, time
from loguru import logger
from postroom_logging.setup import configure, flush
configure(service="api", release="r7", buffer_lines=100)
"""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def start(code: str, **streams: int) -> "subprocess.Popen[bytes]":
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen([sys.executable, "-c", CONFIGURE + code], env={"PYTHONPATH": path}, **streams)  # type: ignore[call-overload,no-any-return]  # streams are descriptors


def read_until(reading: int, wanted: bytes, seconds: float = 20) -> bytes:
    os.set_blocking(reading, False)
    content = b""
    deadline = time.monotonic() + seconds
    while wanted not in content:
        assert time.monotonic() < deadline, "it never came"
        try:
            content += os.read(reading, 1 << 20)
        except BlockingIOError:
            time.sleep(0.005)
    return content


def test_a_blocked_stream_holds_up_nobody_and_drops_are_counted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    writer = Writer(writing, buffer_lines=100, describe_dropped=lambda count: f"dropped {count}\n")
    line = "x" * 999 + "\n"
    started = time.perf_counter()
    for _ in range(10_000):
        writer.put(line)
    assert time.perf_counter() - started < 2
    assert not writer.flush(0.05)
    # Once somebody reads, the last line may still find no room: it is put until it comes out.
    os.set_blocking(reading, False)
    content = b""
    puts = 10_000
    deadline = time.monotonic() + 20
    while b"end\n" not in content:
        assert time.monotonic() < deadline
        writer.put("end\n")
        puts += 1
        writer.flush(0.01)
        with contextlib.suppress(BlockingIOError):
            content += os.read(reading, 1 << 20)
    assert writer.flush(10)
    with contextlib.suppress(BlockingIOError):
        content += os.read(reading, 1 << 20)
    lines = content.decode().splitlines()
    dropped = sum(int(text.split()[1]) for text in lines if text.startswith("dropped"))
    written = sum(not text.startswith("dropped") for text in lines)
    assert written + dropped == puts
    assert dropped > 9_000


def test_nothing_is_lost_while_the_buffer_has_room(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = Writer(writing, buffer_lines=10, describe_dropped=lambda count: f"dropped {count}\n")
    for place in range(10):
        writer.put(f"{place}\n")
    assert writer.flush(10)
    assert os.read(reading, 1000).decode().split() == [str(place) for place in range(10)]


def test_a_stream_that_somebody_made_non_blocking_is_waited_for(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.set_blocking(writing, False)
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    writer = Writer(writing, buffer_lines=1000, describe_dropped=str)
    for _ in range(100):
        writer.put("y" * 999 + "\n")
    writer.put("end\n")
    assert read_until(reading, b"end\n").count(b"y" * 999) == 100


def test_a_reader_that_goes_away_is_no_trouble() -> None:
    code = """
for _ in range(2000):
    logger.info("a.b")
    time.sleep(0.0001)
sys.stderr.write(f"done {flush(5)}")
"""
    process = start(code, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b"done True"
    process.stderr.close()
    assert process.wait(20) == 0


def test_a_blocked_stdout_does_not_hold_up_the_end(pipe: tuple[int, int]) -> None:
    _, writing = pipe
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    started = time.monotonic()
    code = "for _ in range(1000): logger.info('a.b')\nsys.stderr.write('done')"
    process = start(code, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, told = process.communicate(timeout=20)
    assert told == b"done"
    assert process.returncode == 0
    assert time.monotonic() - started < 15


def test_closed_stdout() -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, CONFIGURE + "logger.info('a.b')\nflush(1)"],
        env={"PYTHONPATH": path},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("how", ["sys.exit(0)", "raise RuntimeError('x')", "pass"])
def test_what_was_logged_is_written_at_the_end_however_it_comes(how: str, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        process = start(f"for _ in range(50): logger.info('a.b')\n{how}", stdout=out.fileno(), stderr=subprocess.PIPE)
        process.communicate(timeout=20)
    lines = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [line["event"] for line in lines].count("a.b") == 50


def test_a_full_disk_loses_lines_and_tells_how_many_once_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    full = os.open("/dev/full", os.O_WRONLY)
    described: list[int] = []

    def describe(count: int) -> str:
        described.append(count)
        return f"dropped {count}\n"

    writer = Writer(os.dup(full), buffer_lines=100, describe_dropped=describe)
    writer.put("lost\n")
    assert writer.flush(10)
    assert writer._descriptor is not None
    os.dup2(writing, writer._descriptor)
    writer.put("kept\n")
    assert writer.flush(10)
    assert os.read(reading, 100) == b"kept\ndropped 1\n"
    for descriptor in (reading, writing, full):
        os.close(descriptor)


def test_logging_costs_the_caller_little() -> None:
    code = """
from postroom_logging.setup import _writers
count = 3000
best = 1.0
for _ in range(5):
    started = time.perf_counter()
    for _ in range(count):
        logger.info("email.accepted", email_id="0192f0c4-7a3e-7cc1-9f3e-0a1b2c3d4e5f", count=3)
    best = min(best, (time.perf_counter() - started) / count)
    flush(10)
sys.stderr.write(f"{best * 1e6:.1f}")
"""
    process = start(code, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, told = process.communicate(timeout=60)
    # About 30 µs on an idle machine; the bound leaves room for a busy one and catches what is of another order.
    assert float(told) < 200
