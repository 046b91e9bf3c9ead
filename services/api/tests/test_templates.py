import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import RunningApi
from postroom_database.models import Template, TemplateVersion
from postroom_database.repositories import templates
from postroom_domain.ids import parse_id
from postroom_domain.limits import MAX_TEMPLATE_BYTES
from postroom_domain.template_variables import RESERVED

TEMPLATE = {
    "name": "Order confirmation",
    "alias": "order-confirmation",
    "from": "Shop <orders@example.com>",
    "subject": "Your order {{{ORDER}}}",
    "reply_to": "help@example.com",
    "html": "<p>{{{PRODUCT}}} is on its way.</p>",
    "text": "{{{PRODUCT}}} is on its way.",
    "variables": [
        {"key": "ORDER", "type": "number"},
        {"key": "PRODUCT", "type": "string", "fallback_value": "It"},
    ],
}
SMALL = {"name": "small", "html": "<p>Hi</p>"}


def create(api: RunningApi, body: Any = SMALL, **changes: Any) -> str:
    answer = api.request("POST", "/templates", body | changes)
    assert answer.status == 201, answer
    assert answer.json() == {"object": "template", "id": answer.json()["id"]}
    return str(answer.json()["id"])


def read(api: RunningApi, template: str) -> Any:
    answer = api.request("GET", f"/templates/{template}")
    assert answer.status == 200, answer
    return answer.json()


def change(api: RunningApi, template: str, **changes: Any) -> None:
    assert api.request("PATCH", f"/templates/{template}", changes).status == 200


def stored(api: RunningApi) -> tuple[int, int]:
    """How many templates and versions there are."""
    with api.database.read() as connection:
        return (
            connection.execute(select(func.count()).select_from(Template)).scalar_one(),
            connection.execute(select(func.count()).select_from(TemplateVersion)).scalar_one(),
        )


def test_a_template_is_made_and_read_by_its_id_and_its_alias(api: RunningApi) -> None:
    template_id = create(api, TEMPLATE)
    shown = read(api, template_id)
    assert read(api, "order-confirmation") == read(api, template_id.upper()) == shown
    made = shown["variables"][0]["created_at"]
    assert shown == TEMPLATE | {
        "object": "template",
        "id": template_id,
        "current_version_id": shown["current_version_id"],
        "status": "draft",
        "published_at": None,
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
        "has_unpublished_versions": True,
        "reply_to": ["help@example.com"],
        "variables": [
            {"key": "ORDER", "type": "number", "fallback_value": None, "created_at": made, "updated_at": made},
            {"key": "PRODUCT", "type": "string", "fallback_value": "It", "created_at": made, "updated_at": made},
        ],
    }


def test_what_is_not_given_is_null(api: RunningApi) -> None:
    shown = read(api, create(api))
    assert [shown[name] for name in ("alias", "from", "subject", "reply_to", "text")] == [None] * 5
    assert shown["variables"] == []
    empty = create(api, SMALL, alias="", reply_to=[], variables=None, **{"from": ""}, text="", subject="")
    shown = read(api, empty)
    assert [shown[name] for name in ("alias", "from", "reply_to", "text", "subject")] == [None, None, None, "", ""]


def test_a_draft_is_edited_and_published(api: RunningApi) -> None:
    template_id = create(api)
    first = read(api, template_id)["current_version_id"]
    change(api, template_id, id="ignored", html="<p>Two</p>", alias="two")
    shown = read(api, "two")
    assert (shown["name"], shown["html"], shown["status"]) == ("small", "<p>Two</p>", "draft")
    assert shown["current_version_id"] != first
    published = api.request("POST", "/templates/two/publish", b"")
    assert (published.status, published.json()) == (200, {"object": "template", "id": template_id})
    shown = read(api, template_id)
    assert (shown["status"], shown["has_unpublished_versions"]) == ("published", False)
    assert shown["published_at"] >= shown["created_at"]
    change(api, template_id, name="Renamed")
    assert read(api, template_id)["has_unpublished_versions"] is False
    change(api, template_id, html="<p>Three</p>")
    shown = read(api, template_id)
    assert (shown["name"], shown["status"], shown["has_unpublished_versions"]) == ("Renamed", "published", True)
    assert api.request("POST", f"/templates/{template_id}/publish", {}).status == 200
    assert read(api, template_id)["has_unpublished_versions"] is False
    assert stored(api) == (1, 2)


