"""The database and the Redis that run beside the services: which of them a release is to run with."""

from dataclasses import dataclass, replace

from postroom_release.errors import EX_NOINPUT, Refused
from postroom_release.history import History
from postroom_release.record import Record, Records

BACKING = ("database", "redis")


@dataclass(frozen=True, slots=True)
class Backed:
    """A release as it is to be run.

    Args:
        record: with the images of the servers that it gets, which may be those of a later release.
        own: these are its own. False: those that are there stay as they are.
    """

    record: Record
    own: bool


def choose_backing(records: Records, history: History, record: Record) -> Backed:
    """Going forward a release brings its own; going back it gets those that were started last.

    A data folder that a newer server has opened is not for an older one: MariaDB and MySQL do not go back.

    Raises:
        Refused: the record that tells which these are is not there.
    """
    started = history.started
    if not started or record.release >= started[-1]:
        return Backed(record, own=True)
    kept = {service: _find_image(records, started, service) or image for service, image in _bundled(record).items()}
    return Backed(replace(record, images=record.images | kept), own=False)


def _bundled(record: Record) -> dict[str, str]:
    return {service: image for service, image in record.images.items() if service in BACKING}


def _find_image(records: Records, started: list[int], service: str) -> str | None:
    """Of the last release that had such a server; None: none had."""
    for number in reversed(started):
        if number not in records.numbers():
            raise Refused(
                f"there is no record of release {number}, whose {service} was started last: an older release would "
                "start one of its own, perhaps older than the data; bring the record back, or make a new release",
                exit_code=EX_NOINPUT,
            )
        if image := records.read(number).images.get(service):
            return image
    return None
