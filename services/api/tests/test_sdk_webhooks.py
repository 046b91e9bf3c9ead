"""``/webhooks`` through the SDK from PyPI: all that its class for webhooks offers."""

import json
import time
from typing import Any

import pytest
import resend

from postroom_api_testing.proofs import proves
from postroom_api_testing.running import RunningApi
from postroom_api_testing.webhooks import attempted, happen, set_delivery
from postroom_domain.webhook_signatures import new_secret, sign

ENDPOINT = "http://127.0.0.1:9/hook"


@pytest.fixture
def sdk(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{api.port}")
    monkeypatch.setattr(resend, "api_key", api.token)
    return resend


def create(sdk: Any, **changes: Any) -> Any:
    return sdk.Webhooks.create({"endpoint": ENDPOINT, "events": ["domain.created"]} | changes)


def verify(sdk: Any, secret: str, *signed_with: str) -> Any:
    """What the SDK reads from a request that is signed with these secrets."""
    body = json.dumps({"type": "email.sent", "data": {"subject": "café"}}, ensure_ascii=False)
    timestamp = int(time.time())
    headers = {
        "id": "msg_1",
        "timestamp": str(timestamp),
        "signature": sign(signed_with, "msg_1", timestamp, body.encode()),
    }
    return sdk.Webhooks.verify({"payload": body, "headers": headers, "webhook_secret": secret})


@proves("POST /webhooks", "GET /webhooks/{id}")
def test_a_webhook_is_created_and_read(sdk: Any) -> None:
    made = create(sdk)
    assert (made["object"], made["signing_secret"][:6]) == ("webhook", "whsec_")
    found = sdk.Webhooks.get(made["id"])
    assert {name: found[name] for name in ("object", "id", "status", "endpoint", "events", "signing_secret")} == {
        "object": "webhook",
        "id": made["id"],
        "status": "enabled",
        "endpoint": ENDPOINT,
        "events": ["domain.created"],
        "signing_secret": made["signing_secret"],
    }


def test_what_is_signed_with_the_secret_is_verified(sdk: Any) -> None:
    secret = create(sdk)["signing_secret"]
    assert verify(sdk, secret, secret)["data"] == {"subject": "café"}
    with pytest.raises(ValueError, match="no matching signature"):
        verify(sdk, secret, new_secret())


@proves("GET /webhooks")
def test_webhooks_are_listed(sdk: Any) -> None:
    ids = [create(sdk)["id"] for _ in range(3)][::-1]
    assert [webhook["id"] for webhook in sdk.Webhooks.list()["data"]] == ids
    page = sdk.Webhooks.list({"limit": 1, "after": ids[0]})
    assert ([webhook["id"] for webhook in page["data"]], page["has_more"]) == ([ids[1]], True)
    assert "signing_secret" not in page["data"][0]


@proves("PATCH /webhooks/{id}")
def test_a_webhook_is_updated(sdk: Any) -> None:
    made = create(sdk)
    wanted = {"webhook_id": made["id"], "endpoint": f"{ENDPOINT}/2", "events": ["email.sent"], "status": "disabled"}
    assert sdk.Webhooks.update(wanted)["id"] == made["id"]
    found = sdk.Webhooks.get(made["id"])
    assert (found["endpoint"], found["events"], found["status"]) == (f"{ENDPOINT}/2", ["email.sent"], "disabled")
    sdk.Webhooks.update({"webhook_id": made["id"], "status": "enabled"})
    assert sdk.Webhooks.get(made["id"])["status"] == "enabled"


@proves("POST /webhooks/{id}/signing-secret/rotate")
def test_a_secret_is_rotated(sdk: Any) -> None:
    made = create(sdk)
    rotated = sdk.Webhooks.rotate_signing_secret(made["id"])
    assert (rotated["object"], rotated["id"]) == ("webhook", made["id"])
    assert rotated["signing_secret"] != made["signing_secret"]
    assert sdk.Webhooks.get(made["id"])["signing_secret"] == rotated["signing_secret"]
    # While both sign, whoever has not changed over yet verifies too.
    for secret in (made["signing_secret"], rotated["signing_secret"]):
        verify(sdk, secret, rotated["signing_secret"], made["signing_secret"])


@proves("GET /webhooks/{id}/events", "GET /webhooks/{id}/events/{event_id}")
def test_events_are_listed_and_read(sdk: Any, api: RunningApi) -> None:
    webhook_id = create(sdk)["id"]
    ids = [happen(api, webhook_id) for _ in range(3)][::-1]
    page = sdk.Webhooks.list_events(webhook_id, {"limit": 2})
    assert ([event["id"] for event in page["data"]], page["has_more"]) == (ids[:2], True)
    page = sdk.Webhooks.list_events(webhook_id, {"after": page["data"][-1]["id"]})
    assert ([event["id"] for event in page["data"]], page["has_more"]) == (ids[2:], False)
    event = sdk.Webhooks.get_event(webhook_id, ids[0])
    assert (event["object"], event["id"], event["type"], event["status"]) == (
        "webhook_event",
        ids[0],
        "domain.created",
        "pending",
    )
    assert event["payload"]["data"]["name"] == "example.com"
    assert event["next_attempt_at"]


@proves("GET /webhooks/{id}/events/{event_id}/attempts")
def test_attempts_are_listed(sdk: Any, api: RunningApi) -> None:
    webhook_id = create(sdk)["id"]
    event_id = happen(api, webhook_id)
    ids = attempted(api, event_id, (500, "later"), (200, "OK"))
    page = sdk.Webhooks.list_event_attempts(webhook_id, event_id)
    assert [(one["id"], one["http_status_code"], one["response"]) for one in page["data"]] == [
        (ids[0], 200, "OK"),
        (ids[1], 500, "later"),
    ]
    [second] = sdk.Webhooks.list_event_attempts(webhook_id, event_id, {"limit": 1, "after": ids[0]})["data"]
    assert second["id"] == ids[1]


@proves("POST /webhooks/{id}/events/{event_id}/replay")
def test_an_event_is_replayed(sdk: Any, api: RunningApi) -> None:
    webhook_id = create(sdk)["id"]
    event_id = happen(api, webhook_id)
    set_delivery(api, event_id, state="success", due_at=None)
    assert sdk.Webhooks.get_event(webhook_id, event_id)["status"] == "success"
    replayed = sdk.Webhooks.replay_event(webhook_id, event_id)
    assert (replayed["object"], replayed["id"]) == ("webhook_event", event_id)
    assert sdk.Webhooks.get_event(webhook_id, event_id)["status"] == "pending"


@proves("DELETE /webhooks/{id}")
def test_a_webhook_is_removed(sdk: Any) -> None:
    made = create(sdk)
    removed = sdk.Webhooks.remove(made["id"])
    assert (removed["object"], removed["id"], removed["deleted"]) == ("webhook", made["id"], True)
    with pytest.raises(resend.exceptions.ResendError, match="Webhook not found"):
        sdk.Webhooks.get(made["id"])


def test_a_wrong_endpoint_and_a_wrong_type_are_errors_of_the_sdk(sdk: Any) -> None:
    with pytest.raises(resend.exceptions.ValidationError, match="`endpoint`"):
        create(sdk, endpoint="http://10.0.0.1/")
    with pytest.raises(resend.exceptions.ValidationError, match=r"`email\.teleported`"):
        create(sdk, events=["email.teleported"])
    with pytest.raises(resend.exceptions.MissingRequiredFieldsError, match="`events`"):
        create(sdk, events=None)
