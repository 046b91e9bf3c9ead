"""Emails that are sent with a template."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from postroom_api_testing.exchange import Answer
from postroom_api_testing.refusals import expect_refusal, rows
from postroom_api_testing.running import MAIL, TERMS, RunningApi

TEMPLATE = {
    "name": "Order confirmation",
    "alias": "order",
    "from": "{{{SHOP}}} <orders@example.com>",
    "subject": "Your order {{{ORDER}}}",
    "reply_to": ["help+{{{ORDER}}}@example.com"],
    "html": "<p>{{{PRODUCT}}}, {{{ORDER}}}, {{{PAID}}}</p>",
    "text": "{{{ PRODUCT }}}",
    "variables": [
        {"key": "SHOP", "type": "string", "fallback_value": "Shop"},
        {"key": "ORDER", "type": "number"},
        {"key": "PRODUCT", "type": "string"},
        {"key": "PAID", "type": "boolean", "fallback_value": False},
    ],
}
VALUES = {"ORDER": 7, "PRODUCT": "Tea"}
ASKED = {"to": "to@example.com", "template": {"id": "order", "variables": VALUES}}
PLAIN = {"name": "plain", "from": "a@example.com", "subject": "Hi", "html": "<p>Hi</p>"}


def publish(api: RunningApi, body: Any = TEMPLATE, **changes: Any) -> str:
    made = api.request("POST", "/templates", body | changes)
    assert made.status == 201, made
    template_id = str(made.json()["id"])
    assert api.request("POST", f"/templates/{template_id}/publish").status == 200
    return template_id


def asked(**values: Any) -> dict[str, Any]:
    return ASKED | {"template": {"id": "order", "variables": VALUES | values}}


def sent(api: RunningApi, body: Any = ASKED, **options: Any) -> Any:
    answer = api.send(body, **options)
    assert answer.status == 200, answer
    return api.request("GET", f"/emails/{answer.json()['id']}").json()


def batch(api: RunningApi, body: Any, mode: str = "strict", **headers: str) -> Answer:
    return api.request("POST", "/emails/batch", body, headers={"x-batch-validation": mode} | headers)


def test_an_email_says_what_the_template_says(api: RunningApi) -> None:
    template_id = publish(api)
    for reference in ("order", template_id, template_id.upper()):
        shown = sent(api, ASKED | {"template": {"id": reference, "variables": VALUES}})
        assert shown["from"] == "Shop <orders@example.com>"
        assert shown["subject"] == "Your order 7"
        assert shown["reply_to"] == ["help+7@example.com"]
        assert (shown["html"], shown["text"]) == ("<p>Tea, 7, false</p>", "Tea")


def test_what_the_email_says_itself_wins(api: RunningApi) -> None:
    publish(api)
    own = {"from": "Own <own@example.com>", "subject": "Own", "reply_to": "own-reply@example.com"}
    shown = sent(api, asked(PAID=True) | own | {"html": None, "text": ""})
    assert shown["from"] == own["from"]
    assert (shown["subject"], shown["reply_to"]) == ("Own", ["own-reply@example.com"])
    assert (shown["html"], shown["text"]) == ("<p>Tea, 7, true</p>", "Tea")
    assert sent(api, ASKED | {"subject": ""})["subject"] == ""


def test_a_value_is_never_looked_at_again(api: RunningApi) -> None:
    publish(api)
    value = "{{{ORDER}}} {{{SHOP}}} <b>&amp;</b> \\1 $1"
    shown = sent(api, asked(PRODUCT=value))
    assert (shown["html"], shown["text"]) == (f"<p>{value}, 7, false</p>", value)


def test_a_template_without_text_leaves_it_to_the_html(api: RunningApi) -> None:
    publish(api, PLAIN, alias="order")
    assert sent(api)["text"] is None
    api.request("PATCH", "/templates/order", {"text": ""})
    api.request("POST", "/templates/order/publish")
    assert sent(api)["text"] == ""


def test_only_what_is_published_is_sent(api: RunningApi) -> None:
    template_id = api.request("POST", "/templates", TEMPLATE).json()["id"]
    message = expect_refusal(api.send(ASKED), 422, "validation_error")
    assert f"`POST /templates/{template_id}/publish`" in message
    api.request("POST", "/templates/order/publish")
    api.request("PATCH", "/templates/order", {"text": "edited"})
    assert sent(api)["text"] == "Tea"
    api.request("POST", "/templates/order/publish")
    assert sent(api)["text"] == "edited"


def test_every_process_sends_what_was_published_a_moment_ago(mariadb_url: str, redis_url: str) -> None:
    with RunningApi(mariadb_url, redis_url) as one, RunningApi(mariadb_url, redis_url, workspace="two") as two:
        template_id = publish(one, PLAIN, alias="order")
        for number in range(10):
            one.request("PATCH", f"/templates/{template_id}", {"text": f"version {number}"})
            one.request("POST", f"/templates/{template_id}/publish")
            for api in (two, one):
                answer = api.send(ASKED, token=one.token)
                shown = api.request("GET", f"/emails/{answer.json()['id']}", token=one.token)
                assert shown.json()["text"] == f"version {number}"


@pytest.fixture(scope="module")
def templated(shared_api: RunningApi) -> RunningApi:
    publish(shared_api)
    publish(shared_api, PLAIN, alias="bare", subject=None, **{"from": None})
    publish(
        shared_api,
        PLAIN,
        alias="open",
        subject="{{{A}}}",
        **{"from": "{{{B}}}"},
        variables=[{"key": key, "type": "string", "fallback_value": "a@example.com"} for key in "AB"],
    )
    return shared_api


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (ASKED | {"template": {}}, "missing_required_field", "Missing `template.id` field."),
    (ASKED | {"template": {"id": ""}}, "missing_required_field", "Missing `template.id` field."),
    (ASKED | {"template": {"id": "nothing"}}, "validation_error", "`template.id`"),
    (ASKED | {"template": {"id": "a b\x00" * 99}}, "validation_error", "`template.id`"),
    (ASKED | {"template": {"id": str(uuid4())}}, "validation_error", "`template.id`"),
    (ASKED | {"template": {"id": 7}}, "validation_error", "`template.id`"),
    (ASKED | {"template": "order"}, "validation_error", "`template`"),
    (ASKED | {"template": {"id": "order", "variables": []}}, "validation_error", "`template.variables`"),
    (ASKED | {"html": "<p>too</p>"}, "validation_error", "`template`"),
    (ASKED | {"text": "too"}, "validation_error", "`template`"),
    (ASKED | {"topic_id": "t"}, "validation_error", "`topic_id`"),
    (ASKED | {"template": {"id": "order"}}, "validation_error", "`ORDER`, `PRODUCT`"),
    (asked(ORDER=None), "validation_error", "`template.variables` field. There is neither"),
    (asked(ORDER="7"), "validation_error", "`template.variables.ORDER`"),
    (asked(ORDER=True), "validation_error", "`template.variables.ORDER`"),
    (asked(ORDER=2**53), "validation_error", "`template.variables.ORDER`"),
    (asked(PRODUCT=7), "validation_error", "`template.variables.PRODUCT`"),
    (asked(PRODUCT={"a": 1}), "validation_error", "`template.variables.PRODUCT`"),
    (asked(PRODUCT=["a"]), "validation_error", "`template.variables.PRODUCT`"),
    (asked(PRODUCT="x" * 2001), "validation_error", "`template.variables.PRODUCT`"),
    (asked(PAID="true"), "validation_error", "`template.variables.PAID`"),
    (asked(SHOP="a\r\nBcc: b@example.com"), "validation_error", "`from`"),
    (asked(SHOP="a\x00"), "validation_error", "`from`"),
    (asked(ORDER=7.5) | {"reply_to": "nobody"}, "validation_error", "`reply_to`"),
    (ASKED | {"template": {"id": "bare"}}, "missing_required_field", "Missing `from` field."),
    (
        ASKED | {"template": {"id": "bare"}, "from": "a@example.com"},
        "missing_required_field",
        "Missing `subject` field.",
    ),
]
OPEN: list[tuple[dict[str, str], str]] = [
    ({"A": "a\r\nBcc: b@example.com"}, "`subject`"),
    ({"A": "a\x85b"}, "`subject`"),
    ({"A": "s" * 2000 + "s"}, "`template.variables.A`"),
    ({"B": "a@example.com\r\nBcc: b@example.com"}, "`from`"),
    ({"B": "a@example.com, b@example.com"}, "`from`"),
    ({"B": "nobody"}, "`from`"),
    ({"B": ""}, "Missing `from` field."),
]


@pytest.mark.parametrize(("body", "name", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused(templated: RunningApi, body: dict[str, Any], name: str, said: str) -> None:
    before = rows(templated)
    assert said in expect_refusal(templated.send(body, headers={"idempotency-key": "refused"}), 422, name)
    message = expect_refusal(batch(templated, [MAIL, body]), 422, name)
    assert message.startswith("Email 1 of the batch: ")
    assert said in message
    assert rows(templated) == before


@pytest.mark.parametrize(("values", "said"), OPEN)
def test_no_value_injects_a_header(templated: RunningApi, values: dict[str, str], said: str) -> None:
    before = rows(templated)
    answer = templated.send(ASKED | {"template": {"id": "open", "variables": values}})
    assert said in expect_refusal(answer, 422, answer.json()["name"])
    assert rows(templated) == before


def test_a_template_of_another_workspace_is_not_there(api: RunningApi) -> None:
    _, token = api.add_workspace("other")
    theirs = api.request("POST", "/templates", TEMPLATE, token=token).json()["id"]
    api.request("POST", f"/templates/{theirs}/publish", token=token)
    unknown = api.send(ASKED | {"template": {"id": str(uuid4()), "variables": VALUES}})
    for reference in (theirs, "order"):
        answer = api.send(ASKED | {"template": {"id": reference, "variables": VALUES}})
        assert answer.body == unknown.body
    assert "`template.id`" in expect_refusal(unknown, 422, "validation_error")


def test_the_sender_that_a_value_makes_must_be_verified(mariadb_url: str, redis_url: str) -> None:
    with RunningApi(mariadb_url, redis_url, terms=replace(TERMS, verified_only=True)) as api:
        publish(
            api,
            PLAIN,
            alias="order",
            **{"from": "a@{{{DOMAIN}}}"},
            variables=[{"key": "DOMAIN", "type": "string"}],
        )
        body = ASKED | {"template": {"id": "order", "variables": {"DOMAIN": "foreign.example.com"}}}
        assert "foreign.example.com domain is not verified" in expect_refusal(api.send(body), 403, "validation_error")


def count_reads(api: RunningApi) -> list[str]:
    """The statements about templates from now on."""
    read: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "template" in statement:
            read.append(statement)

    event.listen(api.database.engine, "before_cursor_execute", note)
    return read


def test_a_batch_reads_each_template_once(api: RunningApi) -> None:
    publish(api)
    publish(api, PLAIN, alias="plain")
    read = count_reads(api)
    body = [asked(PRODUCT=f"p{number}") for number in range(50)]
    body += [ASKED | {"template": {"id": "plain"}}] * 49
    answer = batch(api, [*body, MAIL])
    assert answer.status == 200
    assert len(read) == 2
    subjects = [api.request("GET", f"/emails/{item['id']}").json() for item in answer.json()["data"]]
    assert [shown["text"] for shown in subjects[:50]] == [f"p{number}" for number in range(50)]
    assert {shown["subject"] for shown in subjects[50:]} == {"Hi", MAIL["subject"]}


def test_an_email_without_a_template_reads_none(api: RunningApi) -> None:
    read = count_reads(api)
    assert api.send().status == batch(api, [MAIL, MAIL | {"template": None}]).status == 200
    assert read == []


def test_a_permissive_batch_refuses_only_what_cannot_be_made(api: RunningApi) -> None:
    publish(api)
    body = [ASKED, asked(ORDER="7"), ASKED | {"template": {"id": "gone"}}, ASKED | {"template": {"id": "gone"}}, MAIL]
    answer = batch(api, body, "permissive").json()
    assert len(answer["data"]) == 2
    assert [error["index"] for error in answer["errors"]] == [1, 2, 3]
    assert "`template.variables.ORDER`" in answer["errors"][0]["message"]
    assert "`template.id`" in answer["errors"][2]["message"]


def test_a_small_request_cannot_make_a_large_email(api: RunningApi) -> None:
    """A megabyte of placeholders, with values of eight kilobytes each, would be more than a gigabyte."""
    publish(
        api,
        PLAIN,
        alias="order",
        html="{{{A}}}" * 140_000,
        variables=[{"key": "A", "type": "string", "fallback_value": ""}],
    )
    values = {"A": "\N{PARTY POPPER}" * 2000}
    body = ASKED | {"template": {"id": "order", "variables": values}}
    assert "`template`" in expect_refusal(api.send(body), 422, "validation_error")
    preview = api.request("POST", "/templates/order/preview", {"variables": values})
    assert "`template`" in expect_refusal(preview, 422, "validation_error")
    values["A"] = "x" * 50  # 7 MB each: too many in a hundred
    assert "64 MB" in expect_refusal(batch(api, [body] * 100), 422, "validation_error")
    assert rows(api) == (0, 0)
    permissive = batch(api, [body] * 12, "permissive").json()
    assert len(permissive["data"]) == 9
    assert [error["index"] for error in permissive["errors"]] == [9, 10, 11]


CHANGES = ("deleted", "renamed", "emptied")


def spoil(api: RunningApi, template_id: str, how: str) -> None:
    path = f"/templates/{template_id}"
    if how == "deleted":
        assert api.request("DELETE", path).status == 200
    elif how == "renamed":
        assert api.request("PATCH", path, {"alias": None}).status == 200
    else:
        more = [*TEMPLATE["variables"], {"key": "NEW", "type": "string"}]
        assert api.request("PATCH", path, {"variables": more, "html": "{{{NEW}}}"}).status == 200
        assert api.request("POST", f"{path}/publish").status == 200


@pytest.mark.parametrize("how", CHANGES)
def test_a_repeated_email_gets_the_first_answer_whatever_became_of_its_template(api: RunningApi, how: str) -> None:
    template_id = publish(api)
    first = api.send(ASKED, headers={"idempotency-key": "k"})
    spoil(api, template_id, how)
    again = api.send(ASKED, headers={"idempotency-key": "k"})
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["content-type"] == "application/json"
    assert rows(api) == (1, 1)
    others: list[tuple[dict[str, str], Any]] = [
        ({"idempotency-key": "other"}, ASKED),
        ({"idempotency-key": "k"}, asked(ORDER=8)),
        ({}, ASKED),
    ]
    for headers, body in others:
        expect_refusal(api.send(body, headers=headers), 422, "validation_error")


@pytest.mark.parametrize("mode", ["strict", "permissive"])
@pytest.mark.parametrize("how", CHANGES)
def test_a_repeated_batch_gets_the_first_answer_too(api: RunningApi, how: str, mode: str) -> None:
    template_id = publish(api)
    for key, body in (("all", [ASKED, asked(ORDER=8)]), ("some", [ASKED, MAIL])):
        first = batch(api, body, mode, **{"idempotency-key": key})
        assert len(first.json()["data"]) == 2
    stored = rows(api)
    spoil(api, template_id, how)
    for key, body in (("all", [ASKED, asked(ORDER=8)]), ("some", [ASKED, MAIL])):
        again = batch(api, body, mode, **{"idempotency-key": key})
        assert again.status == 200
        assert len(again.json()["data"]) == 2
        assert again.json().get("errors", []) == []
    assert rows(api) == stored
    # In the other mode it is another request.
    other = batch(api, [ASKED], "permissive" if mode == "strict" else "strict", **{"idempotency-key": "all"})
    assert other.status == (200 if mode == "strict" else 422)
    assert other.json().get("data", []) == []


def test_a_repeated_email_keeps_what_the_template_said_first(api: RunningApi) -> None:
    template_id = publish(api)
    first = sent(api, headers={"idempotency-key": "k"})
    api.request("PATCH", f"/templates/{template_id}", {"subject": "Edited"})
    api.request("POST", f"/templates/{template_id}/publish")
    assert sent(api, headers={"idempotency-key": "k"}) == first
    assert sent(api)["subject"] == "Edited"


def test_a_refused_template_does_not_use_up_its_key(api: RunningApi) -> None:
    expect_refusal(api.send(ASKED, headers={"idempotency-key": "k"}), 422, "validation_error")
    refused = batch(api, [ASKED], "permissive", **{"idempotency-key": "b"}).json()
    assert refused["data"] == []
    publish(api)
    assert api.send(ASKED, headers={"idempotency-key": "k"}).status == 200
    assert len(batch(api, [ASKED], "permissive", **{"idempotency-key": "b"}).json()["data"]) == 1
