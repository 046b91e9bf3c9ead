"""A suspended workspace: its mail is taken, kept and not sent, and all of it arrives once the workspace is resumed."""

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from postroom_acceptance.arrivals import in_ses
from postroom_acceptance.load import Load, singles, subject_of
from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

MAILS = 20
WHY = "it sends to bought lists"
WAITS = f"the workspace is suspended: {WHY}"


@pytest.fixture
def environment(ses: SesServer, mariadb_url: str, redis_url: str) -> dict[str, str]:
    ses.max_send_rate = 10_000.0
    return {
        "POSTROOM_MAIL_URL": ses.mail_url(),
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
    }


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    opened = Database(mariadb_url, pool_size=1, timeout_seconds=5)
    yield opened
    opened.close()


def reasons(database: Database) -> dict[str | None, int]:
    """Why emails wait, and how many."""
    with database.read() as connection:
        return Counter(connection.execute(select(Email.reason)).scalars())


def send(stack: Stack, key: str, count: int, *, first: int = 0) -> dict[int, str]:
    """Ids by number; every mail is accepted."""
    load = Load(stack.urls, key, singles(count, first=first))
    load.start()
    load.join()
    return load.accepted


def test_its_mail_waits_and_arrives_once_it_is_resumed(
    ses: SesServer, environment: dict[str, str], database: Database
) -> None:
    with Stack(environment) as stack:
        suspended, other = stack.new_key("suspended"), stack.new_key("other")
        stack.admin("workspace", "suspend", "suspended", "--reason", WHY)
        parked = send(stack, suspended, MAILS)
        assert len(parked) == MAILS
        wait_until(lambda: reasons(database) == {WAITS: MAILS}, seconds=60, what="all of it to be parked")
        shown = stack.admin("email", "show", next(iter(parked.values())))
        assert WAITS in shown
        assert "email.parked" in shown

        send(stack, other, 1, first=MAILS)
        wait_until(lambda: bool(ses.mails), seconds=30, what="the mail of the other workspace")
        assert [arrival.subject for arrival in in_ses(ses)()] == [f"mail {MAILS}"]
        assert ses.count_sends() == 1

        assert stack.admin("workspace", "resume", "suspended").endswith(f"emails that are due now: {MAILS}.")
        wait_until(lambda: len(ses.mails) == MAILS + 1, seconds=30, what="what was parked")
    assert {arrival.subject for arrival in in_ses(ses)()} == {*map(subject_of, parked), subject_of(MAILS)}
    assert ses.count_sends() == MAILS + 1
