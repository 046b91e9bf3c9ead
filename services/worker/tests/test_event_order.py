"""Any order and any repetition of what SES tells of an email, before and after the worker's own word, ends the same."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from postroom_database.engine import Database
from postroom_database.models import Suppression
from postroom_database.repositories import deliveries, provider_messages, suppressions, timelines, workspaces
from postroom_database.repositories.suppressions import NewSuppression
from postroom_domain.suppressions import Origin
from postroom_migrations.migrate import migrate
from postroom_testing import ses_events
from postroom_testing.drafts import draft, store
from postroom_testing.mariadb import MariaDb
from postroom_testing.ses_messages import AcceptedMail
from postroom_transport.message import RecipientResult, Result, Verdict
from postroom_worker.event_work import EventWork
from postroom_worker.outcome_writing import write_outcome
from postroom_worker.outcomes import RetryRules

ADDRESSES = ("one@example.com", "two@example.com", "three@example.com")
SUPPRESSED = "suppressed@example.com"
EXAMPLES = {"sqlite": 150, "mysql": 15}
RULES = RetryRules(3600, 300)


def _soft(mail: AcceptedMail, *addresses: str) -> str:
    return ses_events.bounce(mail, *addresses, kind=ses_events.SOFT_BOUNCE)


OF_ALL = (
    ses_events.send,
    ses_events.reject,
    ses_events.open_,
    ses_events.click,
    ses_events.rendering_failure,
    ses_events.subscription,
)
OF_SOME = (ses_events.delivery, ses_events.delivery_delay, ses_events.bounce, _soft, ses_events.complaint)


@dataclass(frozen=True)
class Story:
    """What happens to an email.

    Attributes:
        recipients: how many it is sent to.
        suppressed: whether there is one more, which it is not sent to.
        verdict: what the worker learns.
        told: events: which, and of how many of the recipients.
    """

    recipients: int
    suppressed: bool
    verdict: Verdict
    told: tuple[tuple[int, int], ...]


EVENTS = st.tuples(st.integers(0, len(OF_ALL) + len(OF_SOME) - 1), st.integers(0, 2))
STORIES = st.builds(
    Story,
    recipients=st.integers(1, 3),
    suppressed=st.booleans(),
    verdict=st.sampled_from([Verdict.SENT, Verdict.UNKNOWN]),
    told=st.lists(EVENTS, max_size=6).map(tuple),
)


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{Path(tmp_path_factory.mktemp('order')) / 'postroom.db'}"
    else:
        server: MariaDb = request.getfixturevalue("mariadb")
        url = server.fresh_database()
    opened = Database(url, pool_size=2, timeout_seconds=5)
    migrate(opened)
    yield opened
    opened.close()


class Run:
    """One email of a story, told in one order."""

    def __init__(self, database: Database, story: Story) -> None:
        self.database = database
        to = list(ADDRESSES[: story.recipients])
        with database.begin() as connection:
            self.workspace_id = workspaces.add(connection, uuid4().hex)
            if story.suppressed:
                suppressions.add(connection, self.workspace_id, [NewSuppression(SUPPRESSED, Origin.MANUAL)])
        one = draft(self.workspace_id, to=[*to, *([SUPPRESSED] if story.suppressed else [])])
        store(database, one)
        with database.begin() as connection:
            held = deliveries.claim(connection, one.id, lease_seconds=60)
        assert held is not None
        self.email_id, self._held, self._verdict = one.id, held, story.verdict
        tags = {"postroom_email_id": str(one.id)}
        self.mail = AcceptedMail("message-1", "from@example.com", tuple(to), b"", tags, "postroom")
        self._work = EventWork(database)

    def answer(self) -> None:
        """The worker writes what it learned from its own call."""
        sent = self._verdict is Verdict.SENT
        results = tuple(
            RecipientResult(address, self._verdict, "" if sent else "no answer") for address in self.mail.recipients
        )
        with self.database.begin() as connection:
            write_outcome(connection, self._held, Result("message-1" if sent else None, results), RULES)

    def tell(self, name: str, text: str) -> None:
        text = text.replace("EMAIL-ID", str(self.email_id))
        with self.database.begin() as connection:
            job_id = provider_messages.keep(connection, f"{self.email_id}-{name}", text, request_id=None, hinted=True)
        if job_id is not None:
            self._work.work([job_id])

    def end(self) -> dict[str, Any]:
        with self.database.read() as connection:
            email = timelines.email(connection, self.email_id)
            assert email is not None
            recipients = timelines.recipients(connection, self.email_id)
            events = timelines.events(connection, self.email_id)
            kept = connection.execute(
                select(Suppression.address, Suppression.origin, Suppression.source_id).where(
                    Suppression.workspace_id == self.workspace_id
                )
            ).all()
        return {
            "email": (email.state, email.last_event, email.message_id, email.lease_token),
            "recipients": {one.address: (one.state, one.reason) for one in recipients},
            "suppressions": {one.address: (one.origin, one.source_id == self.email_id) for one in kept},
            "timeline": Counter((one.type, one.address, msgspec.json.encode(one.data)) for one in events),
        }


def texts(story: Story) -> list[str]:
    """The events of a story, each written once: with one moment, whatever the order that it comes in."""
    to = ADDRESSES[: story.recipients]
    mail = AcceptedMail("message-1", "from@example.com", to, b"", {"postroom_email_id": "EMAIL-ID"}, "postroom")
    made = []
    for kind, recipient in story.told:
        if kind < len(OF_ALL):
            made.append(OF_ALL[kind](mail))
        else:
            made.append(OF_SOME[kind - len(OF_ALL)](mail, to[recipient % len(to)]))
    return made


def test_any_order_and_repetition_end_the_same(either: Database) -> None:
    @settings(
        max_examples=EXAMPLES[either.engine.dialect.name],
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],  # to make it smaller takes longer than a test may
    )
    @given(st.data(), STORIES)
    def check(data: st.DataObject, story: Story) -> None:
        made = texts(story)
        steps: list[int | None] = [None, *range(len(made))]
        again = data.draw(st.lists(st.sampled_from(range(len(made))), max_size=3)) if made else []
        mixed = data.draw(st.permutations([*steps, *again]))
        ends = []
        for order in (steps, mixed):
            run = Run(either, story)
            for step in order:
                if step is None:
                    run.answer()
                else:
                    run.tell(str(step), made[step])
            ends.append(run.end())
        assert ends[0] == ends[1]

    check()