def test_null_empties_what_can_be_empty(api: RunningApi) -> None:
    template_id = create(api, TEMPLATE)
    change(api, template_id, alias=None, reply_to=None, text=None, subject=None, **{"from": None})
    shown = read(api, template_id)
    assert [shown[name] for name in ("alias", "from", "subject", "reply_to", "text")] == [None] * 5
    assert (shown["html"], len(shown["variables"])) == (TEMPLATE["html"], 2)
    for field in ("name", "html"):
        refused = api.request("PATCH", f"/templates/{template_id}", {field: None})
        assert expect_refusal(refused, 422, "missing_required_field") == f"Missing `{field}` field."


def test_an_edit_is_checked_as_a_whole(api: RunningApi) -> None:
    template_id = create(api, TEMPLATE)
    before = read(api, template_id)
    wrong: list[dict[str, Any]] = [
        {"variables": []},
        {"html": "{{{OTHER}}}"},
        {"variables": before["variables"][:1]},
    ]
    for changes in wrong:
        answer = api.request("PATCH", f"/templates/{template_id}", changes)
        assert "not defined in the variables list" in expect_refusal(answer, 422, "validation_error")
    assert read(api, template_id) == before
    change(api, template_id, html="{{{OTHER}}}", variables=[*before["variables"], {"key": "OTHER", "type": "string"}])
    assert len(read(api, template_id)["variables"]) == 3


def test_a_duplicate_is_a_draft_of_its_own(api: RunningApi) -> None:
    template_id = create(api, TEMPLATE)
    api.request("POST", f"/templates/{template_id}/publish")
    change(api, template_id, subject="Edited {{{ORDER}}}")
    answer = api.request("POST", "/templates/order-confirmation/duplicate", b"")
    assert answer.status == 200
    copy = read(api, answer.json()["id"])
    assert answer.json() == {"object": "template", "id": copy["id"]}
    assert copy["id"] != template_id
    assert (copy["name"], copy["alias"], copy["status"]) == (TEMPLATE["name"], None, "draft")
    assert copy["subject"] == "Edited {{{ORDER}}}"
    change(api, copy["id"], html="<p>other</p>")
    assert read(api, template_id)["html"] == TEMPLATE["html"]


def test_a_template_is_removed(api: RunningApi) -> None:
    template_id = create(api, TEMPLATE)
    api.request("POST", f"/templates/{template_id}/publish")
    change(api, template_id, html="<p>two</p>")
    answer = api.request("DELETE", "/templates/order-confirmation", {})
    assert (answer.status, answer.json()) == (200, {"object": "template", "id": template_id, "deleted": True})
    assert stored(api) == (0, 0)
    assert expect_refusal(api.request("GET", f"/templates/{template_id}"), 404, "not_found") == "Template not found."
    create(api, TEMPLATE)  # its alias is free


def test_templates_are_listed_in_pages(api: RunningApi) -> None:
    ids = [create(api, SMALL, name=f"n{number}", alias=f"a{number}") for number in range(25)][::-1]
    api.request("POST", f"/templates/{ids[0]}/publish")
    first = api.request("GET", "/templates", {}).json()
    assert [item["id"] for item in first["data"]] == ids[:20]
    assert (first["object"], first["has_more"]) == ("list", True)
    shown = first["data"][0]
    details = read(api, ids[0])
    assert shown == {name: details[name] for name in shown}
    assert set(shown) == {"id", "name", "alias", "status", "published_at", "created_at", "updated_at"}
    rest = api.request("GET", f"/templates?after={ids[19]}").json()
    assert ([item["id"] for item in rest["data"]], rest["has_more"]) == (ids[20:], False)
    back = api.request("GET", f"/templates?before={ids[20]}&limit=3").json()
    assert ([item["id"] for item in back["data"]], back["has_more"]) == (ids[17:20], True)
    expect_refusal(api.request("GET", "/templates?limit=0"), 422, "validation_error")


