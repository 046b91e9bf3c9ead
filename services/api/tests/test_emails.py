import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.paging import Slice
from postroom_database.repositories import api_keys, contents, emails
from postroom_domain.ids import parse_id
from postroom_domain.lanes import Lane


def stored(api: RunningApi, email_id: str) -> Any:
    parsed = parse_id(email_id)
    assert parsed is not None
    with api.database.read() as connection:
        return emails.get(connection, api.workspace_id, parsed)


def count(api: RunningApi) -> int:
    with api.database.read() as connection:
        return len(emails.page(connection, api.workspace_id, Slice(limit=100))[0])


def test_an_email_is_stored_before_it_is_answered(api: RunningApi) -> None:
    answer = api.send()
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"id"}
    shown = api.request("GET", f"/emails/{answer.json()['id']}").json()
    assert shown == {
        "object": "email",
        "id": answer.json()["id"],
        "message_id": None,
        "from": MAIL["from"],
        "to": ["to@example.com"],
        "cc": None,
        "bcc": None,
        "reply_to": None,
        "subject": "Hello",
        "html": "<p>Hi</p>",
        "text": "Hi",
        "created_at": shown["created_at"],
        "last_event": "queued",
        "scheduled_at": None,
        "tags": [],
    }
    assert abs(datetime.fromisoformat(shown["created_at"]) - datetime.now(UTC)) < timedelta(seconds=10)


def test_everything_that_a_client_can_say_is_kept(api: RunningApi) -> None:
    body = MAIL | {
        "to": ["a@example.com", "b@example.com"],
        "cc": "c@example.com",
        "bcc": ["山田 <d@example.com>"],
        "reply_to": "r@example.com",
        "headers": {"X-Ref": "1", "X-Number": 7},
        "tags": [{"name": "kind", "value": "welcome"}, {"X-Tag": "from_symfony"}],
        "unknown": {"is": "ignored"},
        "id": "ignored too",
    }
    shown = api.request("GET", f"/emails/{api.send(body).json()['id']}").json()
    assert shown["to"] == ["a@example.com", "b@example.com"]
    assert (shown["cc"], shown["bcc"], shown["reply_to"]) == (["c@example.com"], body["bcc"], ["r@example.com"])
    assert shown["tags"] == [{"name": "kind", "value": "welcome"}, {"name": "X-Tag", "value": "from_symfony"}]


@pytest.mark.parametrize("nothing", [None, "", []])
def test_absent_addresses_come_in_three_shapes(shared_api: RunningApi, nothing: Any) -> None:
    absent = {"cc": nothing, "bcc": nothing, "reply_to": nothing, "tags": None, "headers": None}
    answer = shared_api.send(MAIL | absent)
    shown = shared_api.request("GET", f"/emails/{answer.json()['id']}").json()
    assert (shown["cc"], shown["bcc"], shown["reply_to"]) == (None, None, None)


def test_old_clients_write_camel_case(shared_api: RunningApi) -> None:
    answer = shared_api.send(MAIL | {"replyTo": "r@example.com", "scheduledAt": "in 1 hour"})
    shown = shared_api.request("GET", f"/emails/{answer.json()['id']}").json()
    assert (shown["reply_to"], shown["last_event"]) == (["r@example.com"], "scheduled")


CONTENT = b"\x00\xffPDF bytes" + bytes(range(256))


@pytest.mark.parametrize(
    "content",
    [
        base64.b64encode(CONTENT).decode(),
        base64.b64encode(CONTENT).decode().rstrip("="),
        base64.encodebytes(CONTENT).decode(),
        list(CONTENT),
        {"type": "Buffer", "data": list(CONTENT)},
    ],
    ids=["base64", "unpadded", "wrapped", "list", "buffer"],
)
def test_attachments_come_in_four_shapes(shared_api: RunningApi, content: Any) -> None:
    answer = shared_api.send(MAIL | {"attachments": [{"filename": "a.pdf", "content": content}]})
    email_id = parse_id(answer.json()["id"])
    assert email_id is not None
    with shared_api.database.read() as connection:
        assert contents.load(connection, email_id, contents.FIRST_ATTACHMENT_PART) == CONTENT


def test_a_calendar_may_come_unencoded_and_slashes_escaped(shared_api: RunningApi) -> None:
    body = (
        b'{"from":"a@example.com","to":"b@example.com","subject":"s","text":"t","attachments":['
        b'{"filename":"c.ics","content_type":"text/calendar; method=REQUEST","content":"BEGIN:VCALENDAR\\r\\nEND"},'
        b'{"filename":"b.bin","content":"\\/\\/\\/\\/"}]}'
    )
    email_id = parse_id(shared_api.send(body).json()["id"])
    assert email_id is not None
    with shared_api.database.read() as connection:
        assert contents.load(connection, email_id, 2) == b"BEGIN:VCALENDAR\r\nEND"
        assert contents.load(connection, email_id, 3) == b"\xff\xff\xff"


def test_workers_are_told(api: RunningApi) -> None:
    for _ in range(3):
        api.send()
    api.request("POST", "/emails/batch", [MAIL] * 25)
    api.send(MAIL | {"scheduled_at": "in 1 hour"})
    api.hinter.stop(5)
    assert api.hints.room(Lane.INTERACTIVE) <= 20_000 - 10
    assert api.hints.room(Lane.BULK) == 20_000 - 30


