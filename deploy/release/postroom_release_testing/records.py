from datetime import UTC, datetime

from postroom_release.build import Build
from postroom_release.config import Config
from postroom_release.record import Record, Records

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def add_record(records: Records, build: Build, config: Config) -> Record:
    """The next one, with a Redis beside the services."""
    return records.add(build, config, images={"redis": f"sha256:{'d' * 64}"}, compose="services: {}\n", now=NOW)