def variable(**changes: Any) -> dict[str, Any]:
    return {"variables": [{"key": "A", "type": "string"} | changes]}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": "n" * 256}, "`name`"),
    ({"name": "a\nb"}, "`name`"),
    ({"name": 7}, "`name`"),
    ({"html": 7}, "`html`"),
    ({"html": "x" * (MAX_TEMPLATE_BYTES + 1)}, "`html`"),
    ({"html": "é" * (MAX_TEMPLATE_BYTES // 2), "text": "x"}, "1 MB"),
    ({"html": "{{{NAME}}}"}, "Variable 'NAME' is used in the template but not defined in the variables list."),
    ({"html": "{{{contact.first_name}}}"}, "`html`"),
    ({"text": "{{{FIRST_NAME}}}"}, "reserved"),
    ({"subject": "{{{#if A}}}"}, "`subject`"),
    ({"subject": "s" * 2001}, "`subject`"),
    ({"subject": "a\nb"}, "`subject`"),
    ({"subject": "{{{A}}}\n", **variable()}, "`subject`"),
    ({"from": "nobody"}, "`from`"),
    ({"from": "a@example.com\r\nBcc: b@example.com"}, "`from`"),
    ({"from": "{{{A}}}\r\nBcc: b@example.com", **variable()}, "`from`"),
    ({"from": "{{{A}}}" * 200, **variable()}, "`from`"),
    ({"reply_to": ["a@example.com", "nobody"]}, "`reply_to`"),
    ({"reply_to": ["a@example.com"] * 51}, "`reply_to`"),
    ({"reply_to": [7]}, "`reply_to"),
    ({"alias": "a b"}, "`alias`"),
    ({"alias": "a" * 101}, "`alias`"),
    ({"alias": "../emails"}, "`alias`"),
    ({"alias": str(uuid4())}, "`alias`"),
    ({"variables": {}}, "`variables`"),
    ({"variables": ["A"]}, "`variables"),
    ({"variables": [{"key": f"K{n}", "type": "string"} for n in range(51)]}, "`variables`"),
    ({"variables": [{"key": "A", "type": "string"}, {"key": "A", "type": "number"}]}, "`variables[1].key`"),
    (variable(key="a-b"), "`variables[0].key`"),
    (variable(key="k" * 51), "`variables[0].key`"),
    *((variable(key=key), "`variables[0].key`") for key in sorted(RESERVED)),
    (variable(type="text"), "`variables[0].type`"),
    (variable(type="object", fallback_value={"a": 1}), "`variables[0].type`"),
    (variable(type="list", fallback_value=[1]), "not supported"),
    (variable(fallback_value=7), "`variables[0].fallback_value`"),
    (variable(fallbackValue=7), "`variables[0].fallback_value`"),
    (variable(fallback_value="x" * 2001), "`variables[0].fallback_value`"),
    (variable(type="number", fallback_value="7"), "`variables[0].fallback_value`"),
    (variable(type="number", fallback_value=2**53), "`variables[0].fallback_value`"),
    (variable(type="number", fallback_value=True), "`variables[0].fallback_value`"),
    (variable(type="boolean", fallback_value=1), "`variables[0].fallback_value`"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused(shared_api: RunningApi, changes: dict[str, Any], said: str) -> None:
    before = stored(shared_api)
    for method, path, body in (("POST", "/templates", SMALL), ("PATCH", f"/templates/{create(shared_api)}", {})):
        message = expect_refusal(shared_api.request(method, path, body | changes), 422, "validation_error")
        assert said in message
    assert stored(shared_api) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"html": "x"}, "name"),
        ({"html": "x", "name": ""}, "name"),
        ({"name": "n"}, "html"),
        ({"name": "n", "html": ""}, "html"),
        ({"name": "n", "text": "only text"}, "html"),
        (SMALL | {"variables": [{"type": "string"}]}, "variables[0].key"),
        (SMALL | {"variables": [{"key": "A"}]}, "variables[0].type"),
    ],
)
def test_what_is_missing_is_named(shared_api: RunningApi, body: dict[str, Any], field: str) -> None:
    message = expect_refusal(shared_api.request("POST", "/templates", body), 422, "missing_required_field")
    assert message == f"Missing `{field}` field."


