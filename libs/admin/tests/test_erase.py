import os
import signal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from postroom_admin import erase
from postroom_database.engine import Database
from postroom_database.models import AuditEntry, Email, Event
from postroom_database.repositories import timelines, workspaces
from postroom_database.repositories.timelines import NewEvent
from postroom_testing.drafts import draft, store
from postroom_testing.server import wait_until

ADDRESS = "One@例え.jp"
SPELLINGS = ("one@例え.jp", "one@xn--r8jz45g.jp")
SECONDS = 60


@pytest.fixture
def database(database: Database, two_workspaces: None) -> Database:
    return database


def mail(database: Database, *to: str, workspace: str = "acme", state: str = "sent") -> UUID:
    with database.begin() as connection:
        workspace_id = workspaces.find(connection, workspace)
    one = draft(workspace_id, to=list(to))
    store(database, one)
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(state=state))
    return one.id


def left(database: Database) -> set[UUID]:
    with database.read() as connection:
        return set(connection.execute(select(Email.id)).scalars())


def audited(database: Database) -> list[tuple[str, Any]]:
    with database.read() as connection:
        erasures = select(AuditEntry.action, AuditEntry.data).where(AuditEntry.action != "workspace.created")
        return [tuple(row) for row in connection.execute(erasures.order_by(AuditEntry.id))]


def test_a_person_is_erased_and_the_audit_says_that_it_was_done(admin: Any, database: Database) -> None:
    mail(database, "one@xn--r8jz45g.jp")
    kept = mail(database, "One <one@例え.jp>", "two@example.com")
    done = admin("erase", "--address", ADDRESS, "--yes")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "Erased. emails removed: 1, emails changed: 1.\n", "")
    assert left(database) == {kept}
    assert audited(database) == [("person.erased", {"emails_removed": 1, "emails_changed": 1})]
    again = admin("erase", "--address", ADDRESS, "--yes")
    assert (again.exit_code, again.stdout) == (0, "Nothing names this address.\n")
    assert len(audited(database)) == 1


def test_it_asks_and_does_nothing_without_a_yes(admin: Any, database: Database) -> None:
    email_id = mail(database, ADDRESS)
    done = admin("erase", "--address", ADDRESS)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "from all workspaces" in done.stderr
    assert "cannot be undone" in done.stderr
    assert "Go on? [y/N]" in done.stderr
    assert left(database) == {email_id}
    assert audited(database) == []


def test_one_workspace_is_asked_for_by_name(admin: Any, database: Database) -> None:
    mail(database, ADDRESS)
    kept = mail(database, ADDRESS, workspace="other")
    assert "from this workspace" in admin("erase", "--address", ADDRESS, "--workspace", "acme").stderr
    done = admin("erase", "--address", ADDRESS, "--workspace", "acme", "--yes")
    assert (done.exit_code, done.stdout) == (0, "Erased. emails removed: 1.\n")
    assert left(database) == {kept}
    unknown = admin("erase", "--address", ADDRESS, "--workspace", "acne", "--yes")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "no such workspace. There are: acme, other\n" in unknown.stderr


def test_what_a_worker_has_is_left_and_said(admin: Any, database: Database) -> None:
    mail(database, ADDRESS)
    sending = mail(database, ADDRESS, state="sending")
    done = admin("erase", "--address", ADDRESS, "--yes")
    assert (done.exit_code, done.stdout) == (1, "Erased. emails removed: 1.\n")
    assert done.stderr == "Left, because a worker has them at the moment: 1. Run it again in a few minutes.\n"
    assert left(database) == {sending}


@pytest.mark.parametrize("arguments", [("--address", "nobody"), ("--address", ""), ()])
def test_what_is_no_address_is_refused(admin: Any, arguments: tuple[str, ...]) -> None:
    done = admin("erase", *arguments, "--yes")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--address" in done.stderr


def test_it_never_prints_the_address(admin: Any, database: Database) -> None:
    mail(database, ADDRESS)
    mail(database, ADDRESS, state="sending")
    for arguments in ((), ("--yes",), ("--yes",), ("--workspace", "none"), ("--workspace", "acme", "--yes")):
        admin("erase", "--address", ADDRESS, *arguments)
    admin("erase", "--address", f"{ADDRESS}@", "--yes")
    assert [said for said in admin.said if any(spelling in said.lower() for spelling in SPELLINGS)] == []


def test_it_tells_how_far_it_is(admin: Any, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "_ROWS", 10)
    monkeypatch.setattr(erase, "_TOLD_EVERY", 20)
    store(database, *(draft(to=["two@example.com"]) for _ in range(45)))
    mail(database, ADDRESS)
    done = admin("erase", "--address", ADDRESS, "--yes")
    assert done.stdout == "Erased. emails removed: 1.\n"
    assert done.stderr == "emails: 20 looked at\nemails: 40 looked at\n"


def test_interrupted_it_notes_what_was_done_and_goes_on_when_run_again(admin: Any, database: Database) -> None:
    for _ in range(3):
        mail(database, ADDRESS)
    kept = mail(database, "two@example.com")
    with database.begin() as connection:
        workspace_id = workspaces.find(connection, "acme")
        assert workspace_id is not None
        forwarded = NewEvent("email.bounced", "two@example.com", {"diagnosticCode": f"550 <{ADDRESS}>"})
        timelines.append(connection, workspace_id, kept, [forwarded])
    with database.begin() as connection:
        connection.execute(select(Event.id).with_for_update()).one()
        process = admin.start("erase", "--address", ADDRESS, "--yes")

        def waits() -> bool:
            waiting = text("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE events SET%'")
            return bool(connection.execute(waiting).scalar_one())

        wait_until(waits, seconds=SECONDS, what="the command to wait for that event")
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (130, "")
    assert err == "Stopped. What is done stays done: run it again for the rest.\n"
    assert left(database) == {kept}
    assert audited(database) == [("person.erased", {"emails_removed": 3})]
    done = admin("erase", "--address", ADDRESS, "--yes")
    assert (done.exit_code, done.stdout) == (0, "Erased. events changed: 1.\n")
