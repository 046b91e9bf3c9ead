"""A database that does what it is asked and goes away before it says so: what was done is known again."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_testing.drafts import draft, store
from postroom_testing.ses import SesServer
from postroom_transport.factory import open_transport
from postroom_worker_testing.deliverer import CALL_SECONDS, Deliverer

if TYPE_CHECKING:
    from loguru import Message


@pytest.fixture
def deliverer(database: Database, ses: SesServer) -> Iterator[Deliverer]:
    transport = open_transport(ses.mail_url(), timeout_seconds=CALL_SECONDS, inbox_store=None)
    yield Deliverer(database, transport)
    transport.close()


@pytest.fixture
def lose_answer(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the connection be lost just after a commit, once: after that many others."""
    dialect: Any = database.engine.dialect
    real_commit = dialect.do_commit
    others = -1

    def commit(connection: Any) -> None:
        nonlocal others
        real_commit(connection)
        others -= 1
        if others == -1:
            raise dialect.loaded_dbapi.OperationalError(2013, "Lost connection during query")

    monkeypatch.setattr(dialect, "do_commit", commit)

    def lose(after: int) -> None:
        nonlocal others
        others = after

    return lose


@pytest.fixture
def told() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(message: "Message") -> None:
        seen.append(f"{message.record['level'].name} {message.record['message']}")

    handler = logger.add(note, level="INFO")
    yield seen
    logger.remove(handler)


def test_a_claim_that_was_not_answered_is_found_again(
    deliverer: Deliverer, ses: SesServer, lose_answer: Callable[[int], None]
) -> None:
    one = draft()
    store(deliverer.database, one)
    delivery = deliverer.make()
    lose_answer(0)
    with pytest.raises(DatabaseUnavailable):
        delivery.deliver(one.id)
    assert deliverer.row(one.id).state == "sending"
    assert deliverer.make().deliver(one.id) is None  # another worker has no part in it
    assert delivery.deliver(one.id) is not None
    assert deliverer.row(one.id).state == "sent"
    assert len(ses.mails) == 1


def test_an_outcome_that_was_written_and_not_answered_is_no_loss(
    deliverer: Deliverer, ses: SesServer, lose_answer: Callable[[int], None], told: list[str]
) -> None:
    one = draft()
    store(deliverer.database, one)
    lose_answer(1)
    deliverer.make().deliver(one.id)
    assert deliverer.row(one.id).state == "sent"
    assert deliverer.events(one.id) == [("email.sent", None)]
    assert len(ses.mails) == 1
    assert told == ["INFO outcome.kept"]
