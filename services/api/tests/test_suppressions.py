from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from loguru import logger
from sqlalchemy import select

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.models import ProviderJob
from postroom_database.repositories import api_keys, deliveries, suppressions
from postroom_database.repositories.suppressions import NewSuppression
from postroom_domain.ids import new_id, parse_id
from postroom_domain.permissions import Permission
from postroom_domain.suppressions import Origin
from postroom_domain.tokens import hash_token, new_token

ONE = "one@example.com"


def add(api: RunningApi, address: str, **options: Any) -> str:
    answer = api.request("POST", "/suppressions", {"email": address}, **options)
    assert answer.status == 201
    assert set(answer.json()) == {"object", "id"}
    suppression_id: str = answer.json()["id"]
    return suppression_id


def put(api: RunningApi, address: str, origin: Origin, source_id: UUID | None = None) -> None:
    with api.database.begin() as connection:
        suppressions.add(connection, api.workspace_id, [NewSuppression(address, origin, source_id)])


def listed(api: RunningApi, query: str = "", **options: Any) -> list[str]:
    answer = api.request("GET", f"/suppressions{query}", **options)
    assert (answer.status, answer.json()["object"]) == (200, "list")
    return [item["email"] for item in answer.json()["data"]]


def jobs(api: RunningApi) -> list[tuple[str, UUID, str, str]]:
    """What the provider will be told."""
    found = select(ProviderJob.kind, ProviderJob.workspace_id, ProviderJob.subject, ProviderJob.request_id)
    with api.database.read() as connection:
        return [(*row,) for row in connection.execute(found.order_by(ProviderJob.subject))]


def test_an_address_is_suppressed_and_shown(api: RunningApi) -> None:
    suppression_id = add(api, "One <ONE@例え.jp>")
    shown = api.request("GET", f"/suppressions/{suppression_id}", {})
    assert (shown.status, shown.json()) == (
        200,
        {
            "object": "suppression",
            "id": suppression_id,
            "email": "one@xn--r8jz45g.jp",
            "origin": "manual",
            "source_id": None,
            "created_at": shown.json()["created_at"],
        },
    )
    assert abs(datetime.fromisoformat(shown.json()["created_at"]) - datetime.now(UTC)) < timedelta(seconds=10)
    assert api.request("GET", "/suppressions").json() == {"object": "list", "has_more": False, "data": [shown.json()]}


def test_adding_what_is_there_answers_what_is_there(api: RunningApi) -> None:
    source_id = new_id()
    put(api, ONE, Origin.BOUNCE, source_id)
    suppression_id = add(api, "ONE@example.com")
    assert add(api, ONE) == suppression_id
    shown = api.request("GET", f"/suppressions/{suppression_id}").json()
    assert (shown["origin"], shown["source_id"]) == ("bounce", str(source_id))
    assert listed(api) == [ONE]


def test_many_clients_that_add_one_address_at_once_get_one_id(api: RunningApi) -> None:
    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(lambda _: add(api, ONE), range(24)))) == 1


@pytest.mark.parametrize(
    "path",
    [
        "a+b@xn--r8jz45g.jp",
        "A+b@XN--r8jz45g.jp",
        quote("a+b@xn--r8jz45g.jp", safe=""),
        quote("a+b@例え.jp", safe=""),
    ],
)
def test_an_address_names_a_suppression_in_a_path(shared_api: RunningApi, path: str) -> None:
    suppression_id = add(shared_api, "a+b@例え.jp")
    assert shared_api.request("GET", f"/suppressions/{path}").json()["id"] == suppression_id
    removed = shared_api.request("DELETE", f"/suppressions/{path}", {})
    assert (removed.status, removed.json()) == (200, {"object": "suppression", "id": suppression_id, "deleted": True})
    assert shared_api.request("GET", f"/suppressions/{path}").status == 404


def test_a_removed_one_is_taken_off_the_providers_list_too(api: RunningApi) -> None:
    suppression_id = add(api, ONE)
    assert api.request("DELETE", f"/suppressions/{uuid4()}").status == 404
    assert api.request("DELETE", "/suppressions/nobody@example.com").status == 404
    assert jobs(api) == []
    answer = api.request("DELETE", f"/suppressions/{suppression_id}", headers={"x-request-id": "request-1"})
    assert answer.status == 200
    assert jobs(api) == [("unsuppress", api.workspace_id, ONE, "request-1")]
    message = expect_refusal(api.request("DELETE", f"/suppressions/{suppression_id}"), 404, "not_found")
    assert message == "Suppression not found."
    assert len(jobs(api)) == 1
    assert add(api, ONE) != suppression_id


def test_many_are_added_at_once_each_of_them_once(api: RunningApi) -> None:
    there = add(api, "b@example.com")
    emails = ["c@example.com", "B@example.com", "a@example.com", "b@example.com"]
    answer = api.request("POST", "/suppressions/batch/add", {"emails": emails})
    assert (answer.status, set(answer.json())) == (201, {"data"})
    [c, b, a] = answer.json()["data"]
    assert b == {"object": "suppression", "id": there}
    assert [api.request("GET", f"/suppressions/{one['id']}").json()["email"] for one in (a, c)] == [
        "a@example.com",
        "c@example.com",
    ]
    many = [f"{n}@example.com" for n in range(100)]
    assert len(api.request("POST", "/suppressions/batch/add", {"emails": many}).json()["data"]) == 100


