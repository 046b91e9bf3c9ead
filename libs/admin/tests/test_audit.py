"""Every command that changes something is noted with it, or nothing is changed; and the audit as operators read it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import click
import pytest
from sqlalchemy import update

from postroom_admin.main import main
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import api_keys, audit, domains, workspaces
from postroom_database.repositories.audit import Actor, ActorKind
from postroom_database.repositories.domains import SealedKey
from postroom_domain.tokens import hash_token
from postroom_testing.audit import all_but_audit, audit_is_gone, entries, noting_transactions
from postroom_testing.domains import new_domain
from postroom_testing.drafts import draft, store
from postroom_testing.schedules import schedule
from postroom_testing.webhooks import add_webhook

SILENT = {
    "migrate up": "brings the schema along",
    "migrate status": "looks",
    "backup verify": "looks",
    "retention run": "forgets what belongs to no workspace any more, as the scheduler does",
    "embedded": "is Postroom's own, and tested below",
    "doctor": "looks",
    "audit list": "looks",
    "config check": "looks",
    "schedule list": "looks",
    "schedule show": "looks",
    "webhook list": "looks",
    "webhook show": "looks",
    "config explain": "looks",
    "config show": "looks",
    "dead list": "looks",
    "dead show": "looks",
    "domain list": "looks",
    "domain show": "looks",
    "email show": "looks",
    "erase": "works in many transactions, and is tested by itself",
    "events list": "looks",
    "events redrive": "what the provider told belongs to no workspace",
    "events retry": "likewise",
    "key list": "looks",
    "queue rebuild": "tells workers of what is there",
    "queue stats": "looks",
    "quota": "looks",
    "suppression list": "looks",
    "workspace list": "looks",
}
OF_ACME = ("--workspace", "acme")
ADDRESS = "gone@example.com"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@dataclass
class Scene:
    """A workspace called acme, and what a command wants to find."""

    admin: Any
    database: Database
    workspace_id: UUID

    def run(self, *arguments: str) -> None:
        assert self.admin(*arguments).exit_code == 0

    def email(self, **changes: Any) -> str:
        one = draft(self.workspace_id)
        store(self.database, one)
        with self.database.begin() as connection:
            connection.execute(update(Email).where(Email.id == one.id).values({"state": "queued"} | changes))
        return str(one.id)

    def key(self) -> str:
        with self.database.begin() as connection:
            return str(api_keys.add(connection, workspace_id=self.workspace_id, name="k", token_hash=hash_token("t")))

    def webhook(self, **values: str) -> str:
        return str(add_webhook(self.database, self.workspace_id, **values))

    def schedule(self, **values: Any) -> str:
        return str(schedule(self.database, workspace_id=self.workspace_id, **values))

    def domain(self) -> str:
        with self.database.begin() as connection:
            return str(
                domains.add(connection, self.workspace_id, new_domain(), SealedKey("s", "public", "sealed")).name
            )


def after(*before: str) -> Callable[[Scene], tuple[str, ...]]:
    """Nothing more than that another command is run before."""

    def prepare(scene: Scene) -> tuple[str, ...]:
        scene.run(*before)
        return ()

    return prepare


def declared(scene: Scene) -> tuple[str, ...]:
    name = scene.domain()
    scene.run("domain", "declare", name)
    return (name,)


CHANGES: dict[str, tuple[str, tuple[str, ...], Callable[[Scene], tuple[str, ...]]]] = {
    "workspace create": ("workspace.created", ("other",), lambda _: ()),
    "workspace suspend": ("workspace.suspended", ("acme", "--reason", "why"), lambda _: ()),
    "workspace resume": ("workspace.resumed", ("acme",), after("workspace", "suspend", "acme", "--reason", "why")),
    "key create": ("key.created", OF_ACME, lambda _: ()),
    "key revoke": ("key.revoked", (*OF_ACME, "--yes"), lambda scene: (scene.key(),)),
    "domain declare": ("domain.declared", (), lambda scene: (scene.domain(),)),
    "domain undeclare": ("domain.undeclared", (), declared),
    "suppression add": ("suppression.added", (*OF_ACME, ADDRESS), lambda _: ()),
    "suppression remove": ("suppression.removed", (*OF_ACME, ADDRESS), after("suppression", "add", *OF_ACME, ADDRESS)),
    "webhook disable": ("webhook.disabled", ("--reason", "why"), lambda scene: (scene.webhook(),)),
    "webhook enable": ("webhook.enabled", (), lambda scene: (scene.webhook(status="disabled"),)),
    "schedule pause": ("schedule.paused", (), lambda scene: (scene.schedule(),)),
    "schedule resume": ("schedule.resumed", (), lambda scene: (scene.schedule(status="paused"),)),
    "email retry": ("email.retried", (), lambda scene: (scene.email(state="failed"),)),
    "email cancel": ("email.canceled", ("--yes",), lambda scene: (scene.email(),)),
    "dead retry": ("email.retried", (), lambda scene: (scene.email(state="held", held_because="unknown"),)),
    "dead discard": ("email.discarded", ("--yes",), lambda scene: (scene.email(state="held", held_because="unknown"),)),
    "fence": ("email.held", (), lambda scene: (scene.email(), ())[1]),
}
"""What is noted, the command's arguments, and what must be there, which gives the rest of the arguments."""


