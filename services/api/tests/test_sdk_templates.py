"""Templates through the PyPI SDK."""

from typing import Any

import pytest
import resend

from postroom_api_testing.proofs import proves
from postroom_api_testing.running import RunningApi

TEMPLATE = {
    "name": "order-confirmation",
    "from": "Shop <orders@example.com>",
    "subject": "Your order {{{ORDER}}}",
    "reply_to": "help@example.com",
    "html": "<p>{{{PRODUCT}}}</p>",
    "variables": [
        {"key": "ORDER", "type": "number"},
        {"key": "PRODUCT", "type": "string", "fallback_value": "item"},
    ],
}


@pytest.fixture(autouse=True)
def sdk(shared_api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{shared_api.port}")
    monkeypatch.setattr(resend, "api_key", shared_api.token)


def create(**changes: Any) -> str:
    made = resend.Templates.create(TEMPLATE | changes)  # type: ignore[arg-type]  # a plain dict
    assert made["object"] == "template"
    return str(made["id"])


@proves("POST /templates", "GET /templates/{id}")
def test_a_template_is_made_and_read() -> None:
    template_id = create(alias="made")
    for reference in (template_id, "made"):
        found = resend.Templates.get(reference)
        assert (found["object"], found["id"], found["status"]) == ("template", template_id, "draft")
        assert (found["from"], found["subject"], found["reply_to"]) == (
            TEMPLATE["from"],
            TEMPLATE["subject"],
            ["help@example.com"],
        )
        variables = [(one["key"], one["type"], one["fallback_value"]) for one in found["variables"]]
        assert variables == [("ORDER", "number", None), ("PRODUCT", "string", "item")]
    with pytest.raises(resend.exceptions.ValidationError, match="`alias`"):
        create(alias="made")
    with pytest.raises(resend.exceptions.MissingRequiredFieldsError, match="`html`"):
        create(html="")


@proves("GET /templates")
def test_templates_are_listed() -> None:
    ids = [create(name=f"n{number}") for number in range(3)][::-1]
    page = resend.Templates.list({"limit": 2})
    assert (page["object"], page["has_more"]) == ("list", True)
    assert [item["id"] for item in page["data"]] == ids[:2]
    assert (page["data"][0]["name"], page["data"][0]["published_at"]) == ("n2", None)
    assert resend.Templates.list({"after": ids[1]})["data"][0]["id"] == ids[2]


@proves("PATCH /templates/{id}")
def test_a_template_is_edited() -> None:
    template_id = create()
    changed = resend.Templates.update({"id": template_id, "name": "renamed", "html": "<p>{{{ORDER}}}</p>"})
    assert (changed["object"], changed["id"]) == ("template", template_id)
    found = resend.Templates.get(template_id)
    assert (found["name"], found["html"], found["subject"]) == ("renamed", "<p>{{{ORDER}}}</p>", TEMPLATE["subject"])


@proves("POST /templates/{id}/publish")
def test_a_template_is_published() -> None:
    template_id = create()
    published = resend.Templates.publish(template_id)
    assert (published["object"], published["id"]) == ("template", template_id)
    found = resend.Templates.get(template_id)
    assert found["status"] == "published"
    assert found["published_at"]


@proves("POST /templates/{id}/duplicate")
def test_a_template_is_duplicated() -> None:
    template_id = create()
    copied = resend.Templates.duplicate(template_id)
    assert copied["id"] != template_id
    assert resend.Templates.get(copied["id"])["html"] == TEMPLATE["html"]


@proves("DELETE /templates/{id}")
def test_a_template_is_removed() -> None:
    template_id = create(alias="short-lived")
    removed = resend.Templates.remove("short-lived")
    assert (removed["object"], removed["id"], removed["deleted"]) == ("template", template_id, True)
    with pytest.raises(resend.exceptions.ResendError) as refused:
        resend.Templates.get(template_id)
    assert (refused.value.code, refused.value.error_type) == (404, "not_found")


def test_emails_are_sent_with_a_template() -> None:
    create(alias="sent")
    body: Any = {"to": "to@example.com", "template": {"id": "sent", "variables": {"ORDER": 7, "PRODUCT": "Tea"}}}
    with pytest.raises(resend.exceptions.ValidationError, match="not published"):
        resend.Emails.send(body)
    resend.Templates.publish("sent")
    email = resend.Emails.get(resend.Emails.send(body, {"idempotency_key": "sdk-template"})["id"])
    assert (email["from"], email["subject"], email["html"]) == (
        TEMPLATE["from"],
        "Your order 7",
        "<p>Tea</p>",
    )
    with pytest.raises(resend.exceptions.ValidationError, match="`ORDER`"):
        resend.Emails.send(body | {"template": {"id": "sent"}})
    bad = body | {"template": {"id": "sent", "variables": {"ORDER": "7"}}}
    batch = resend.Batch.send([body, bad, body | {"subject": "Own"}], {"batch_validation": "permissive"})
    assert [error["index"] for error in batch["errors"]] == [1]
    subjects = [resend.Emails.get(item["id"])["subject"] for item in batch["data"]]
    assert subjects == ["Your order 7", "Own"]