def test_the_largest_template_is_kept(api: RunningApi) -> None:
    html, text = "é" * (MAX_TEMPLATE_BYTES // 2 - 500), "'\\\"" * 333
    template_id = create(api, SMALL, html=html, text=text)
    shown = read(api, template_id)
    assert (shown["html"], shown["text"]) == (html, text)


def test_an_alias_is_one_templates(api: RunningApi) -> None:
    create(api, TEMPLATE)
    other = create(api)
    for method, path in (("POST", "/templates"), ("PATCH", f"/templates/{other}")):
        answer = api.request(method, path, SMALL | {"alias": TEMPLATE["alias"]})
        assert "`alias`" in expect_refusal(answer, 422, "validation_error")
    change(api, "order-confirmation", alias="order-confirmation")
    change(api, "order-confirmation", alias="moved")
    change(api, other, alias="order-confirmation")
    assert read(api, "order-confirmation")["id"] == other


def test_what_is_not_there_and_what_is_another_workspaces_look_alike(api: RunningApi) -> None:
    _, token = api.add_workspace("other")
    theirs = api.request("POST", "/templates", TEMPLATE, token=token).json()["id"]
    for name in (theirs, "order-confirmation", str(uuid4()), "nothing", "a%20b", "%F0%9F%8E%89", "x" * 300, "%00"):
        for method, path, body in (
            ("GET", "", {}),
            ("PATCH", "", {"name": "mine"}),
            ("DELETE", "", {}),
            ("POST", "/publish", b""),
            ("POST", "/duplicate", b""),
            ("POST", "/preview", {}),
            ("POST", "/preview", {"version": "published"}),
        ):
            answer = api.request(method, f"/templates/{name}{path}", body)
            assert expect_refusal(answer, 404, "not_found") == "Template not found."
    assert api.request("GET", "/templates").json()["data"] == []
    create(api, TEMPLATE)  # their alias is free here
    shown = api.request("GET", f"/templates/{theirs}", token=token).json()
    assert (shown["name"], shown["status"]) == (TEMPLATE["name"], "draft")


def test_a_sending_key_may_not_look_at_templates(api: RunningApi) -> None:
    template_id = create(api)
    made = api.request("POST", "/api-keys", {"name": "k", "permission": "sending_access"}).json()
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{template_id}"), ("POST", f"/{template_id}/publish")):
        answer = api.request(method, f"/templates{path}", SMALL, token=made["token"])
        expect_refusal(answer, 401, "restricted_api_key")


def test_a_preview_shows_the_draft_or_what_is_published(api: RunningApi) -> None:
    template_id = create(api, TEMPLATE)
    draft = api.request("POST", "/templates/order-confirmation/preview", {"variables": {"ORDER": 7, "PRODUCT": "<b>"}})
    assert draft.json() == {
        "object": "template_preview",
        "from": "Shop <orders@example.com>",
        "subject": "Your order 7",
        "reply_to": ["help@example.com"],
        "html": "<p><b> is on its way.</p>",
        "text": "<b> is on its way.",
    }
    asked = {"variables": {"ORDER": 8}, "version": "published"}
    refused = api.request("POST", f"/templates/{template_id}/preview", asked)
    assert f"`POST /templates/{template_id}/publish`" in expect_refusal(refused, 422, "validation_error")
    api.request("POST", f"/templates/{template_id}/publish")
    change(api, template_id, subject="Edited")
    published = api.request("POST", f"/templates/{template_id}/preview", asked).json()
    assert (published["subject"], published["html"]) == ("Your order 8", "<p>It is on its way.</p>")
    assert api.request("POST", f"/templates/{template_id}/preview", asked | {"version": None}).json()["subject"] == (
        "Edited"
    )


def test_a_preview_needs_no_body_where_nothing_is_missing(api: RunningApi) -> None:
    template_id = create(api)
    shown = api.request("POST", f"/templates/{template_id}/preview", b"").json()
    assert shown == {
        "object": "template_preview",
        "from": None,
        "subject": None,
        "reply_to": None,
        "html": "<p>Hi</p>",
        "text": None,
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "`ORDER`"),
        ({"variables": {"ORDER": "7"}}, "`variables.ORDER`"),
        ({"variables": {"ORDER": 7, "PRODUCT": 1}}, "`variables.PRODUCT`"),
        ({"variables": ["ORDER"]}, "`variables`"),
        ({"variables": {"ORDER": 7}, "version": "latest"}, "`version`"),
        ({"variables": {"ORDER": 7, "PRODUCT": "\n"}}, "`from`"),
    ],
)
def test_a_preview_refuses_what_sending_would(shared_api: RunningApi, body: dict[str, Any], said: str) -> None:
    template_id = create(shared_api, TEMPLATE, alias=None, **{"from": "{{{PRODUCT}}} <a@example.com>"})
    answer = shared_api.request("POST", f"/templates/{template_id}/preview", body)
    assert said in expect_refusal(answer, 422, "validation_error")


