import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from postroom_database.engine import Database
from postroom_database.repositories import deliveries
from postroom_database.repositories.deliveries import Outcome, RecipientOutcome
from postroom_database.repositories.timelines import NewEvent
from postroom_domain.ids import new_id
from postroom_domain.states import State
from postroom_testing.drafts import draft, store

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_an_email_is_shown_with_its_recipients_and_events(admin: Any, migrated_url: str) -> None:
    one = draft(key_id=new_id(), cc=["c@example.com", "d@example.com"], bcc=["b@example.com"])
    database = Database(migrated_url)
    store(database, one)
    with database.begin() as connection:
        claim = deliveries.claim(connection, one.id, lease_seconds=60)
        assert claim is not None
        deliveries.finish(
            connection,
            claim,
            Outcome(
                state=State.SENT,
                last_event=State.BOUNCED,
                message_id="m-1",
                recipients=(
                    RecipientOutcome("to@example.com", State.SENT),
                    RecipientOutcome("c@example.com", State.BOUNCED, "550 no such user"),
                    RecipientOutcome("d@example.com", State.SUPPRESSED, "suppressed (manual): why"),
                ),
                events=(
                    NewEvent("email.sent"),
                    NewEvent("email.suppressed", "d@example.com", {"reason": "manual"}),
                    NewEvent("email.bounced", "c@example.com", {"bounceType": "Permanent"}),
                ),
            ),
        )
    database.close()
    done = admin("email", "show", str(one.id))
    assert done.exit_code == 0
    head, recipients, events = done.stdout.split("\n\n")
    lines = head.splitlines()
    for line in (
        f"id            {one.id}",
        f"workspace id  {one.workspace_id}",
        "request id    request-1",
        "state         sent",
        "last event    bounced",
        f"key id        {one.key_id}",
        "from          Sender <from@example.com>",
        "cc            c@example.com, d@example.com",
        "bcc           b@example.com",
        "subject       Hello 世界",
        "attempts      1",
        "lease ends",
        "message id    m-1",
    ):
        assert line in lines
    assert re.search(rf"(?m)^created       {MOMENT}$", head)
    assert recipients.splitlines() == [
        "recipients",
        "  bounced           c@example.com  550 no such user",
        "  suppressed        d@example.com  suppressed (manual): why",
        "  sent              to@example.com",
    ]
    title, sent, suppressed, bounced = events.splitlines()
    assert title == "events"
    assert re.fullmatch(rf"  {MOMENT}  email\.sent", sent)
    assert re.fullmatch(rf'  {MOMENT}  email\.suppressed        d@example\.com  {{"reason":"manual"}}', suppressed)
    assert re.fullmatch(rf'  {MOMENT}  email\.bounced           c@example\.com  {{"bounceType":"Permanent"}}', bounced)


def test_an_email_without_attempts_says_so(admin: Any, migrated_url: str) -> None:
    one = draft()
    database = Database(migrated_url)
    store(database, one)
    database.close()
    assert admin("email", "show", str(one.id)).stdout.endswith(
        "\n\nrecipients\n  no attempt has ended yet\n\nevents\n  none yet\n"
    )


def test_an_unknown_email_is_said_to_be_unknown(admin: Any) -> None:
    done = admin("email", "show", str(new_id()))
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "There is no such email.\n")


@pytest.mark.parametrize("email_id", ["nonsense", "0", "01a20a387f42750ab937e4f87da17252"])
def test_an_id_must_be_one(admin: Any, email_id: str) -> None:
    done = admin("email", "show", email_id)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'EMAIL_ID': it must be a UUID" in done.stderr


def test_emails_are_listed_newest_first_without_whom_they_are_for(either_admin: Any, either_database: Database) -> None:
    empty = either_admin("email", "list")
    assert (empty.exit_code, empty.stdout, empty.stderr) == (0, "", "There is no such email.\n")
    either_admin("workspace", "create", "acme")
    acme = UUID(either_admin("workspace", "create", "acme").stdout.split()[0])
    first, second, third = draft(acme), draft(), draft(acme, scheduled_at=datetime(2100, 1, 1, tzinfo=UTC))
    store(either_database, first, second, third)
    lines = either_admin("email", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [str(one.id) for one in (third, second, first)]
    assert re.fullmatch(rf"{third.id}  {acme}  {MOMENT}  scheduled   scheduled           0", lines[0])

    def listed(*options: str) -> list[str]:
        done = either_admin("email", "list", *options)
        assert done.exit_code == 0
        assert "to@example.com" not in done.output
        return [json.loads(line)["id"] for line in done.stdout.splitlines()]

    assert listed("--json", "--limit", "2") == [str(third.id), str(second.id)]
    assert listed("--json", "--workspace", "acme") == [str(third.id), str(first.id)]
    assert listed("--json", "--state", "queued") == [str(second.id), str(first.id)]
    assert listed("--json", "--workspace", "acme", "--state", "queued", "--limit", "1") == [str(first.id)]
    assert listed("--json", "--state", "held") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--state", "delivered"), "is not one of 'scheduled', 'queued'"),
        (("--limit", "0"), "is not in the range"),
        (("--workspace", "acne"), "there is no such workspace"),
    ],
)
def test_a_list_that_cannot_be_is_refused(admin: Any, options: tuple[str, ...], said: str) -> None:
    done = admin("email", "list", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
