"""The events of a webhook over HTTP: listed, read, with their attempts, and sent once more."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi
from postroom_api_testing.webhooks import DATA, attempted, create, happen, set_delivery, set_webhook
from postroom_database.models import Email, WebhookDelivery
from postroom_database.repositories import timelines
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.webhook_signatures import message_id


@pytest.fixture
def path(api: RunningApi) -> str:
    """Where a new webhook's events are."""
    return f"/webhooks/{create(api)['id']}/events"


def happens(api: RunningApi, path: str) -> str:
    return happen(api, path.split("/")[2])


def read(api: RunningApi, path: str) -> dict[str, Any]:
    answer = api.request("GET", path)
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json()
    return found


def test_an_event_is_shown_as_it_is_posted(api: RunningApi, path: str) -> None:
    event_id = happens(api, path)
    found = read(api, f"{path}/{event_id}")
    payload = found.pop("payload")
    assert (payload["type"], payload["data"]) == ("domain.created", DATA)
    datetime.fromisoformat(payload["created_at"])
    due = found.pop("next_attempt_at")
    assert datetime.fromisoformat(due) <= datetime.now(UTC)
    assert (found["object"], found["id"], found["status"]) == ("webhook_event", event_id, "pending")
    [listed] = read(api, path)["data"]
    assert listed == {name: found[name] for name in ("id", "type", "created_at", "status")}


def test_an_event_of_an_email_is_shown_with_it(api: RunningApi, path: str) -> None:
    email_id = api.send(MAIL | {"tags": [{"name": "a", "value": "b"}]}).json()["id"]
    with api.database.begin() as connection:
        timelines.append(connection, api.workspace_id, UUID(email_id), [NewEvent("email.sent")])
    [listed] = read(api, path)["data"]
    payload = read(api, f"{path}/{listed['id']}")["payload"]
    assert payload["type"] == "email.sent"
    assert {name: payload["data"][name] for name in ("email_id", "from", "to", "subject", "tags")} == {
        "email_id": email_id,
        "from": MAIL["from"],
        "to": [MAIL["to"]],
        "subject": MAIL["subject"],
        "tags": {"a": "b"},
    }


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"state": "success", "due_at": None}, "success"),
        ({"state": "failed", "due_at": None}, "failed"),
        ({"lease_token": new_id(), "due_at": Now(60)}, "attempting"),
    ],
)
def test_where_an_event_stands(api: RunningApi, path: str, values: dict[str, Any], status: str) -> None:
    event_id = happens(api, path)
    set_delivery(api, event_id, **values)
    found = read(api, f"{path}/{event_id}")
    assert (found["status"], found["next_attempt_at"]) == (status, None)
    assert read(api, path)["data"][0]["status"] == status


def test_pages_of_events_go_by_their_ids(api: RunningApi, path: str) -> None:
    ids = [happens(api, path) for _ in range(3)][::-1]
    page = read(api, f"{path}?limit=2")
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (ids[:2], True)
    page = read(api, f"{path}?limit=2&after={ids[1]}")
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (ids[2:], False)
    page = read(api, f"{path}?before={ids[2]}")
    assert [one["id"] for one in page["data"]] == ids[:2]
    for query in ("limit=0", f"after={ids[0]}&before={ids[1]}", f"after={ids[0].removeprefix('msg_')}"):
        expect_refusal(api.request("GET", f"{path}?{query}"), 422, "validation_error")


def test_attempts_are_listed_newest_first(api: RunningApi, path: str) -> None:
    event_id = happens(api, path)
    assert read(api, f"{path}/{event_id}/attempts") == {"object": "list", "has_more": False, "data": []}
    ids = attempted(api, event_id, (500, "Oh\x00é"), (None, "no connection to the host"), (200, ""))
    found = read(api, f"{path}/{event_id}/attempts")
    assert [(one["id"], one["http_status_code"], one["response"]) for one in found["data"]] == [
        (ids[0], 200, ""),
        (ids[1], None, "no connection to the host"),
        (ids[2], 500, "Oh\x00é"),
    ]
    datetime.fromisoformat(found["data"][0]["sent_at"])
    page = read(api, f"{path}/{event_id}/attempts?limit=1&after={ids[0]}")
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([ids[1]], True)


@pytest.mark.parametrize("state", ["success", "failed"])
def test_a_replay_is_due_at_once_under_the_same_id(api: RunningApi, path: str, state: str) -> None:
    event_id = happens(api, path)
    set_delivery(api, event_id, state=state, due_at=None, attempts=8)
    answer = api.request("POST", f"{path}/{event_id}/replay", b"")
    assert (answer.status, answer.json()) == (200, {"object": "webhook_event", "id": event_id})
    found = read(api, f"{path}/{event_id}")
    assert (found["id"], found["status"]) == (event_id, "pending")
    assert datetime.fromisoformat(found["next_attempt_at"]) <= datetime.now(UTC)
    with api.database.read() as connection:
        [row] = connection.execute(select(WebhookDelivery.attempts)).all()
    assert row.attempts == 0


def test_a_replay_at_a_disabled_webhook_waits(api: RunningApi, path: str) -> None:
    event_id = happens(api, path)
    set_delivery(api, event_id, state="success", due_at=None)
    set_webhook(api, path.split("/")[2], status="disabled")
    assert api.request("POST", f"{path}/{event_id}/replay").status == 200
    found = read(api, f"{path}/{event_id}")
    assert (found["status"], found["next_attempt_at"]) == ("pending", None)


def test_an_event_whose_email_is_forgotten_is_not_sent_again(api: RunningApi, path: str) -> None:
    email_id = UUID(api.send().json()["id"])
    with api.database.begin() as connection:
        timelines.append(connection, api.workspace_id, email_id, [NewEvent("email.sent")])
        connection.execute(delete(Email).where(Email.id == email_id))
    [listed] = read(api, path)["data"]
    set_delivery(api, listed["id"], state="success", due_at=None)
    message = expect_refusal(api.request("POST", f"{path}/{listed['id']}/replay"), 422, "validation_error")
    assert "forgotten" in message
    found = read(api, f"{path}/{listed['id']}")
    assert (found["status"], found["payload"]["data"]["email_id"]) == ("success", str(email_id))


def test_an_event_is_found_under_its_own_webhook_only(api: RunningApi, path: str) -> None:
    event_id = happens(api, path)
    other = f"/webhooks/{create(api)['id']}/events"
    for unknown in (f"{other}/{event_id}", f"{path}/{message_id(new_id())}", f"{path}/1", f"{path}/{new_id()}"):
        for method, more in (("GET", ""), ("GET", "/attempts"), ("POST", "/replay")):
            refused = expect_refusal(api.request(method, unknown + more), 404, "not_found")
            assert refused == "Webhook event not found."