def test_edits_at_once_lose_nothing_of_each_other(mariadb_url: str, redis_url: str) -> None:
    """Two processes edit different fields of one template, while one publishes, and one edits by the alias."""
    rounds = 12
    fields = ("html", "text", "subject", "from")
    with RunningApi(mariadb_url, redis_url) as one, RunningApi(mariadb_url, redis_url, workspace="two") as two:
        template_id = create(one, SMALL, alias="raced")
        together = threading.Barrier(len(fields) + 1)

        def run(number: int) -> list[int]:
            api = (one, two)[number % 2]
            name = template_id if number % 3 else "raced"
            statuses = []
            for value in range(rounds):
                together.wait(30)
                if number == len(fields):
                    path, method, body = f"/templates/{name}/publish", "POST", {}
                else:
                    text = f"v{value}@example.com"
                    path, method, body = f"/templates/{name}", "PATCH", {fields[number]: text}
                statuses.append(api.request(method, path, body, token=one.token).status)
            return statuses

        with ThreadPoolExecutor(len(fields) + 1) as pool:
            answered = list(pool.map(run, range(len(fields) + 1)))
        assert {status for statuses in answered for status in statuses} == {200}
        shown = read(one, template_id)
        assert [shown[field] for field in fields] == [f"v{rounds - 1}@example.com"] * len(fields)
        assert one.request("POST", f"/templates/{template_id}/publish").status == 200
        published = one.request("POST", f"/templates/{template_id}/preview", {"version": "published"}).json()
        assert [published[field] for field in fields] == [f"v{rounds - 1}@example.com"] * len(fields)
        count, versions = stored(one)
        assert count == 1
        assert 2 <= versions <= rounds + 1, "each published version, and nothing else"


def test_of_two_templates_with_one_alias_at_once_one_is_made(mariadb_url: str, redis_url: str) -> None:
    with RunningApi(mariadb_url, redis_url) as one, RunningApi(mariadb_url, redis_url, workspace="two") as two:
        together = threading.Barrier(8)

        def run(number: int) -> list[int]:
            statuses = []
            for attempt in range(5):
                together.wait(30)
                body = SMALL | {"alias": f"taken-{attempt}"}
                statuses.append((one, two)[number % 2].request("POST", "/templates", body, token=one.token).status)
            return statuses

        with ThreadPoolExecutor(8) as pool:
            answered = list(pool.map(run, range(8)))
        for statuses in zip(*answered, strict=True):
            assert sorted(statuses) == [201] + [422] * 7
        assert stored(one) == (5, 5)


@contextmanager
def held(api: RunningApi, template_id: str) -> Iterator[None]:
    """Somebody else changes the template and takes long."""
    identity = parse_id(template_id)
    assert identity is not None
    with api.database.begin() as connection:
        assert templates.lock(connection, api.workspace_id, identity) is not None
        yield


def test_an_edit_waits_for_another_one(mariadb_api: RunningApi) -> None:
    """Longer than the database lets a transaction wait: the edit is begun again."""
    template_id = create(mariadb_api)
    with ThreadPoolExecutor(1) as pool:
        with held(mariadb_api, template_id):
            running = pool.submit(change, mariadb_api, template_id, subject="Edited")
            time.sleep(1.5)  # the fixture's transactions wait for one second
            assert not running.done()
        running.result(10)
    assert read(mariadb_api, template_id)["subject"] == "Edited"


def test_an_edit_that_waits_too_long_may_be_repeated(mariadb_api: RunningApi) -> None:
    template_id = create(mariadb_api)
    with held(mariadb_api, template_id):
        for method, path in (("PATCH", ""), ("POST", "/publish"), ("DELETE", "")):
            answer = mariadb_api.request(method, f"/templates/{template_id}{path}", {"subject": "Edited"})
            expect_refusal(answer, 503, "service_unavailable")
            assert answer.headers["retry-after"]
        assert read(mariadb_api, template_id)["subject"] is None
    change(mariadb_api, template_id, subject="Edited")
