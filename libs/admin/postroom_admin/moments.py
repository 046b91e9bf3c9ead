from datetime import UTC, datetime


def show_moment(moment: datetime) -> str:
    """RFC 3339 in UTC, as in the logs."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
