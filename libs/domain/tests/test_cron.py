from datetime import datetime

import pytest

from postroom_domain.cron import Cron, read_zone
from postroom_domain.errors import InvalidCron, InvalidZone

EXPECTED = "It must have five fields: minute, hour, day of month, month and day of week, such as `30 9 * * MON-FRI`."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", EXPECTED),
        ("* * * *", EXPECTED),
        ("0 * * * * *", EXPECTED),
        ("@daily", EXPECTED),
        ("* * * * ½", EXPECTED),
        ("60 * * * *", f"The minute is wrong. {EXPECTED}"),
        ("0 24 * * *", f"The hour is wrong. {EXPECTED}"),
        ("0 0 32 * *", f"The day of month is wrong. {EXPECTED}"),
        ("0 0 0 2 *", f"The day of month is wrong. {EXPECTED}"),
        ("0 0 1 13 *", f"The month is wrong. {EXPECTED}"),
        ("0 0 1 FEBRUARY *", f"The month is wrong. {EXPECTED}"),
        ("0 0 * * 8", f"The day of week is wrong. {EXPECTED}"),
        ("0 0 * * MON-", f"The day of week is wrong. {EXPECTED}"),
        ("*/0 * * * *", f"The minute is wrong. {EXPECTED}"),
        ("9-8 * * * *", f"The minute is wrong. {EXPECTED}"),
        ("0 0 30 2 *", "It never fires: no such day is in these months."),
        ("0 0 30,31 FEB *", "It never fires: no such day is in these months."),
        ("0 0 31 4,6,9,11 *", "It never fires: no such day is in these months."),
        ("0 0 L 2 MON#9", f"The day of week is wrong. {EXPECTED}"),
        ("1,2 " * 30 + "* * * *", "It is longer than 100 characters."),
    ],
)
def test_a_line_that_is_none_or_never_fires_is_refused(line: str, reason: str) -> None:
    with pytest.raises(InvalidCron) as problem:
        Cron(line)
    assert str(problem.value) == reason


@pytest.mark.parametrize(
    "line",
    [
        "0 0 29 2 *",
        "0 0 30 2 MON",
        "0 0 29 2 */7",
        "0 0 L * *",
        "5 4 * * 5L",
        "0 9 * * 1#1",
    ],
)
def test_a_line_that_fires_seldom_is_taken(line: str) -> None:
    assert Cron(line).after(datetime(2026, 1, 1)) is not None  # noqa: DTZ001 - what a clock shows


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert read_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Nowhere/City",
        "Europe",
        "europe/berlin",
        "../UTC",
        "/etc/localtime",
        "localtime",
        "+02:00",
        "right/UTC",
        "UTC\x00",
        "\ud800",
    ],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidZone, match="IANA time zone"):
        read_zone(name)
