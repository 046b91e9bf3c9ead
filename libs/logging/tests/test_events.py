import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from postroom_logging.line import format_time
from postroom_logging.text import TextFormat

Run = Callable[..., list[dict[str, Any]]]


def test_fields_in_order(run: Run) -> None:
    (line,) = run(
        """
        with logger.contextualize(email_id="e", request_id="r"):
            logger.info("email.accepted", count=3, job_id="j", domain="d")
        """
    )
    assert list(line) == [
        "ts", "level", "service", "release", "event", "request_id", "email_id", "job_id", "count", "domain"
    ]  # fmt: skip
    assert line["event"] == "email.accepted"
    assert (line["level"], line["count"]) == ("info", 3)


def test_time_is_rfc_3339_in_utc_with_microseconds(run: Run) -> None:
    (line,) = run("logger.info('email.accepted')")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["ts"])
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line["ts"])).total_seconds()) < 60
    assert format_time(1_700_000_000_000_001_999) == "2023-11-14T22:13:20.000001Z"


def test_the_level_decides(run: Run) -> None:
    code = """
        for level in ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"):
            logger.log(level, "a.b")
    """
    assert [line["level"] for line in run(code, level="warning")] == ["warning", "error", "critical"]
    assert [line["level"] for line in run(code, level="debug")] == [
        "debug", "info", "info", "warning", "error", "critical"
    ]  # fmt: skip


def test_nothing_in_a_value_breaks_a_line(run: Run) -> None:
    lines = run(
        r"""
        class Broken:
            def __str__(self):
                raise ValueError("no")
        circle = []
        circle.append(circle)
        deep = {}
        for _ in range(1000):
            deep = {"d": deep}
        logger.info("odd.seen", a="x\ny\r\n\u2028\x85\x0c\x1b[31m", b="\udc80", c=b"\x00", d=Broken(), e=float("nan"),
                    f=float("-inf"), g=circle, h=deep, i={1: {2, 3}, None: ()}, j=10**400, k=lambda: 1, l="é{}%s")
        logger.info("odd.seen {} %s {x}")
        logger.info("odd.seen", big="x" * 100_000, many=list(range(1000)))
        logger.info("odd.seen", huge=1 << 40_000)
        """
    )
    assert [line["event"] for line in lines] == ["odd.seen", "odd.seen {} %s {x}", "odd.seen", "log.failed"]
    assert lines[0]["a"] == "x\ny\r\n\u2028\x85\x0c\x1b[31m"
    assert lines[0]["d"] == "<Broken: str() raised ValueError>"
    assert (lines[0]["e"], lines[0]["f"]) == ("nan", "-inf")
    assert lines[0]["i"] == {"1": [2, 3], "None": []}
    assert lines[0]["l"] == "é{}%s"
    assert len(lines[2]["big"]) < 9000
    assert lines[2]["many"][-1] == "... (1000 items)"
    assert lines[3]["failed_event"] == "odd.seen"


def test_data_never_takes_the_place_of_a_required_field(run: Run) -> None:
    (line,) = run("logger.info('a.b', ts=1, level='x', service='y', release='z', event='w')")
    assert line["event"] == "a.b"
    assert [line[f"data_{name}"] for name in ("ts", "level", "service", "release", "event")] == [
        1, "x", "y", "z", "w"
    ]  # fmt: skip


def test_an_exception_is_part_of_its_line(run: Run) -> None:
    (line,) = run(
        """
        def divide():
            password = "h4dden"
            return 1 / 0
        try:
            divide()
        except ZeroDivisionError:
            logger.exception("group.failed", error="mine", count=1)
        """
    )
    assert list(line)[-3:] == ["error_type", "error", "traceback"]
    assert (line["error_type"], line["error"]) == ("ZeroDivisionError", "division by zero")
    assert line["data_error"] == "mine"
    assert "in divide" in line["traceback"]
    assert "h4dden" not in str(line)


def test_text_for_people() -> None:
    fields = {
        "ts": "2026-01-02T03:04:05.678901Z", "level": "info", "service": "api", "release": "r7",
        "event": "email.accepted", "count": 3, "reason": "two words\x1b[2J", "empty": "",
        "traceback": "Traceback\n  boom \x1b[2J"
    }  # fmt: skip
    text = TextFormat(coloured=False)(fields)
    assert text.splitlines() == [
        '03:04:05.678 info     api       email.accepted count=3 reason="two words\\u001b[2J" empty=""',
        "    Traceback",
        "      boom ?[2J",
    ]
    assert "\x1b[32minfo" in TextFormat(coloured=True)(fields)


@pytest.mark.parametrize("form", ["json", "auto"])
def test_json_where_stdout_is_no_terminal(run_text: Callable[[str, str], str], form: str) -> None:
    assert run_text("logger.info('a.b')", form).startswith('{"ts": "')


def test_text_where_it_is_asked_for(run_text: Callable[[str, str], str]) -> None:
    text = run_text("logger.info('a.b', to='c')", "text")
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} info     api       a\.b to=\*\*\*\n", text)


def test_coloured_text_on_a_terminal() -> None:
    controller, terminal = os.openpty()
    code = (
        "from loguru import logger; from postroom_logging.setup import configure;"
        "configure(service='api', release='r7'); logger.info('a.b')"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, stdout=terminal, check=True, timeout=60)
    os.close(terminal)
    assert b"\x1b[32minfo" in os.read(controller, 4096)
    os.close(controller)
