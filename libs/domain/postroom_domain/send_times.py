"""``scheduled_at`` as clients write it: ISO 8601, or English such as ``tomorrow at 9am``."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from postroom_domain.errors import InvalidTime
from postroom_domain.limits import MAX_SCHEDULE_DAYS

_LONGEST = 100

_AMERICAN_ZONES = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}
"""`ET` means what clocks there show, in summer too; dateparser would read it as a fixed offset."""


def parse_send_time(text: str, now: datetime) -> datetime:
    """Read a time, in UTC.

    A time without a zone is UTC: the client's zone is not known here. A time that has passed is due now.

    Args:
        text: what the client wrote.
        now: aware; English is read relative to it.

    Raises:
        InvalidTime: it is not understood, or more than 30 days ahead.
    """
    stripped = text.strip()
    moment = _from_iso(stripped) or _from_english(stripped, now)
    if moment is None:
        raise InvalidTime("It must be an ISO 8601 date and time, or English such as `in 1 hour` or `tomorrow at 9am`.")
    if moment > now + timedelta(days=MAX_SCHEDULE_DAYS):
        raise InvalidTime(f"It must be at most {MAX_SCHEDULE_DAYS} days ahead.")
    return moment


def _from_iso(text: str) -> datetime | None:
    if not text[:4].isdigit():
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _from_english(text: str, now: datetime) -> datetime | None:
    # A bare number would be read as a day of some month, and a long text costs time to search.
    if len(text) > _LONGEST or not any(character.isalpha() for character in text):
        return None
    import dateparser  # noqa: PLC0415 - a fifth of the api's start, for what few requests need

    text, zone = _split_zone(text)
    try:
        moment = dateparser.parse(
            text,
            languages=["en"],
            settings={
                "RELATIVE_BASE": now.astimezone(zone).replace(tzinfo=None),
                "TIMEZONE": str(zone),
                "RETURN_AS_TIMEZONE_AWARE": True,
                "PREFER_DATES_FROM": "future",
            },
        )
    except (ValueError, OverflowError, RecursionError):
        return None
    return moment.astimezone(UTC) if moment else None


def _split_zone(text: str) -> tuple[str, tzinfo]:
    rest, _, last = text.rpartition(" ")
    if rest and last in _AMERICAN_ZONES:
        return rest, ZoneInfo(_AMERICAN_ZONES[last])
    return text, UTC
