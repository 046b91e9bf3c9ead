from datetime import UTC, datetime

import pytest

from postroom_domain.errors import InvalidTime
from postroom_domain.send_times import parse_send_time

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # a Monday
SUMMER = datetime(2026, 6, 22, 20, 0, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00+00:00"),
        ("2026-11-24T10:00:00.123456+00:00", "2026-11-24T10:00:00.123456+00:00"),
        ("2026-11-24T10:00:00+0200", "2026-11-24T08:00:00+00:00"),
        ("2026-11-24T10:00:00", "2026-11-24T10:00:00+00:00"),
        ("2026-11-24 10:00:00.5-05:00", "2026-11-24T15:00:00.500000+00:00"),
        ("in 1 min", "2026-11-23T20:01:00+00:00"),
        ("in 1 hour", "2026-11-23T21:00:00+00:00"),
        ("in 3 days", "2026-11-26T20:00:00+00:00"),
        ("tomorrow at 9am", "2026-11-24T09:00:00+00:00"),
        ("Friday at 3pm ET", "2026-11-27T20:00:00+00:00"),
        ("tomorrow at 9am PST", "2026-11-24T17:00:00+00:00"),
        ("yesterday", "2026-11-22T20:00:00+00:00"),
    ],
)
def test_reads_iso_and_english(text: str, expected: str) -> None:
    assert parse_send_time(text, NOW).isoformat() == expected


def test_eastern_time_is_what_clocks_show_in_summer_too() -> None:
    assert parse_send_time("Friday at 3pm ET", SUMMER).isoformat() == "2026-06-26T19:00:00+00:00"


@pytest.mark.parametrize(
    "text", ["", "soon-ish", "10", "2026-13-01", "2026-11-24T25:00:00Z", "0000", "x" * 500, "never"]
)
def test_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidTime, match="ISO 8601"):
        parse_send_time(text, NOW)


@pytest.mark.parametrize("text", ["in 31 days", "2026-12-24T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_refuses_more_than_thirty_days(text: str) -> None:
    with pytest.raises(InvalidTime, match="30 days"):
        parse_send_time(text, NOW)
