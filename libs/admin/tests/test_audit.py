"""Every command that changes something is noted with it, or nothing is changed; and the audit as operators read it."""

import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from postroom_admin_testing.scene import Scene
from postroom_admin_testing.uses import OF_ACME, USES
from postroom_database.engine import Database
from postroom_database.repositories import audit
from postroom_database.repositories.audit import Actor, ActorKind
from postroom_testing.audit import all_but_audit, audit_is_gone, entries, noting_transactions
from postroom_testing.drafts import draft, store

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
NOTED = {name: use for name, use in USES.items() if use.notes}
UNNOTED = {
    "migrate": "brings the schema along",
    "migrate up": "likewise",
    "retention run": "forgets what belongs to no workspace any more, as the scheduler does",
    "embedded": "is Postroom's own, and tested below",
    "erase": "works in many transactions, and is tested by itself",
    "events retry": "what the provider told belongs to no workspace",
    "queue rebuild": "tells workers of what is there",
}


def test_what_changes_something_and_is_not_noted_has_a_reason() -> None:
    assert {name for name, use in USES.items() if not use.looks and not use.notes} == UNNOTED.keys()


@pytest.mark.parametrize("command", NOTED)
def test_a_command_notes_what_it_changes_or_changes_nothing(admin: Any, scene: Scene, command: str) -> None:
    use = NOTED[command]
    arguments = (*command.split(), *use.words(scene))
    before, everything = entries(scene.database), all_but_audit(scene.database)
    with audit_is_gone(scene.database):
        assert admin(*arguments).exit_code == 69
    assert all_but_audit(scene.database) == everything
    with noting_transactions() as noting:
        scene.run(*arguments)
    [changed] = noting
    assert changed, "the change is made in another transaction than its entry"
    found = entries(scene.database)
    [entry] = [found[one] for one in found.keys() - before.keys()]
    assert (entry.actor, entry.key_id, entry.action) == ("operator", None, use.notes)
    assert (entry.resource_id is None) == (command == "fence")
    assert (entry.workspace_id == scene.workspace_id) == (command != "workspace create")
    assert "@" not in repr(entry)
    assert before.items() <= found.items()


def test_a_fence_notes_how_many_of_each_workspace(scene: Scene) -> None:
    other = uuid4()
    for _ in range(3):
        scene.email()
    store(scene.database, draft(other))
    scene.run("fence")
    held = {row.workspace_id: row.data for row in entries(scene.database).values() if row.action == "email.held"}
    assert held == {
        scene.workspace_id: {"count": 3, "because": "restored"},
        other: {"count": 1, "because": "restored"},
    }


def test_the_first_start_of_the_embedded_default_is_postrooms_own(admin: Any, database: Database) -> None:
    for _ in range(2):
        assert admin("embedded").exit_code == 0
        noted = [(row.actor, row.action) for _, row in sorted(entries(database).items())]
        assert noted == [("postroom", "workspace.created"), ("postroom", "key.created")]


@pytest.fixture
def noted(scene: Scene) -> tuple[UUID, UUID]:
    """What a key did, in acme; and, later, what was done in another workspace."""
    key_id, other = uuid4(), uuid4()
    with scene.database.begin() as connection:
        by_key = Actor(ActorKind.KEY, key_id, "request-7")
        audit.note(connection, scene.workspace_id, by_key, "template.duplicated", "t-2", {"original_id": "t-1"})
        audit.note(connection, other, audit.POSTROOM, "workspace.suspended", other)
    return key_id, other


def test_entries_are_listed_newest_first(admin: Any, scene: Scene, noted: tuple[UUID, UUID]) -> None:
    key_id, other = noted
    lines = admin("audit", "list").stdout.splitlines()
    mine = scene.workspace_id
    wanted = (
        f"{other}  workspace.suspended         {other}  postroom",
        f'{mine}  template.duplicated         {"t-2":<36}  key {key_id}  {{"original_id":"t-1"}}',
        f"{mine}  workspace.created           {mine}  operator",
    )
    for line, expected in zip(lines, wanted, strict=True):
        assert re.fullmatch(rf"{MOMENT}  {re.escape(expected)}", line), line
    assert admin("audit", "list", "--limit", "1").stdout.splitlines() == lines[:1]
    assert admin("audit", "list", *OF_ACME).stdout.splitlines() == lines[1:]
    assert admin("audit", "list", *OF_ACME, "--limit", "1").stdout.splitlines() == lines[1:2]


def test_entries_are_listed_for_programs(admin: Any, scene: Scene, noted: tuple[UUID, UUID]) -> None:
    [line, _] = admin("audit", "list", *OF_ACME, "--json").stdout.splitlines()
    found = json.loads(line)
    assert UUID(found.pop("id")) in entries(scene.database)
    assert re.fullmatch(MOMENT, found.pop("created_at"))
    assert found == {
        "workspace_id": str(scene.workspace_id),
        "action": "template.duplicated",
        "actor": "key",
        "key_id": str(noted[0]),
        "resource_id": "t-2",
        "request_id": "request-7",
        "data": {"original_id": "t-1"},
    }


def test_nothing_done_and_wrong_arguments_are_told(admin: Any) -> None:
    done = admin("audit", "list")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Nothing has been done yet.\n")
    assert "there is no such workspace" in admin("audit", "list", "--workspace", "acne").stderr
    for limit in ("0", "10001", "x"):
        assert admin("audit", "list", "--limit", limit).exit_code == 2