@pytest.mark.parametrize("by_id", [True, False])
def test_many_are_removed_at_once_and_misses_are_left_out(api: RunningApi, *, by_id: bool) -> None:
    ids = {address: add(api, address) for address in ("a@example.com", "b@example.com", "c@example.com")}
    body = (
        {"ids": [ids["a@example.com"], str(uuid4()), ids["b@example.com"]]}
        if by_id
        else {"emails": ["A@example.com", "nobody@example.com", "b@example.com", "b@example.com"], "ids": None}
    )
    answer = api.request("POST", "/suppressions/batch/remove", body, headers={"x-request-id": "request-2"})
    assert answer.status == 200
    assert sorted(answer.json()["data"], key=lambda one: one["id"]) == [
        {"object": "suppression", "id": ids[address], "deleted": True} for address in ("a@example.com", "b@example.com")
    ]
    assert listed(api) == ["c@example.com"]
    assert [(subject, request_id) for _, _, subject, request_id in jobs(api)] == [
        ("a@example.com", "request-2"),
        ("b@example.com", "request-2"),
    ]
    again = api.request("POST", "/suppressions/batch/remove", body)
    assert (again.status, again.json()) == (200, {"data": []})
    assert len(jobs(api)) == 2


def test_lists_are_paged_and_know_origins(api: RunningApi) -> None:
    for n in range(22):
        put(api, f"{n}@example.com", Origin.BOUNCE if n % 2 else Origin.COMPLAINT)
    add(api, ONE)
    first = api.request("GET", "/suppressions").json()
    assert (first["has_more"], len(first["data"]), first["data"][0]["email"]) == (True, 20, ONE)
    assert listed(api, f"?after={first['data'][-1]['id']}") == ["2@example.com", "1@example.com", "0@example.com"]
    assert listed(api, f"?before={first['data'][1]['id']}") == [ONE]
    assert listed(api, "?origin=manual") == [ONE]
    assert listed(api, "?origin=") == listed(api)
    bounces = api.request("GET", "/suppressions?origin=bounce&limit=2").json()
    assert (bounces["has_more"], [item["email"] for item in bounces["data"]]) == (
        True,
        ["21@example.com", "19@example.com"],
    )
    assert listed(api, f"?origin=bounce&limit=1&after={bounces['data'][-1]['id']}") == ["17@example.com"]
    assert len(listed(api, "?origin=complaint")) == 11


def test_another_workspace_sees_and_removes_nothing(api: RunningApi) -> None:
    _, theirs = api.add_workspace("two")
    suppression_id = add(api, ONE)
    for name in (suppression_id, ONE):
        for method in ("GET", "DELETE"):
            expect_refusal(api.request(method, f"/suppressions/{name}", token=theirs), 404, "not_found")
    for body in ({"ids": [suppression_id]}, {"emails": [ONE]}):
        assert api.request("POST", "/suppressions/batch/remove", body, token=theirs).json() == {"data": []}
    assert listed(api, token=theirs) == []
    assert jobs(api) == []
    assert add(api, ONE, token=theirs) != suppression_id
    assert api.request("DELETE", f"/suppressions/{ONE}", token=theirs).status == 200
    assert listed(api) == [ONE]


def test_the_very_next_claim_obeys(api: RunningApi) -> None:
    def suppressed(email_id: str) -> dict[str, Origin]:
        parsed = parse_id(email_id)
        assert parsed is not None
        with api.database.begin() as connection:
            claim = deliveries.claim(connection, parsed, lease_seconds=60)
        assert claim is not None
        return claim.suppressed

    sent = [api.send(MAIL | {"to": "One@example.com"}).json()["id"] for _ in range(3)]
    assert suppressed(sent[0]) == {}
    add(api, ONE)
    assert suppressed(sent[1]) == {"One@example.com": Origin.MANUAL}
    api.request("DELETE", f"/suppressions/{ONE}")
    assert suppressed(sent[2]) == {}


def test_what_changes_is_logged_without_addresses(shared_api: RunningApi) -> None:
    lines: list[Any] = []
    handler = logger.add(lambda line: lines.append(line.record), level="INFO", format="{message}")
    body = {"emails": ["logged@example.com", "logged.too@example.com"]}
    [first, second] = shared_api.request("POST", "/suppressions/batch/add", body).json()["data"]
    shared_api.request("POST", "/suppressions/batch/add", body)
    shared_api.request("DELETE", "/suppressions/logged@example.com")
    logger.remove(handler)
    assert [(line["message"], line["extra"]["suppression_id"]) for line in lines] == [
        ("suppression.added", first["id"]),
        ("suppression.added", second["id"]),
        ("suppression.removed", first["id"]),
    ]
    assert {(line["extra"]["workspace_id"], line["extra"]["origin"]) for line in lines} == {
        (str(shared_api.workspace_id), "manual")
    }
    assert all(set(line["extra"]) == {"request_id", "workspace_id", "suppression_id", "origin"} for line in lines)


