"""What clients are answered about mail whose bodies, or that itself, was forgotten."""

import base64
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import update

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.models import Email
from postroom_database.repositories import retention, timelines
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_domain.states import State

DAY = 86_400.0
SENT = (State.SENT, Lane.INTERACTIVE)


def sent_long_ago(api: RunningApi) -> tuple[str, Any]:
    file = {"filename": "a.txt", "content": base64.b64encode(b"bytes").decode()}
    email_id: str = api.send(MAIL | {"attachments": [file]}).json()["id"]
    [attachment] = api.request("GET", f"/emails/{email_id}/attachments").json()["data"]
    with api.database.begin() as connection:
        connection.execute(update(Email).values(state="sent", last_event="sent", due_at=Now(-40 * DAY)))
    return email_id, attachment


def test_an_email_is_shown_without_bodies_and_its_attachments_are_gone(api: RunningApi) -> None:
    email_id, attachment = sent_long_ago(api)
    before = api.request("GET", f"/emails/{email_id}").json()
    link = urlsplit(attachment["download_url"])
    with api.database.begin() as connection:
        retention.bodies(connection, SENT, age_seconds=30 * DAY, limit=10)
    after = api.request("GET", f"/emails/{email_id}")
    assert (after.status, after.json()) == (200, before | {"html": None, "text": None})
    listed = api.request("GET", f"/emails/{email_id}/attachments")
    assert (listed.status, listed.json()["data"]) == (200, [])
    one = api.request("GET", f"/emails/{email_id}/attachments/{attachment['id']}")
    expect_refusal(one, 404, "not_found")
    download = api.request("GET", f"{link.path}?{link.query}", token=None)
    assert expect_refusal(download, 404, "not_found") == "Attachment not found."


def test_an_email_that_was_forgotten_is_not_found(api: RunningApi) -> None:
    email_id, _ = sent_long_ago(api)
    with api.database.begin() as connection:
        timelines.append(connection, api.workspace_id, UUID(email_id), [NewEvent("email.sent")])
        assert retention.emails(connection, SENT, age_seconds=30 * DAY, limit=10).count == 1
    for method, path in (("GET", ""), ("GET", "/attachments"), ("POST", "/cancel")):
        expect_refusal(api.request(method, f"/emails/{email_id}{path}"), 404, "not_found")
    assert api.request("GET", "/emails").json()["data"] == []
