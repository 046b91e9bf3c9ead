"""The OpenAPI document says what the api does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import pytest
from litestar import Litestar
from msgspec import structs

from postroom_api.domain_request import CreateDomainRequest, UpdateDomainRequest
from postroom_api.edge import Edge
from postroom_api.email_request import AttachmentRequest, EmailRequest, RescheduleRequest, TemplateUseRequest
from postroom_api.schedule_request import SchedulePreviewRequest, ScheduleRequest
from postroom_api.suppression_request import (
    AddSuppressionRequest,
    AddSuppressionsRequest,
    RemoveSuppressionsRequest,
)
from postroom_api.template_request import PreviewRequest, TemplateRequest, VariableRequest
from postroom_api.webhook_request import CreateWebhookRequest, UpdateWebhookRequest
from postroom_api_testing.running import MAIL, RunningApi
from postroom_api_testing.webhooks import WEBHOOK, attempted, create, happen

TEMPLATE = {
    "name": "Welcome",
    "from": "{{{NAME}}} <a@example.com>",
    "reply_to": ["b@example.com"],
    "html": "<p>{{{NAME}}}</p>",
    "variables": [
        {"key": "NAME", "type": "string", "fallback_value": "you"},
        {"key": "TOTAL", "type": "number", "fallback_value": 2.5},
        {"key": "PAID", "type": "boolean"},
    ],
}
SCHEDULE = {"name": "Weekly", "cron": "0 9 * * MON", "timezone": "Europe/Berlin", "email": MAIL}
OPEN = {"/livez", "/readyz", "/metrics", "/version", "/attachments/{attachment_id}"}
"""Asked without a key."""
HIDDEN = re.compile(r"/(openapi\.json|docs.*|inbox.*|openapi.*)")


@pytest.fixture(scope="module")
def document(shared_api: RunningApi) -> dict[str, Any]:
    answer = shared_api.request("GET", "/openapi.json", token=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json()
    return found


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for name in reference.removeprefix("#/").split("/"):
        node = node[name]
    return node


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_every_route_is_in_the_document(shared_api: RunningApi, document: dict[str, Any]) -> None:
    assert isinstance(shared_api.app, Edge)
    app = shared_api.app.inner
    assert isinstance(app, Litestar)
    served = {
        (method, re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path))
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS" and not HIDDEN.fullmatch(route.path)
    }
    assert {(method, path) for method, path, _ in operations(document)} == served
    assert ("POST", "/emails") in served


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert "#/components/schemas/EmailRequest" in found
    for reference in found:
        assert isinstance(resolve(document, reference), dict)


def test_every_documented_body_is_accepted(shared_api: RunningApi, document: dict[str, Any]) -> None:
    scheduled = shared_api.send(MAIL | {"scheduled_at": "in 1 hour"}).json()["id"]
    examples = {
        ("POST", "/emails"): MAIL,
        ("POST", "/emails/batch"): [MAIL, MAIL],
        ("PATCH", "/emails/{email_id}"): {"scheduled_at": "in 2 hours"},
        ("POST", "/api-keys"): {"name": "k", "permission": "sending_access"},
        ("PATCH", "/api-keys/{key_id}"): {"name": "other"},
        ("POST", "/suppressions"): {"email": "first@example.com"},
        ("POST", "/suppressions/batch/add"): {"emails": ["first@example.com", "second@example.com"]},
        ("POST", "/suppressions/batch/remove"): {"emails": ["second@example.com"]},
        ("POST", "/domains"): {"name": "documented.example", "capabilities": {"sending": "enabled"}},
        ("PATCH", "/domains/{domain_id}"): {"tracking_subdomain": "links"},
        ("POST", "/templates"): TEMPLATE,
        ("PATCH", "/templates/{id_or_alias}"): {"subject": None, "text": ""},
        ("POST", "/templates/{id_or_alias}/preview"): {"variables": {"PAID": True}, "version": "draft"},
        ("POST", "/webhooks"): WEBHOOK,
        ("PATCH", "/webhooks/{webhook_id}"): WEBHOOK | {"status": "disabled"},
        ("POST", "/schedules"): SCHEDULE | {"starts_at": "2026-01-01T00:00:00Z", "catch_up": "all"},
        ("PATCH", "/schedules/{schedule_id}"): {"timezone": "UTC", "starts_at": None},
        ("POST", "/schedules/preview"): {"cron": "0 9 * * *", "timezone": "UTC", "count": 3},
    }
    ids = {
        "email_id": scheduled,
        "key_id": shared_api.request("GET", "/api-keys").json()["data"][0]["id"],
        "domain_id": shared_api.request("POST", "/domains", {"name": "body.example"}).json()["id"],
        "id_or_alias": shared_api.request("POST", "/templates", TEMPLATE).json()["id"],
        "webhook_id": create(shared_api)["id"],
        "schedule_id": shared_api.request("POST", "/schedules", SCHEDULE).json()["id"],
    }
    documented = {(method, path) for method, path, operation in operations(document) if "requestBody" in operation}
    assert documented == set(examples)
    for (method, path), body in examples.items():
        answer = shared_api.request(method, path.format(**ids), body)
        assert answer.status in {200, 201}
        operation = document["paths"][path][method.lower()]
        expect_schema(document, operation["requestBody"]["content"]["application/json"]["schema"], body)
        expect_schema(document, answer_schema(operation, answer.status), answer.json())


def test_every_documented_answer_is_what_is_answered(shared_api: RunningApi, document: dict[str, Any]) -> None:
    email_id = shared_api.send(MAIL | {"tags": [{"name": "a", "value": "b"}], "cc": "c@example.com"}).json()["id"]
    domain_id = shared_api.request("POST", "/domains", {"name": "answer.example"}).json()["id"]
    shared_api.request("POST", "/suppressions", {"email": "answer@example.com"})
    ids = {"email_id": email_id, "domain_id": domain_id, "id_or_email": "answer@example.com"}
    ids["webhook_id"] = create(shared_api)["id"]
    ids["event_id"] = happen(shared_api, ids["webhook_id"])
    attempted(shared_api, ids["event_id"], (200, "OK"), (None, "no connection to the host"))
    ids["id_or_alias"] = shared_api.request("POST", "/templates", TEMPLATE).json()["id"]
    ids["schedule_id"] = shared_api.request("POST", "/schedules", SCHEDULE).json()["id"]
    for method, path in (
        ("GET", "/emails"),
        ("GET", "/emails/{email_id}"),
        ("GET", "/suppressions"),
        ("GET", "/suppressions/{id_or_email}"),
        ("DELETE", "/suppressions/{id_or_email}"),
        ("GET", "/domains"),
        ("GET", "/domains/{domain_id}"),
        ("POST", "/domains/{domain_id}/verify"),
        ("DELETE", "/domains/{domain_id}"),
        ("GET", "/webhooks"),
        ("GET", "/webhooks/{webhook_id}"),
        ("GET", "/webhooks/{webhook_id}/events"),
        ("GET", "/webhooks/{webhook_id}/events/{event_id}"),
        ("GET", "/webhooks/{webhook_id}/events/{event_id}/attempts"),
        ("POST", "/webhooks/{webhook_id}/events/{event_id}/replay"),
        ("POST", "/webhooks/{webhook_id}/signing-secret/rotate"),
        ("DELETE", "/webhooks/{webhook_id}"),
        ("GET", "/templates"),
        ("GET", "/templates/{id_or_alias}"),
        ("GET", "/audit"),
        ("GET", "/schedules"),
        ("GET", "/schedules/{schedule_id}"),
        ("GET", "/schedules/{schedule_id}/preview"),
        ("GET", "/schedules/{schedule_id}/slots"),
        ("POST", "/schedules/{schedule_id}/pause"),
        ("POST", "/schedules/{schedule_id}/resume"),
        ("DELETE", "/schedules/{schedule_id}"),
        ("GET", "/livez"),
        ("GET", "/version"),
    ):
        answer = shared_api.request(method, path.format(**ids))
        operation = document["paths"][path][method.lower()]
        expect_schema(document, answer_schema(operation, answer.status), answer.json())
    refused = shared_api.request("GET", f"/emails/{uuid4()}").json()
    error = document["paths"]["/emails/{email_id}"]["get"]["responses"]["4XX"]
    expect_schema(document, error["content"]["application/json"]["schema"], refused)


def test_a_list_documents_what_its_query_may_hold(document: dict[str, Any]) -> None:
    for path, names in (
        ("/emails", {"limit", "after", "before"}),
        ("/suppressions", {"limit", "after", "before", "origin"}),
    ):
        assert {parameter["name"] for parameter in document["paths"][path]["get"]["parameters"]} == names


def test_every_operation_says_what_it_needs(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        assert operation["summary"]
        assert bool(operation.get("security")) == (path not in OPEN)
        assert {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"} == set(
            re.findall(r"\{(\w+)\}", path)
        )
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"


@pytest.mark.parametrize(
    "request_class",
    [
        EmailRequest,
        RescheduleRequest,
        AttachmentRequest,
        AddSuppressionRequest,
        AddSuppressionsRequest,
        RemoveSuppressionsRequest,
        CreateDomainRequest,
        UpdateDomainRequest,
        TemplateUseRequest,
        TemplateRequest,
        VariableRequest,
        PreviewRequest,
        CreateWebhookRequest,
        UpdateWebhookRequest,
        ScheduleRequest,
        SchedulePreviewRequest,
    ],
)
def test_every_field_is_documented(document: dict[str, Any], request_class: type) -> None:
    schema = document["components"]["schemas"][request_class.__name__]
    names = {field.encode_name for field in structs.fields(request_class)}
    assert set(schema["properties"]) == names


def answer_schema(operation: dict[str, Any], status: int) -> Any:
    return operation["responses"][str(status)]["content"]["application/json"]["schema"]


def expect_schema(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Check the part of JSON Schema that the document uses: references, types, properties, alternatives."""
    if not schema:
        return  # anything
    if "$ref" in schema:
        expect_schema(document, resolve(document, schema["$ref"]), value)
    elif "anyOf" in schema or "oneOf" in schema:
        options: list[Any] = schema.get("anyOf") or schema["oneOf"]
        assert any(fits_schema(document, option, value) for option in options), value
    elif isinstance(value, dict):
        assert schema["type"] == "object"
        assert set(schema.get("required", ())) <= set(value)
        for name, inner in value.items():
            known = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            assert known is not None, f"{name} is not documented"
            if isinstance(known, dict):
                expect_schema(document, known, inner)
    elif isinstance(value, list):
        assert schema["type"] == "array"
        for inner in value:
            expect_schema(document, schema["items"], inner)
    else:
        kinds = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
        allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert kinds[type(value)] in allowed


def fits_schema(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    try:
        expect_schema(document, schema, value)
    except (AssertionError, KeyError):
        return False
    return True


def test_the_docs_need_no_other_host(shared_api: RunningApi) -> None:
    page = shared_api.request("GET", "/docs", token=None)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    html = page.body.decode()
    assert re.findall(r"(?:https?:)?//[^\s\"']+", html) == []
    assets = re.findall(r"(?:src|href)=\"([^\"]+)\"", html)
    assert len(assets) >= 3
    kinds = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
    for asset in assets:
        answer = shared_api.request("GET", urljoin("/docs", asset), token=None)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kinds[Path(asset).suffix])
        assert answer.body
        if asset.endswith(".css"):
            assert not re.search(rb"url\(\s*[\"']?(https?:)?//", answer.body)
    [start] = [asset for asset in assets if "start" in asset]
    [document] = re.findall(r"url: '([^']+)'", shared_api.request("GET", start).body.decode())
    assert json.loads(shared_api.request("GET", document).body)["openapi"].startswith("3.")
