"""``GET /emails/{id}/events``."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import RunningApi
from postroom_database.repositories import timelines
from postroom_database.repositories.timelines import NewEvent

OPENED = {"ipAddress": "192.0.2.3", "userAgent": "Mozilla/5.0 (test)", "timestamp": "2026-01-02T03:04:05.678Z"}


def send(api: RunningApi, *events: NewEvent) -> UUID:
    email_id = UUID(api.send().json()["id"])
    with api.database.begin() as connection:
        timelines.append(connection, api.workspace_id, email_id, events)
    return email_id


def listed(api: RunningApi, email_id: UUID, query: str = "") -> dict[str, Any]:
    answer = api.request("GET", f"/emails/{email_id}/events{query}")
    assert answer.status == 200
    shown: dict[str, Any] = answer.json()
    return shown


def test_all_that_happened_is_shown_newest_first(api: RunningApi) -> None:
    send(api, NewEvent("email.sent"))
    email_id = send(api, NewEvent("email.sent"), NewEvent("email.opened", "to@example.com", OPENED))
    shown = listed(api, email_id)
    assert shown.keys() == {"object", "has_more", "data"}
    assert (shown["object"], shown["has_more"]) == ("list", False)
    assert [one | {"id": "", "created_at": ""} for one in shown["data"]] == [
        {"id": "", "created_at": "", "type": "email.opened", "recipient": "to@example.com", "data": OPENED},
        {"id": "", "created_at": "", "type": "email.sent", "recipient": None, "data": None},
    ]
    assert all(UUID(one["id"]) and one["created_at"].endswith("+00:00") for one in shown["data"])


def test_nothing_happened_yet(api: RunningApi) -> None:
    assert listed(api, send(api)) == {"object": "list", "has_more": False, "data": []}


def test_it_comes_in_pages(api: RunningApi) -> None:
    email_id = send(api, *(NewEvent(f"email.{n}") for n in range(5)))
    first = listed(api, email_id, "?limit=2")
    assert ([one["type"] for one in first["data"]], first["has_more"]) == (["email.4", "email.3"], True)
    second = listed(api, email_id, f"?limit=3&after={first['data'][-1]['id']}")
    assert ([one["type"] for one in second["data"]], second["has_more"]) == (["email.2", "email.1", "email.0"], False)
    before = listed(api, email_id, f"?limit=1&before={second['data'][0]['id']}")
    assert ([one["type"] for one in before["data"]], before["has_more"]) == (["email.3"], True)


def test_another_workspace_sees_nothing_of_it(api: RunningApi) -> None:
    email_id = send(api, NewEvent("email.sent"))
    _, token = api.add_workspace("other")
    expect_refusal(api.request("GET", f"/emails/{email_id}/events", token=token), 404, "not_found")
    expect_refusal(api.request("GET", f"/emails/{uuid4()}/events"), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("no-id/events", "invalid_parameter"),
        (f"{UUID(int=1)}/events?limit=0", "validation_error"),
        (f"{UUID(int=1)}/events?after=1", "validation_error"),
    ],
)
def test_what_is_asked_wrongly_is_refused(mariadb_api: RunningApi, path: str, name: str) -> None:
    expect_refusal(mariadb_api.request("GET", f"/emails/{path}"), 422, name)
