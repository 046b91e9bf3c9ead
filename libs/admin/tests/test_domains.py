import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from postroom_database.engine import Database
from postroom_database.models import ProviderJob
from postroom_database.repositories import domains, provider_jobs, workspaces
from postroom_database.repositories.domains import SealedKey
from postroom_domain.domain_states import DomainState, RecordState
from postroom_testing.domains import new_domain

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def workspace_id(admin: Any, database: Database) -> UUID:
    admin("workspace", "create", "acme")
    with database.read() as connection:
        found = workspaces.find(connection, "acme")
    assert found is not None
    return found


def add(database: Database, workspace_id: UUID, name: str = "example.com") -> UUID:
    with database.begin() as connection:
        row = domains.add(connection, workspace_id, new_domain(name), SealedKey("s1", "public", "sealed-private"))
        provider_jobs.look_at_domain(connection, workspace_id=workspace_id, domain_id=row.id, request_id="r")
    domain_id: UUID = row.id
    return domain_id


def may_send(database: Database, workspace_id: UUID) -> bool:
    with database.read() as connection:
        return domains.may_send(connection, workspace_id, "example.com")


def test_domains_are_listed_and_shown(admin: Any, database: Database, workspace_id: UUID) -> None:
    assert "clients add them" in admin("domain", "list", "--workspace", "acme").stderr
    domain_id = add(database, workspace_id)
    add(database, workspace_id, "xn--mnchen-3ya.de")
    with database.begin() as connection:
        failed = RecordState.FAILED
        domains.note_verification(
            connection, domain_id, DomainState.FAILED, dkim=failed, return_path=failed, reason="nobody found it"
        )
    lines = admin("domain", "list", "--workspace", "acme").stdout.splitlines()
    assert [line.split()[2:] for line in lines] == [["failed", "example.com"], ["not_started", "xn--mnchen-3ya.de"]]
    shown = admin("domain", "show", "EXAMPLE.com")
    assert shown.exit_code == 0
    fields = dict(re.split("  +", line, maxsplit=1) for line in shown.stdout.splitlines() if "  " in line)
    assert (fields["id"], fields["workspace id"], fields["status"]) == (str(domain_id), str(workspace_id), "failed")
    assert (fields["reason"], fields["declared"]) == ("nobody found it", "no")
    assert "sealed-private" not in shown.stdout
    assert admin("domain", "show", "münchen.de").exit_code == 0


def test_a_declared_domain_may_send_until_it_is_undeclared(admin: Any, database: Database, workspace_id: UUID) -> None:
    domain_id = add(database, workspace_id)
    assert not may_send(database, workspace_id)
    for said in (
        "Declared example.com: its workspace may send from it.",
        "example.com is declared already: left as it is.",
    ):
        done = admin("domain", "declare", "example.com")
        assert (done.exit_code, done.stdout) == (0, f"{said}\n")
    assert may_send(database, workspace_id)
    assert "verified, declared" in admin("domain", "list", "--workspace", "acme").stdout
    with database.read() as connection:
        assert connection.execute(select(ProviderJob.id)).all() == []
        found = domains.verification(connection, domain_id)
    assert found is not None
    assert found.declared
    assert admin("domain", "undeclare", "example.com").stdout.startswith("Undeclared example.com")
    assert not may_send(database, workspace_id)
    with database.read() as connection:
        found = domains.verification(connection, domain_id)
    assert found is not None
    assert (found.declared, found.status) == (False, DomainState.NOT_STARTED)
    again = admin("domain", "undeclare", "example.com")
    assert (again.exit_code, again.stdout) == (0, "example.com was not declared: left as it is.\n")


@pytest.mark.parametrize("command", ["show", "declare", "undeclare"])
def test_a_domain_that_is_not_there_is_told(admin: Any, command: str) -> None:
    done = admin("domain", command, "example.com")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "There is no such domain" in done.stderr


@pytest.mark.parametrize("name", ["", "localhost", "a@example.com", "\x1b[31m.com"])
def test_a_name_that_is_none_is_told(admin: Any, name: str) -> None:
    done = admin("domain", "declare", name)
    assert (done.exit_code, done.stdout) == (2, "")


def test_an_unknown_workspace_names_those_that_there_are(admin: Any, workspace_id: UUID) -> None:
    done = admin("domain", "list", "--workspace", "acne")
    assert done.exit_code == 2
    assert "There are: acme" in done.stderr
