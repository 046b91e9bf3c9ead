"""Whatever JSON comes in: an answer in one of two shapes, and never an error of ours."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from postroom_api_testing.exchange import Answer
from postroom_api_testing.refusals import expect_refusal, rows
from postroom_api_testing.running import MAIL, RunningApi

# The api runs in this process, and its libraries use `random` while Hypothesis draws: no strategy of ours does.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["a@example.com", "A <a@example.com>", "in 1 hour", "\x00", "\ud800", "YQ=="]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ATTACHMENT = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("filename", "content", "path", "content_type", "content_id"), JSON),
)
FIELDS = {
    **dict.fromkeys(
        ["from", "to", "cc", "bcc", "reply_to", "subject", "html", "text", "scheduled_at", "topic_id"], JSON
    ),
    "template": JSON | st.fixed_dictionaries({"id": JSON}, optional={"variables": JSON}),
    "headers": JSON | st.dictionaries(st.text(max_size=8), st.text()),
    "tags": JSON | st.lists(st.fixed_dictionaries({"name": JSON, "value": JSON}), max_size=3),
    "attachments": JSON | st.lists(ATTACHMENT, max_size=3),
}
EMAIL = st.fixed_dictionaries({}, optional=FIELDS).map(lambda changes: MAIL | changes)
UNBOUND = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(api: RunningApi, answer: Answer, before: tuple[int, int], success: set[str]) -> None:
    if answer.status == 200:
        assert set(answer.json()) == success
        return
    assert 400 <= answer.status < 500, answer
    expect_refusal(answer, answer.status, answer.json()["name"])
    assert rows(api) == before


@UNBOUND
@given(EMAIL)
@example(MAIL | {"attachments": [{"content": "\\/é", "filename": "a"}]})
def test_any_email_is_stored_or_refused(shared_api: RunningApi, email: dict[str, Any]) -> None:
    before = rows(shared_api)
    answer = shared_api.send(email)
    check(shared_api, answer, before, {"id"})
    if answer.status == 200:
        shown = shared_api.request("GET", f"/emails/{answer.json()['id']}")
        assert shown.status == 200
        assert shown.json()["subject"] == email["subject"]


@UNBOUND
@given(JSON | st.lists(EMAIL | JSON, max_size=3), st.sampled_from(["strict", "permissive"]))
def test_any_batch_is_stored_or_refused(shared_api: RunningApi, batch: Any, mode: str) -> None:
    before = rows(shared_api)
    answer = shared_api.request("POST", "/emails/batch", batch, headers={"x-batch-validation": mode})
    check(shared_api, answer, before, {"data"} if mode == "strict" else {"data", "errors"})
    if answer.status == 200:
        found = answer.json()
        assert len(found["data"]) + len(found.get("errors", ())) == len(batch)


@UNBOUND
@given(st.binary(max_size=60))
def test_any_bytes_are_refused(shared_api: RunningApi, noise: bytes) -> None:
    before = rows(shared_api)
    broken = json.dumps(MAIL).encode()
    for body in (noise, broken[: len(noise)] + noise):
        answer = shared_api.request("POST", "/emails", body)
        check(shared_api, answer, before, set())
