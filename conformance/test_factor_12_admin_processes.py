import secrets
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import Engine, MetaData, create_engine, text

from postroom_admin_testing.scene import Scene
from postroom_admin_testing.uses import USES
from postroom_conformance.admin import CONSENT, Session, Typed, find_hasty, find_wrong_ends, run_admin
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_database.engine import Database
from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.servers import mariadb
from postroom_images_testing.stack import PORTS, Stack
from postroom_testing.server import wait_until

DATABASE_PORT = 3306
MIGRATE = ["migrate", "up"]
STATUS = ["migrate", "status"]
NOT_READY = 503
NO_TOPIC = 78
HERE = {"doctor": (1, 1)}
"""Who ends otherwise in a deploy whose events from SES nobody takes: the doctor says so."""
NOT_HERE = {"embedded"}
"""Of `make run` alone, which has no image."""

SPOILT = """
import mmap

runs = mmap.mmap(-1, 1)  # which processes that are forked share

@main.command("planted")
def forgotten(): pass

@main.command("quota-planted")
def breaks(): raise RuntimeError("planted")

@main.command("doctor-planted")
def works_once():
    runs[0] += 1
    sys.exit(runs[0] - 1)

@main.command("erase-planted")
@click.option("--yes", is_flag=True)
def hurries(yes): click.echo("Erased.")
"""
NO_LOCK = """
import contextlib
import postroom_migrations.migrate
postroom_migrations.migrate._locked = lambda database: contextlib.nullcontext()
"""
ERRORS_SWALLOWED = """
import contextlib
import postroom_migrations.migrate as migrations
upgrade = migrations._upgrade

def go_on(*arguments):
    with contextlib.suppress(Exception):
        upgrade(*arguments)

migrations._upgrade = go_on
"""


Run = Callable[..., Session]
"""Runs commands in the image, on the database that nothing else uses."""


@pytest.fixture(scope="module")
def database(stack: Stack, names: dict[str, str]) -> Iterator[tuple[dict[str, str], Engine]]:
    """A database that nothing uses: the variables that lead there, and a way in."""
    password = secrets.token_hex(16)
    with mariadb(names["mariadb"], stack.network, alias="other", database="other", password=password) as server:
        engine = create_engine(f"mysql+pymysql://other:{password}@{server.address}:{DATABASE_PORT}/other")
        wait_until(lambda: answers(engine), seconds=60, what="the database")
        url = f"mysql+pymysql://other:{password}@other/other"
        yield stack.variables | {"POSTROOM_DATABASE_URL": url}, engine
        engine.dispose()


def answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT 1")).scalar() == 1
    except Exception:  # noqa: BLE001 - whatever it says, it is asked again
        return False


@pytest.fixture(scope="module")
def run(stack: Stack, names: dict[str, str], database: tuple[dict[str, str], Engine]) -> Run:
    variables, _ = database

    def run_commands(*commands: Sequence[str], plant: str = "", together: bool = False) -> Session:
        return run_admin(
            names["worker"], commands, variables=variables, network=stack.network, plant=plant, together=together
        )

    return run_commands


@pytest.fixture(scope="module")
def typed(run: Run, database: tuple[dict[str, str], Engine]) -> list[Typed]:
    """Every command as it is used, once all that it wants to find is there."""

    def run_one(*words: str) -> None:
        [ended] = run(words).ended
        assert ended.code == 0, ended

    run_one("migrate")
    opened = Database(database[1].url.render_as_string(hide_password=False), pool_size=2, timeout_seconds=5)
    scene = Scene.set(run_one, opened)
    commands = [
        Typed((*name.split(), *use.words(scene)), *HERE.get(name, (0, use.again)))
        for name, use in USES.items()
        if name not in NOT_HERE
    ]
    opened.close()
    redrive = ("events", "redrive", "--queue-url", "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters")
    return [*commands, Typed(redrive, NO_TOPIC, NO_TOPIC)]


@proves("What cannot be undone asks before; where nobody can be asked it does nothing, and says to give `--yes`.")
def test_nothing_is_undone_unasked(run: Run, typed: list[Typed], evidence: Evidence) -> None:
    session = run(*([word for word in one.words if word != CONSENT] for one in typed if CONSENT in one.words))

    evidence(f"nobody answers: {', '.join(' '.join(one.words[:2]) for one in session.ended)} end with 1")
    assert find_hasty(session) == []


@violates(test_nothing_is_undone_unasked, "a command that takes `--yes` and erases without it")
def test_a_hasty_command_is_found(run: Run) -> None:
    assert find_hasty(run(["erase-planted"], plant=SPOILT)) == ["erase-planted ended with 0 and did not ask"]