def test_a_key_that_may_only_send_may_not_touch_suppressions(api: RunningApi) -> None:
    token = new_token()
    with api.database.begin() as connection:
        api_keys.add(
            connection,
            workspace_id=api.workspace_id,
            name="sender",
            token_hash=hash_token(token),
            permission=Permission.SENDING_ACCESS,
        )
    for method, path, body in [
        ("POST", "", {"email": ONE}),
        ("GET", "", None),
        ("GET", f"/{ONE}", None),
        ("DELETE", f"/{ONE}", None),
        ("POST", "/batch/add", {"emails": [ONE]}),
        ("POST", "/batch/remove", {"emails": [ONE]}),
    ]:
        expect_refusal(api.request(method, f"/suppressions{path}", body, token=token), 401, "restricted_api_key")
    assert listed(api) == []


MANY = [f"{n}@example.com" for n in range(101)]


@pytest.mark.parametrize(
    ("path", "body", "name", "told"),
    [
        ("", {}, "missing_required_field", "`email`"),
        ("", {"email": None}, "missing_required_field", "`email`"),
        ("", {"email": ""}, "missing_required_field", "`email`"),
        ("", {"email": 7}, "validation_error", "`email`"),
        ("", {"email": [ONE]}, "validation_error", "`email`"),
        ("", {"email": "nobody"}, "validation_error", "`email`"),
        ("", {"email": "ä@example.com"}, "validation_error", "`email`"),
        ("", [ONE], "validation_error", "object"),
        ("/batch/add", {}, "missing_required_field", "`emails`"),
        ("/batch/add", {"emails": []}, "missing_required_field", "`emails`"),
        ("/batch/add", {"emails": ONE}, "validation_error", "`emails`"),
        ("/batch/add", {"emails": [ONE, "nobody"]}, "validation_error", "`emails[1]`"),
        ("/batch/add", {"emails": [ONE, None]}, "validation_error", "`emails"),
        ("/batch/add", {"emails": MANY}, "validation_error", "1 to 100"),
        ("/batch/remove", {}, "validation_error", "`emails` or `ids`"),
        ("/batch/remove", {"emails": [], "ids": []}, "validation_error", "`emails` or `ids`"),
        ("/batch/remove", {"emails": [ONE], "ids": [str(uuid4())]}, "validation_error", "not both"),
        ("/batch/remove", {"emails": ["nobody"]}, "validation_error", "`emails[0]`"),
        ("/batch/remove", {"emails": MANY}, "validation_error", "1 to 100"),
        ("/batch/remove", {"ids": [str(uuid4()), "7"]}, "validation_error", "`ids[1]`"),
        ("/batch/remove", {"ids": [str(uuid4())] * 101}, "validation_error", "1 to 100"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    shared_api: RunningApi, path: str, body: Any, name: str, told: str
) -> None:
    before = listed(shared_api)
    message = expect_refusal(shared_api.request("POST", f"/suppressions{path}", body), 422, name)
    assert told in message
    assert listed(shared_api) == before


@pytest.mark.parametrize("query", ["origin=spam", "origin=Bounce", "limit=0", "after=7", "before=x"])
def test_a_wrong_query_is_refused(shared_api: RunningApi, query: str) -> None:
    expect_refusal(shared_api.request("GET", f"/suppressions?{query}"), 422, "validation_error")


@pytest.mark.parametrize("name", ["7", "batch", "a@b", "@example.com", "%00", uuid4().hex, "x" * 5000])
def test_neither_an_id_nor_an_address_is_refused(shared_api: RunningApi, name: str) -> None:
    for method in ("GET", "DELETE"):
        answer = shared_api.request(method, f"/suppressions/{name}")
        assert "UUID or by an email address" in expect_refusal(answer, 422, "invalid_parameter")


def test_the_words_of_the_batch_are_no_names(shared_api: RunningApi) -> None:
    for word in ("add", "remove"):
        answer = shared_api.request("GET", f"/suppressions/batch/{word}")
        expect_refusal(answer, 405, "method_not_allowed")


def test_a_post_without_a_body_is_refused_and_not_an_error_of_ours(shared_api: RunningApi) -> None:
    for path in ("", "/batch/add", "/batch/remove"):
        expect_refusal(shared_api.request("POST", f"/suppressions{path}", b""), 400, "validation_error")


def test_an_address_in_a_path_is_not_logged(shared_api: RunningApi) -> None:
    told: list[str] = []
    handler = logger.add(lambda message: told.append(f"{message.record['message']} {message.record['extra']}"), level=0)
    try:
        for address in (ONE, '"a b"@example.com', "x%40example.com"):
            shared_api.request("GET", f"/suppressions/{quote(address)}")
    finally:
        logger.remove(handler)
    [*lines] = [line for line in told if line.startswith("request.answered")]
    assert len(lines) == 3
    assert not any("example.com" in line for line in told)
    assert all("/suppressions/{id_or_email" in line for line in lines)