def test_a_batch_is_answered_in_order(api: RunningApi) -> None:
    answer = api.request("POST", "/emails/batch", [MAIL | {"subject": f"n{n}"} for n in range(100)])
    assert answer.status == 200
    assert set(answer.json()) == {"data"}
    ids = [item["id"] for item in answer.json()["data"]]
    assert [stored(api, email_id).subject for email_id in ids] == [f"n{n}" for n in range(100)]


def test_a_strict_batch_stores_all_or_nothing(api: RunningApi) -> None:
    answer = api.request("POST", "/emails/batch", [MAIL, MAIL | {"to": "nobody"}, MAIL])
    assert (answer.status, answer.json()["name"]) == (422, "validation_error")
    assert "Email 1 of the batch" in answer.json()["message"]
    assert count(api) == 0


def test_a_permissive_batch_stores_what_is_right(api: RunningApi) -> None:
    permissive = {"x-batch-validation": "permissive"}
    answer = api.request("POST", "/emails/batch", [MAIL, MAIL | {"to": "nobody"}, 7, MAIL], headers=permissive).json()
    assert len(answer["data"]) == 2
    assert [error["index"] for error in answer["errors"]] == [1, 2]
    assert "`to`" in answer["errors"][0]["message"]
    assert count(api) == 2
    assert api.request("POST", "/emails/batch", [MAIL], headers=permissive).json()["errors"] == []
    assert api.request("POST", "/emails/batch", [7], headers=permissive).json()["data"] == []


def test_pages_go_through_all(api: RunningApi) -> None:
    ids = [api.send().json()["id"] for _ in range(5)]
    first = api.request("GET", "/emails?limit=2").json()
    assert (first["object"], first["has_more"], [e["id"] for e in first["data"]]) == ("list", True, ids[:2:-1])
    assert "html" not in first["data"][0]
    rest = api.request("GET", f"/emails?limit=100&after={first['data'][-1]['id']}").json()
    assert (rest["has_more"], [e["id"] for e in rest["data"]]) == (False, ids[2::-1])
    newer = api.request("GET", f"/emails?before={ids[2]}").json()
    assert [e["id"] for e in newer["data"]] == [ids[4], ids[3]]


def test_a_scheduled_email_is_moved_and_canceled(api: RunningApi) -> None:
    email_id = api.send(MAIL | {"scheduled_at": "in 1 hour"}).json()["id"]
    assert stored(api, email_id).last_event == "scheduled"
    moved = api.request("PATCH", f"/emails/{email_id}", {"id": email_id, "scheduled_at": "2026-01-01T00:00:00Z"})
    assert (moved.status, moved.json()) == (200, {"object": "email", "id": email_id})
    assert stored(api, email_id).scheduled_at == datetime(2026, 1, 1, tzinfo=UTC)
    canceled = api.request("POST", f"/emails/{email_id}/cancel", b"")
    assert (canceled.status, canceled.json()) == (200, {"object": "email", "id": email_id})
    again = api.request("POST", f"/emails/{email_id}/cancel", {})
    assert (again.status, again.json()["message"]) == (
        422,
        "Only a scheduled email can be canceled; this one is canceled.",
    )
    assert api.request("PATCH", f"/emails/{email_id}", {"scheduled_at": "in 1 hour"}).status == 422


def test_reading_requests_may_carry_an_empty_or_needless_body(api: RunningApi) -> None:
    email_id = api.send().json()["id"]
    assert api.request("GET", f"/emails/{email_id}", {}).status == 200
    assert api.request("GET", "/emails", b"").status == 200


def test_a_base_url_with_a_slash_at_its_end_works(api: RunningApi) -> None:
    assert api.request("POST", "//emails", MAIL).status == 200


def test_another_workspace_sees_nothing(api: RunningApi) -> None:
    _, theirs = api.add_workspace("two")
    email_id = api.send(MAIL | {"scheduled_at": "in 1 hour"}).json()["id"]
    for method, path, body in [
        ("GET", f"/emails/{email_id}", None),
        ("PATCH", f"/emails/{email_id}", {"scheduled_at": "in 2 hours"}),
        ("POST", f"/emails/{email_id}/cancel", None),
    ]:
        answer = api.request(method, path, body, token=theirs)
        assert (answer.status, answer.json()["name"]) == (404, "not_found")
    assert api.request("GET", "/emails", token=theirs).json()["data"] == []
    assert stored(api, email_id).last_event == "scheduled"


def test_a_revoked_key_is_refused_within_seconds(mariadb_api: RunningApi) -> None:
    assert mariadb_api.send().status == 200
    with mariadb_api.database.begin() as connection:
        [key] = api_keys.of_workspace(connection, mariadb_api.workspace_id)
        api_keys.end(connection, workspace_id=mariadb_api.workspace_id, key_id=key.id)
    deadline = time.monotonic() + 5
    while mariadb_api.send().status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert mariadb_api.send().status == 403


def test_the_request_id_of_a_client_is_kept(shared_api: RunningApi) -> None:
    answer = shared_api.send(headers={"x-request-id": "client-request-1"})
    assert answer.headers["x-request-id"] == "client-request-1"
    assert len(shared_api.send(headers={"x-request-id": "no\tgood"}).headers["x-request-id"]) == 32


def test_unknown_ids_are_404_and_no_ids_are_422(shared_api: RunningApi) -> None:
    assert shared_api.request("GET", f"/emails/{uuid4()}").status == 404
    answer = shared_api.request("GET", "/emails/17")
    assert (answer.status, answer.json()["name"]) == (422, "invalid_parameter")
