import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

REQUIRED = ["ts", "level", "service", "release", "event"]
LEVELS = {"debug", "info", "warning", "error", "critical"}
CONFIGURED = """
from loguru import logger
from postroom_logging.setup import configure, flush
configure(service="api", release="r7", level={level!r}, format={form!r})
"""


def environment() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}


@pytest.fixture
def run() -> Callable[..., list[dict[str, Any]]]:
    """Runs code as a service would run; gives its lines, after checking what is true of every line."""

    def run_code(code: str, *, level: str = "info", exit_code: int = 0) -> list[dict[str, Any]]:
        return read_lines(run_raw(code, level=level, exit_code=exit_code))

    return run_code


@pytest.fixture
def run_text() -> Callable[[str, str], str]:
    """Runs code with a chosen format; gives stdout."""

    def run_code(code: str, form: str) -> str:
        return run_raw(code, form=form).decode()

    return run_code


def run_raw(code: str, *, level: str = "info", form: str = "auto", exit_code: int = 0) -> bytes:
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "default",
            "-c",
            CONFIGURED.format(level=level, form=form) + textwrap.dedent(code),
        ],
        env=environment(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.stderr.decode() == ""
    assert done.returncode == exit_code
    return done.stdout


def read_lines(stdout: bytes) -> list[dict[str, Any]]:
    text = stdout.decode("ascii")
    assert text == "" or text.endswith("\n")
    assert len(text.splitlines()) == text.count("\n")
    lines = [json.loads(line, parse_constant=refuse_constant) for line in text.splitlines()]
    for line in lines:
        assert list(line)[:5] == REQUIRED
        assert (line["service"], line["release"]) == ("api", "r7")
        assert line["level"] in LEVELS
    return lines


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