@proves(
    "Every command runs as a process of the release's image with the services' own config, locked down, and ends with "
    "the exit code that is documented; so it does when it is run again."
)
def test_every_command_runs_from_the_image_and_twice(
    stack: Stack, run: Run, typed: list[Typed], evidence: Evidence
) -> None:
    session = run(*(one.words for one in typed for _ in range(2)))

    codes = sorted({one.code for one in session.ended})
    evidence(f"{len(session.commands)} commands, {len(session.ended)} runs; exit codes {codes}; no stack trace")
    assert find_wrong_ends(typed, session) == []
    # By its own entry point, too.
    assert stack.admin("workspace", "list").count(" one") == 1


@violates(
    test_every_command_runs_from_the_image_and_twice,
    "a command that nobody tried, one that ends with a stack trace, one that cannot be run again",
)
def test_commands_that_end_badly_are_found(run: Run) -> None:
    planted = [Typed(["quota-planted"]), Typed(["doctor-planted"])]
    session = run(*(one.words for one in planted for _ in range(2)), plant=SPOILT)

    found = find_wrong_ends(planted, session)
    assert "planted was not tried" in found
    assert found.count("quota-planted shows a stack trace") == 2
    assert [one for one in found if one.startswith("doctor-planted")] == ["doctor-planted ended with 1, not 0: "]


@pytest.fixture
def empty(database: tuple[dict[str, str], Engine]) -> Engine:
    """Without any table."""
    _, engine = database
    tables = MetaData()
    with engine.begin() as connection:
        tables.reflect(connection)
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        for table in tables.tables:
            connection.execute(text(f"DROP TABLE `{table}`"))
    return engine


@pytest.fixture
def migrate(run: Run, empty: Engine) -> Run:
    """On the database, which is empty."""
    return run


def find_collisions(session: Session) -> list[str]:
    """What those that ran at once said when they did not both succeed."""
    return [f"{one.code}: {one.err.strip()}" for one in session.ended if one.code != 0]


@proves("Two migrations at once are safe: the second waits, and finds nothing to do.")
def test_two_migrate_at_once(migrate: Run, evidence: Evidence) -> None:
    session = migrate(MIGRATE, MIGRATE, together=True)
    [after] = migrate(STATUS).ended

    evidence(" · ".join(sorted(one.out.strip() for one in session.ended)))
    assert find_collisions(session) == []
    assert sorted("nothing to do" in one.out for one in session.ended) == [False, True]
    assert after.code == 0


@violates(test_two_migrate_at_once, "a migration without its lock")
def test_a_collision_is_found(migrate: Run) -> None:
    assert find_collisions(migrate(MIGRATE, MIGRATE, plant=NO_LOCK, together=True)) != []


def find_what_goes_on(stack: Stack, names: dict[str, str], variables: dict[str, str], session: Session) -> list[str]:
    """What a rollout would not notice, or what would take traffic, after a migration that failed."""
    [migration, status] = session.ended
    found = [] if migration.code else ["the migration ended with 0"]
    found += [] if migration.err.startswith("Not migrated: ") else ["nobody is told why"]
    found += [] if status.code else ["the schema is taken for right"]
    with Container(names["api"], variables=variables, options=LOCKED, network=stack.network) as api:
        wait_until(lambda: api.ask(PORTS["api"], "/livez") == 200, seconds=60, what="an api on that schema")
        if (ready := api.ask(PORTS["api"], "/readyz")) != NOT_READY:
            found.append(f"an api on that schema says {ready}")
    return found


@pytest.fixture
def in_the_way(empty: Engine) -> None:
    """A table that a migration cannot make any more."""
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE emails (note TEXT)"))


@proves(
    "A migration that fails ends with a code that stops a rollout, says why in one line, and no service is ready on "
    "what it left."
)
def test_a_failed_migration_lets_nothing_go_on(
    stack: Stack,
    names: dict[str, str],
    migrate: Run,
    in_the_way: None,
    database: tuple[dict[str, str], Engine],
    evidence: Evidence,
) -> None:
    session = migrate(MIGRATE, STATUS)

    evidence(f"exit code {session.ended[0].code}: {session.ended[0].err.strip()}")
    assert find_what_goes_on(stack, names, database[0], session) == []


@violates(test_a_failed_migration_lets_nothing_go_on, "a migration that swallows what the database says")
def test_a_migration_that_hides_its_failure_is_found(
    stack: Stack,
    names: dict[str, str],
    migrate: Run,
    in_the_way: None,
    database: tuple[dict[str, str], Engine],
) -> None:
    session = migrate(MIGRATE, STATUS, plant=ERRORS_SWALLOWED)

    found = find_what_goes_on(stack, names, database[0], session)
    assert {"the migration ended with 0", "nobody is told why"} <= set(found)
