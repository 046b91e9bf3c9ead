from typing import Any

from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import ProviderMessage
from postroom_database.repositories import provider_messages
from postroom_database.types import Now
from postroom_jobs.hints import Hints
from postroom_jobs.names import PROVIDER_EVENTS
from postroom_scheduler.sweeps import hint_provider_events
from postroom_testing.redis import Redis

AGE_SECONDS = 60.0


def keep(database: Database, count: int, *, hinted: bool = False) -> list[str]:
    """Messages that nobody was told of; our ids, in order of due time."""
    ids = []
    for number in range(count):
        with database.begin() as connection:
            job_id = provider_messages.keep(connection, f"{hinted}-{number}", "{}", request_id="r", hinted=hinted)
        ids.append(str(job_id))
    return ids


def test_what_the_provider_told_is_hinted_up_to_the_mark(database: Database, window: Any) -> None:
    keep(database, 3, hinted=True)
    ids = keep(database, 25)
    hints = Hints(window.broker, mark=20)
    hint_provider_events(database, hints, AGE_SECONDS)
    assert window.ids(PROVIDER_EVENTS) == ids[:20]
    window.take(2, PROVIDER_EVENTS)
    hint_provider_events(database, hints, AGE_SECONDS)
    assert window.ids(PROVIDER_EVENTS) == ids[20:]


def test_what_was_accounted_is_hinted_no_more(database: Database, window: Any, redis_server: Redis) -> None:
    done, lost = keep(database, 2)
    hints = Hints(window.broker, mark=100)
    hint_provider_events(database, hints, AGE_SECONDS)
    redis_server.flush()
    with database.begin() as connection:
        connection.execute(update(ProviderMessage).values(hinted_at=Now(-AGE_SECONDS - 1)))
        connection.execute(
            update(ProviderMessage).where(ProviderMessage.id == "False-0").values(due_at=None, result="accounted")
        )
    hint_provider_events(database, hints, AGE_SECONDS)
    assert window.ids(PROVIDER_EVENTS) == [lost]
    assert done != lost
