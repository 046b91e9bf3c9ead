import json
import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import Event, Webhook, WebhookDelivery
from postroom_database.repositories import timelines, workspaces
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_testing.webhooks import add_webhook

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UNKNOWN = "There is no such webhook; `webhook list` shows those of a workspace.\n"


@pytest.fixture
def workspace_id(either_admin: Any, either_database: Database) -> UUID:
    for name in ("acme", "other"):
        assert either_admin("workspace", "create", name).exit_code == 0
    with either_database.read() as connection:
        found = workspaces.find(connection, "acme")
    assert found is not None
    return found


def row(database: Database, webhook_id: UUID) -> Any:
    with database.read() as connection:
        return connection.execute(select(Webhook.__table__).where(Webhook.id == webhook_id)).one()


def told(database: Database, workspace_id: UUID) -> list[Any]:
    with database.read() as connection:
        rows = connection.execute(select(Event.type, Event.data).where(Event.workspace_id == workspace_id))
        return [tuple(one) for one in rows]


def test_webhooks_are_listed_oldest_first(either_admin: Any, either_database: Database, workspace_id: UUID) -> None:
    empty = either_admin("webhook", "list", "--workspace", "acme")
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert empty.stderr == "There are no webhooks yet; clients add them with POST /webhooks.\n"
    one = add_webhook(either_database, workspace_id, endpoint="https://one.example.com/")
    two = add_webhook(either_database, workspace_id, status="disabled", reason="why")
    first, second = either_admin("webhook", "list", "--workspace", "acme").stdout.splitlines()
    assert re.fullmatch(rf"{one}  {MOMENT}  enabled {{29}}https://one\.example\.com/", first)
    assert re.fullmatch(rf"{two}  {MOMENT}  disabled {{28}}http://127\.0\.0\.1:9/  why", second)
    assert either_admin("webhook", "list", "--workspace", "other").stdout == ""
    assert "there is no such workspace" in either_admin("webhook", "list", "--workspace", "acne").stderr


def test_one_is_shown_with_its_deliveries_and_without_its_secret(
    either_admin: Any, either_database: Database, workspace_id: UUID
) -> None:
    webhook_id = add_webhook(either_database, workspace_id, types=["domain.updated", "email.sent"])
    assert either_admin("webhook", "show", str(webhook_id)).stdout.endswith("\n\ndeliveries\n  none is kept\n")
    with either_database.begin() as connection:
        timelines.tell(connection, workspace_id, "domain.updated", {"object": "domain"})
    done = either_admin("webhook", "show", str(webhook_id))
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.search(r"(?m)^types +domain\.updated, email\.sent$", done.stdout)
    assert re.search(rf"(?m)^  [0-9a-f-]{{36}}  {MOMENT}  pending     domain\.updated$", done.stdout)
    whole = json.loads(either_admin("webhook", "show", str(webhook_id), "--json").stdout)
    assert (whole["id"], whole["workspace_id"]) == (str(webhook_id), str(workspace_id))
    assert [one["type"] for one in whole["deliveries"]] == ["domain.updated"]
    assert row(either_database, webhook_id).secret not in "".join(either_admin.said)


def test_one_is_disabled_and_enabled_and_its_workspace_is_told(
    either_admin: Any, either_database: Database, workspace_id: UUID
) -> None:
    webhook_id = add_webhook(either_database, workspace_id)
    done = either_admin("webhook", "disable", str(webhook_id), "--reason", "it answers slowly")
    assert (done.exit_code, done.stdout) == (0, f"Disabled {webhook_id}.\n")
    disabled = row(either_database, webhook_id)
    assert (disabled.status, disabled.reason) == ("disabled", "it answers slowly")
    data = {"object": "webhook", "id": str(webhook_id), "status": "disabled", "reason": "it answers slowly"}
    assert told(either_database, workspace_id) == [("webhook.disabled", data)]
    again = either_admin("webhook", "disable", str(webhook_id), "--reason", "another")
    assert (again.exit_code, again.stdout) == (0, f"{webhook_id} is disabled already: left as it is.\n")
    assert row(either_database, webhook_id) == disabled
    with either_database.begin() as connection:
        connection.execute(update(Webhook).values(failing_since=Now(-60), hinted_at=Now(), is_slow=True))
    done = either_admin("webhook", "enable", str(webhook_id))
    assert (done.exit_code, done.stdout) == (0, f"Enabled {webhook_id}.\n")
    enabled = row(either_database, webhook_id)
    assert (enabled.status, enabled.reason, enabled.failing_since, enabled.hinted_at) == ("enabled", None, None, None)
    again = either_admin("webhook", "enable", str(webhook_id))
    assert (again.exit_code, again.stdout) == (0, f"{webhook_id} is enabled already: left as it is.\n")


def test_what_happens_while_it_is_disabled_it_is_never_told(
    either_admin: Any, either_database: Database, workspace_id: UUID
) -> None:
    webhook_id = add_webhook(either_database, workspace_id)
    either_admin("webhook", "disable", str(webhook_id), "--reason", "why")
    with either_database.begin() as connection:
        timelines.tell(connection, workspace_id, "domain.updated", {"object": "domain"})
    with either_database.read() as connection:
        kept = connection.execute(select(WebhookDelivery.type, WebhookDelivery.state)).all()
    assert [tuple(one) for one in kept] == []


@pytest.mark.parametrize("command", [("show",), ("enable",), ("disable", "--reason", "why")], ids=lambda one: one[0])
def test_an_unknown_webhook_is_said_to_be_unknown(admin: Any, command: tuple[str, ...]) -> None:
    done = admin("webhook", *command, str(new_id()))
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", UNKNOWN)
    wrong = admin("webhook", *command, "nonsense")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "it must be a UUID" in wrong.stderr


@pytest.mark.parametrize("reason", ["", "a\nb", "x" * 1001])
def test_a_reason_is_one_line(admin: Any, reason: str) -> None:
    assert admin("webhook", "disable", str(new_id()), "--reason", reason).exit_code == 2
