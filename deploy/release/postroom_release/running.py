"""Running a release: backing services, migrations, then one service after the other."""

from datetime import UTC, datetime

from postroom_release import compose, engine
from postroom_release.backing import BACKING, Backed, choose_backing
from postroom_release.build import SERVICES
from postroom_release.compose import Compose
from postroom_release.errors import EX_CONFIG, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_USAGE, Refused
from postroom_release.folder import DeployFolder
from postroom_release.history import REMOVED, History
from postroom_release.readiness import wait_ready
from postroom_release.record import Record, Records
from postroom_release.saying import progress, say
from postroom_release.secrets import ensure_secrets

WAIT_SECONDS = 120
"""For each service to become ready, where nothing else is said."""
_CONSUMERS_FIRST = ("worker", "scheduler", "api")
"""What a newer api asks for, a newer worker must understand; on the way back it is the other way round."""
_MIGRATE_CODES = (EX_DATAERR, EX_CONFIG)


def run_release(folder: DeployFolder, number: int | None, *, action: str, wait_seconds: int) -> None:
    """Have a release run instead of what runs now.

    Args:
        folder: of the deploy.
        number: None: the newest.
        action: up or rollback.
        wait_seconds: for each service to become ready.

    Raises:
        Refused: with the services that run left as they were, unless it says that they were replaced.
    """
    folder.ensure_there()
    engine.ensure_answers()
    with folder.held():
        records, history = Records(folder.releases), History(folder.history)
        backed = choose_backing(records, history, records.read(_choose(records, history, number, action)))
        record = backed.record
        ensure_secrets(folder.secrets, record.config.secrets)
        _ensure_images(record)
        with compose.opened(folder, record) as opened:
            _hand_over(opened, "database", "migrate")
            _start_backing(opened, backed, history, action, wait_seconds=wait_seconds)
            _migrate(opened, record)
            _hand_over(opened, "admin", *SERVICES)
            _replace(opened, record, history, action, wait_seconds=wait_seconds)
            _remove_unused(opened, record)
    say(f"release {record.release} runs: http://{record.config.publish}")


def take_down(folder: DeployFolder, *, volumes: bool) -> None:
    """End and remove the containers; the database's volume goes only when asked for."""
    folder.ensure_there()
    engine.ensure_answers()
    with folder.held():
        history = History(folder.history)
        if compose.take_down(folder, volumes=volumes) != 0:
            raise Refused("Compose could not end everything, see above", exit_code=EX_UNAVAILABLE)
        started = history.started
        stood = history.running or (started[-1] if started and volumes else None)
        if stood is not None:
            history.note(REMOVED if volumes else "down", stood, "down", now=datetime.now(UTC))
    say("down; the database and its volume are gone" if volumes else "down; the database's volume stays")


def run_admin(folder: DeployFolder, number: int | None, arguments: list[str], *, terminal: bool) -> int:
    """One admin process; its exit code.

    Where no release runs, as after a restore, its database and Redis are started for it and no service is: a database
    can be looked at, and fenced, before anything works on it.

    Args:
        folder: of the deploy.
        number: None: the release that runs, else the newest.
        arguments: the admin's own.
        terminal: there is one.
    """
    folder.ensure_there()
    engine.ensure_answers()
    records, history = Records(folder.releases), History(folder.history)
    running = history.running
    if running is not None and number not in {None, running}:
        raise Refused(f"release {running} runs, and only its admin does; `make down` ends it", exit_code=EX_USAGE)
    if running is not None:
        with compose.opened(folder, records.read(running)) as opened:
            return opened.run("admin", *arguments, terminal=terminal)
    with folder.held():  # no service is to start while it works
        backed = choose_backing(records, history, records.read(_choose(records, history, number, "admin")))
        ensure_secrets(folder.secrets, backed.record.config.secrets)
        _ensure_images(backed.record)
        with compose.opened(folder, backed.record) as opened:
            _hand_over(opened, "database", "admin")
            _start_backing(opened, backed, history, "admin", wait_seconds=WAIT_SECONDS)
            return opened.run("admin", *arguments, terminal=terminal)


def _choose(records: Records, history: History, number: int | None, action: str) -> int:
    if number is None:
        numbers = records.numbers()
        if not numbers:
            raise Refused("there is no release; `make release` makes one", exit_code=EX_NOINPUT)
        return numbers[-1]
    running = history.running
    if action == "rollback" and running is not None and number >= running:
        raise Refused(
            f"release {number} is not older than the one that runs, {running}; `make up N={number}` runs it",
            exit_code=EX_USAGE,
        )
    return number


def _ensure_images(record: Record) -> None:
    engine.ensure_images(
        record.images.values(),
        remedy=f"release {record.release} needs it: pull it, or package commit {record.commit} and release that",
    )


def _hand_over(opened: Compose, *readers: str) -> None:
    if not opened.hand_over(*readers):
        raise Refused(
            "the secrets could not be handed over, see above; no container of api, worker or scheduler was touched",
            exit_code=EX_UNAVAILABLE,
        )


def _start_backing(opened: Compose, backed: Backed, history: History, action: str, *, wait_seconds: int) -> None:
    record = backed.record
    if backed.own:
        history.note(action, record.release, "starting", now=datetime.now(UTC))
    for service in (service for service in BACKING if service in record.images):
        if not _bring_up(opened, record, service, replace=backed.own, wait_seconds=wait_seconds):
            raise Refused(
                f"{service} of release {record.release} did not become ready, its last lines stand above; no container "
                "of api, worker or scheduler was touched",
                exit_code=EX_UNAVAILABLE,
            )


def _migrate(opened: Compose, record: Record) -> None:
    progress(f"release {record.release}: migrate")
    if (code := opened.run("migrate")) != 0:
        raise Refused(
            f"release {record.release} does not run: migrate ended with {code}, see above; api, worker and scheduler "
            "go on as before",
            exit_code=code if code in _MIGRATE_CODES else EX_UNAVAILABLE,
        )


def _replace(opened: Compose, record: Record, history: History, action: str, *, wait_seconds: int) -> None:
    last = history.last
    forward = last is None or record.release >= last.release
    history.note(action, record.release, "replacing", now=datetime.now(UTC))
    for service in _CONSUMERS_FIRST if forward else reversed(_CONSUMERS_FIRST):
        if not _bring_up(opened, record, service, wait_seconds=wait_seconds):
            ready = history.last_ready
            history.note(action, record.release, "not ready", now=datetime.now(UTC))
            remedy = f"`make up N={ready}` goes back" if ready not in {None, record.release} else "`make down` ends it"
            raise Refused(
                f"{service} of release {record.release} did not become ready, its last lines stand above; {remedy}",
                exit_code=EX_UNAVAILABLE,
            )
    history.note(action, record.release, "ready", now=datetime.now(UTC))


def _bring_up(opened: Compose, record: Record, service: str, *, replace: bool = True, wait_seconds: int) -> bool:
    progress(f"release {record.release}: {service}")
    ready = opened.up(service, replace=replace) and wait_ready(opened.project, service, seconds=wait_seconds)
    if not ready:
        opened.do("logs", "--no-log-prefix", "--tail", "20", service)
    return ready


def _remove_unused(opened: Compose, record: Record) -> None:
    """Backing services of an earlier release, where this one is attached to others. Volumes stay."""
    if unused := [service for service in BACKING if service not in record.images]:
        opened.do("rm", "--stop", "--force", *unused)
