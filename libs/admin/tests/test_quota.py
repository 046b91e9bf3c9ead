import json
import re
from typing import Any

from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import quotas
from postroom_database.types import Now
from postroom_domain.quotas import UNLIMITED, Quota
from postroom_testing.drafts import draft, store

SPENT = "the provider's quota of mail in 24 hours is spent"


def park(database: Database, count: int, **changes: Any) -> None:
    drafts = [draft() for _ in range(count)]
    store(database, *drafts)
    with database.begin() as connection:
        connection.execute(
            update(Email).where(Email.id.in_([one.id for one in drafts])).values({"due_at": Now(900)} | changes)
        )


def test_what_is_used_and_what_waits_for_it_is_shown(either_admin: Any, either_database: Database) -> None:
    with either_database.begin() as connection:
        quotas.write(connection, Quota(14.0, 50_000.0, 49_999.5, sending_enabled=True))
    park(either_database, 3, reason=SPENT)
    park(either_database, 1, reason="450 try later")
    park(either_database, 2, reason=SPENT, due_at=Now(-1))
    park(either_database, 2, reason=SPENT, state="held")
    done = either_admin("quota")
    assert (done.exit_code, done.stderr) == (0, "")
    head, parked = done.stdout.split("\n\n")
    fields = dict(re.split("  +", line, maxsplit=1) for line in head.splitlines())
    del fields["told"]
    assert fields == {
        "sending enabled": "yes",
        "per second": "14",
        "per day": "50000",
        "used in day": "49999.5",
        "left in day": "0.5",
    }
    title, most, least = parked.splitlines()
    assert (title, most.split()[0], most.endswith(f"Z  {SPENT}")) == ("parked", "3", True)
    assert (least.split()[0], least.endswith("Z  450 try later")) == ("1", True)
    told = json.loads(either_admin("quota", "--json").stdout)
    assert (told["per_day"], [(one["emails"], one["reason"]) for one in told["parked"]]) == (
        50000.0,
        [(3, SPENT), (1, "450 try later")],
    )


def test_a_day_without_an_end_has_none(admin: Any, database: Database) -> None:
    with database.begin() as connection:
        quotas.write(connection, Quota(14.0, UNLIMITED, 1.0, sending_enabled=False))
    told = json.loads(admin("quota", "--json").stdout)
    assert (told["per_day"], told["left_in_day"], told["sending_enabled"], told["parked"]) == (None, None, False, [])
    assert admin("quota").stdout.endswith("\n\nparked\n  no mail waits for a later attempt\n")


def test_what_is_parked_is_told_though_nobody_knows_a_quota(either_admin: Any, either_database: Database) -> None:
    park(either_database, 3, reason="450 try later")
    for options in ((), ("--json",)):
        done = either_admin("quota", *options)
        assert done.exit_code == 1
        assert done.stderr == "No quota is known: no worker was answered by SES yet, or mail does not go through it.\n"
    told = json.loads(done.stdout)
    assert [(one["emails"], one["reason"]) for one in told.pop("parked")] == [(3, "450 try later")]
    assert set(told) == {"told_at", "sending_enabled", "per_second", "per_day", "used_in_day", "left_in_day"}
    assert set(told.values()) == {None}
    people = either_admin("quota").stdout
    title, parked = people.splitlines()
    assert (title, parked.split()[0], parked.endswith("Z  450 try later")) == ("parked", "3", True)
