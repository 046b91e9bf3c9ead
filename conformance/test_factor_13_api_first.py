import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from postroom_acceptance.arrivals import in_ses
from postroom_acceptance.flow import Flow
from postroom_conformance.answers import get
from postroom_conformance.claims import proves, violates
from postroom_conformance.contract import find_breaches, find_differences, operations
from postroom_conformance.fixtures import Evidence
from postroom_conformance.liar import Liar
from postroom_images_testing.stack import PORTS, Stack

DOCUMENT = Path(__file__).parents[1] / "docs/reference/openapi.json"
EXAMPLES = 20
LEAST_REQUESTS = 1000
OPERATIONS = 50
"""Fewer would mean that the document was not read."""


@pytest.fixture
def url(stack: Stack) -> str:
    host, port = stack.address("api")
    return f"http://{host}:{port}"


@pytest.fixture
def key(stack: Stack) -> Iterator[str]:
    """Of a workspace whose mail waits when the test is over: what was made at random is in nobody's way."""
    yield stack.new_key("contract")
    stack.admin("workspace", "suspend", "contract", "--reason", "what it holds was made at random")


@proves("The OpenAPI document that the running api answers is the one that the repository shows for this release.")
def test_the_document_is_the_one_that_is_shown(stack: Stack, evidence: Evidence) -> None:
    answered = get(stack.containers["api"], PORTS["api"], "/openapi.json").json()

    found = list(operations(answered))
    version = answered["openapi"]
    evidence(f"/openapi.json: OpenAPI {version}, {len(found)} operations, as in docs/reference/openapi.json")
    assert find_differences(answered, json.loads(DOCUMENT.read_text("utf-8"))) == []
    assert len(found) >= OPERATIONS


@violates(test_the_document_is_the_one_that_is_shown, "an operation that nobody wrote down; a field of another type")
def test_a_document_that_differs_is_told() -> None:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text("utf-8"))
    more = document | {"paths": document["paths"] | {"/planted": {"get": {"responses": {}}}}}
    other = document | {"components": {"schemas": {}}}

    assert find_differences(more, document) == ["GET /planted"]
    assert find_differences(document, other) == ["what operations share"]


@pytest.mark.timeout(660)
@proves(
    "Whatever is asked, by the document or against it, with a key or without one, each answer has a status, headers, "
    "a type and a body that the document promises; none is a server's error."
)
def test_the_contract_is_kept(stack: Stack, url: str, key: str, tmp_path: Path, evidence: Evidence) -> None:
    before = count_requests(stack)

    assert find_breaches(url, key, tmp_path, examples=EXAMPLES) == []

    asked = count_requests(stack) - before
    evidence(f"Schemathesis asked {asked:.0f} times: no answer outside of the contract")
    assert asked >= LEAST_REQUESTS


def count_requests(stack: Stack) -> float:
    families = text_string_to_metric_families(get(stack.containers["api"], PORTS["api"], "/metrics").body.decode())
    return sum(
        one.value for family in families for one in family.samples if one.name == "postroom_request_seconds_count"
    )


@violates(test_the_contract_is_kept, "an api that answers a number where it promised a text, and takes any key")
def test_a_broken_promise_is_found(tmp_path: Path) -> None:
    promised = {"schema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}}
    responses = {"200": {"description": "It.", "content": {"application/json": promised}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "planted", "version": "1"},
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": {"/things": {"get": {"responses": responses, "security": [{"key": []}]}}},
    }
    with Liar({("GET", "/openapi.json"): document, ("GET", "/things"): {"id": 5}}) as liar:
        found = find_breaches(liar.url, "key", tmp_path, examples=3)

    assert {"Response violates schema", "API accepts requests without authentication"} <= set(found)


@proves(
    "Resend's own SDK works against it with nothing changed but the address: what it sends arrives as it was meant."
)
def test_the_sdk_works_unchanged(stack: Stack, url: str, evidence: Evidence) -> None:
    before = len(stack.ses.mails)

    Flow(url, stack.key, in_ses(stack.ses)).run()

    arrived = len(stack.ses.mails) - before
    evidence(f"`resend` sent single mails, batches, attachments, names in any script: {arrived} arrived")


@violates(test_the_sdk_works_unchanged, "an api that calls the id of an email otherwise")
def test_an_sdk_that_finds_no_id_is_told(stack: Stack) -> None:
    with Liar({("POST", "/emails"): {"identifier": "0192f0c4"}}) as liar, pytest.raises(KeyError, match="id"):
        Flow(liar.url, stack.key, in_ses(stack.ses)).run()
