import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update

from postroom_database.engine import Database
from postroom_database.models import Email, Recipient
from postroom_database.repositories import timelines
from postroom_testing.drafts import draft, store

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def hold(database: Database, because: str, **changes: Any) -> UUID:
    one = draft(**changes)
    store(database, one)
    with database.begin() as connection:
        connection.execute(
            update(Email)
            .where(Email.id == one.id)
            .values(state="held", held_because=because, attempts=3, crashes=3, unknowns=3, reason="why")
        )
    return one.id


def row(database: Database, email_id: UUID) -> Any:
    with database.read() as connection:
        return timelines.email(connection, email_id)


def test_held_mail_is_listed_oldest_first(admin: Any, database: Database) -> None:
    empty = admin("dead", "list")
    assert (empty.exit_code, empty.stdout, empty.stderr) == (0, "", "No mail is held.\n")
    store(database, draft())
    ids = [hold(database, because) for because in ("unknown", "crashed", "restored")]
    lines = admin("dead", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [str(one) for one in ids]
    assert re.fullmatch(rf"{ids[1]}  [0-9a-f-]{{36}}  crashed   {MOMENT}    3  why", lines[1])
    [only] = admin("dead", "list", "--because", "restored").stdout.splitlines()
    assert only.startswith(str(ids[2]))


def test_one_is_shown_as_every_email_is(admin: Any, database: Database) -> None:
    one = hold(database, "crashed")
    shown = admin("dead", "show", str(one)).stdout
    assert shown == admin("email", "show", str(one)).stdout
    assert re.search(r"^held because +crashed$", shown, re.MULTILINE)


def test_retried_mail_starts_anew_and_what_crashed_is_tried_alone(admin: Any, database: Database) -> None:
    unknown, crashed = hold(database, "unknown"), hold(database, "crashed")
    done = admin("dead", "retry", str(unknown), str(crashed))
    assert (done.exit_code, done.stdout) == (0, "Queued again: 2.\n")
    rows = [row(database, one) for one in (unknown, crashed)]
    assert [one.state for one in rows] == ["queued", "suspect"]
    assert [(one.held_because, one.crashes, one.unknowns, one.hinted_at) for one in rows] == [(None, 0, 0, None)] * 2


def test_discarded_mail_fails_for_those_who_are_not_known_to_have_it(admin: Any, database: Database) -> None:
    none = hold(database, "unknown")
    some = hold(database, "unknown", to=["a@example.com", "b@example.com"])
    with database.begin() as connection:
        rows = [
            {"email_id": some, "address": "a@example.com", "state": "delivered"},
            {"email_id": some, "address": "b@example.com", "state": "unknown"},
        ]
        connection.execute(insert(Recipient), rows)
        connection.execute(update(Email).where(Email.id == some).values(last_event="delivered"))
    done = admin("dead", "discard", "--yes", str(none), str(some))
    assert (done.exit_code, done.stdout) == (0, "Discarded: 2.\n")
    assert (row(database, none).state, row(database, none).last_event) == ("failed", "failed")
    assert (row(database, some).state, row(database, some).last_event) == ("sent", "delivered")
    with database.read() as connection:
        stand = {found.address: found.state for found in timelines.recipients(connection, some)}
        told = [(event.type, event.address, event.data) for event in timelines.events(connection, some)]
    assert stand == {"a@example.com": "delivered", "b@example.com": "failed"}
    assert told == [("email.failed", "b@example.com", {"reason": "discarded by an operator"})]


@pytest.mark.parametrize("command", ["retry", "discard"])
def test_all_of_a_kind_are_decided_at_once(admin: Any, database: Database, command: str) -> None:
    restored = [hold(database, "restored") for _ in range(3)]
    other = hold(database, "unknown")
    yes = ["--yes"] if command == "discard" else []
    done = admin("dead", command, "--all", "--because", "restored", *yes)
    assert (done.exit_code, done.stdout.endswith(": 3.\n")) == (0, True)
    assert {row(database, one).state for one in restored} == {"queued" if command == "retry" else "failed"}
    assert row(database, other).state == "held"
    again = admin("dead", command, "--all", "--because", "restored", *yes)
    assert (again.exit_code, again.stdout.endswith(": 0.\n")) == (0, True)


def test_discarding_asks_and_does_nothing_without_a_yes(admin: Any, database: Database) -> None:
    one = hold(database, "unknown")
    asked = {(str(one),): "1", ("--all",): "all that is held", ("--all", "--because", "unknown"): None}
    for arguments, which in asked.items():
        done = admin("dead", "discard", *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        said = f"Discard {which or 'all that is held because unknown'}? This cannot be undone. [y/N]"
        assert said in done.stderr
    assert row(database, one).state == "held"


@pytest.mark.parametrize("command", ["retry", "discard"])
def test_what_is_not_held_is_left_as_it_is(admin: Any, database: Database, command: str) -> None:
    one, held, missing = draft(), hold(database, "unknown"), uuid4()
    store(database, one)
    yes = ["--yes"] if command == "discard" else []
    done = admin("dead", command, str(one.id), str(held), str(missing), *yes)
    assert done.exit_code == 1
    assert done.stdout.endswith(": 1.\n")
    assert done.stderr.splitlines() == [f"{left} is not held: left as it is." for left in (one.id, missing)]
    assert row(database, one.id).state == "queued"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name emails, or say --all."),
        (("--all", str(uuid4())), "Name emails, or say --all."),
        ((str(uuid4()), "--because", "unknown"), "--because goes with --all."),
        (("nonsense",), "each must be a UUID"),
        (("--all", "--because", "nonsense"), "is not one of"),
    ],
)
def test_what_makes_no_sense_is_refused(admin: Any, arguments: tuple[str, ...], said: str) -> None:
    done = admin("dead", "discard", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