@pytest.fixture
def scene(admin: Any, database: Database) -> Scene:
    assert admin("workspace", "create", "acme").exit_code == 0
    with database.read() as connection:
        workspace_id = workspaces.find(connection, "acme")
    assert workspace_id is not None
    return Scene(admin, database, workspace_id)


def leaves(group: click.Group, prefix: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


def arguments_of(scene: Scene, command: str) -> tuple[str, ...]:
    _, arguments, prepare = CHANGES[command]
    return (*command.split(), *arguments, *prepare(scene))


def test_of_every_command_it_is_known_what_it_notes() -> None:
    assert set(leaves(main)) == CHANGES.keys() | SILENT.keys()


@pytest.mark.parametrize("command", CHANGES)
def test_a_command_notes_what_it_changes_or_changes_nothing(scene: Scene, command: str) -> None:
    arguments = arguments_of(scene, command)
    before, everything = entries(scene.database), all_but_audit(scene.database)
    with audit_is_gone(scene.database):
        assert scene.admin(*arguments).exit_code == 69
    assert all_but_audit(scene.database) == everything
    with noting_transactions() as noting:
        scene.run(*arguments)
    [changed] = noting
    assert changed, "the change is made in another transaction than its entry"
    found = entries(scene.database)
    [entry] = [found[one] for one in found.keys() - before.keys()]
    assert (entry.actor, entry.key_id, entry.action) == ("operator", None, CHANGES[command][0])
    assert (entry.resource_id is None) == (command == "fence")
    assert (entry.workspace_id == scene.workspace_id) == (command != "workspace create")
    assert "@" not in repr(entry)
    assert before.items() <= found.items()
    if command != "key create":  # all the others find their work done
        scene.admin(*arguments)
        assert entries(scene.database) == found


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


def test_entries_are_listed_newest_first(scene: Scene, noted: tuple[UUID, UUID]) -> None:
    key_id, other = noted
    lines = scene.admin("audit", "list").stdout.splitlines()
    mine = scene.workspace_id
    wanted = (
        f"{other}  workspace.suspended         {other}  postroom",
        f'{mine}  template.duplicated         {"t-2":<36}  key {key_id}  {{"original_id":"t-1"}}',
        f"{mine}  workspace.created           {mine}  operator",
    )
    for line, expected in zip(lines, wanted, strict=True):
        assert re.fullmatch(rf"{MOMENT}  {re.escape(expected)}", line), line
    assert scene.admin("audit", "list", "--limit", "1").stdout.splitlines() == lines[:1]
    assert scene.admin("audit", "list", *OF_ACME).stdout.splitlines() == lines[1:]
    assert scene.admin("audit", "list", *OF_ACME, "--limit", "1").stdout.splitlines() == lines[1:2]


def test_entries_are_listed_for_programs(scene: Scene, noted: tuple[UUID, UUID]) -> None:
    [line, _] = scene.admin("audit", "list", *OF_ACME, "--json").stdout.splitlines()
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
