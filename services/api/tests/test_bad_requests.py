"""Requests that are wrong around their body: keys, paths, pages, methods, sizes, HTTP itself."""

import http.client
import json
import re
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from postroom_api_testing.exchange import Answer
from postroom_api_testing.raw_http import exchange, post
from postroom_api_testing.reference import read_contract
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi

ROUTES = [
    (method.upper(), re.sub(r"\{\w+\}", str(uuid4()), path))
    for path, methods in read_contract()["paths"].items()
    for method, operation in methods.items()
    if operation.get("security")
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_wants_a_key(refusing_api: RunningApi, method: str, path: str) -> None:
    answers = [
        refusing_api.request(method, path, MAIL, token=None),
        *(
            refusing_api.request(method, path, MAIL, token=None, headers={"authorization": given})
            for given in (
                "",
                "Bearer",
                "Bearer ",
                f"Basic {refusing_api.token}",
                refusing_api.token,
                f"Token {refusing_api.token}",
            )
        ),
    ]
    for answer in answers:
        assert "Authorization: Bearer" in expect_refusal(answer, 401, "missing_api_key")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("token", ["re_unknown", "\xe9\xff", "x" * 8000])
def test_every_route_refuses_a_wrong_key(refusing_api: RunningApi, method: str, path: str, token: str) -> None:
    expect_refusal(refusing_api.request(method, path, MAIL, token=token), 403, "invalid_api_key")


@pytest.mark.parametrize(
    "query",
    [
        *(
            f"limit={limit}"
            for limit in ("0", "101", "-1", "", "x", "1.5", "1e1", "²", "٣", "+5", "9" * 5000, "0" * 5000)
        ),
        "limit=00000000010000",
        *(f"{cursor}={text}" for cursor in ("after", "before") for text in ("x", "7", uuid4().hex, "\x00", "é")),
        f"after={uuid4()}&before={uuid4()}",
    ],
)
def test_a_wrong_page_is_refused(refusing_api: RunningApi, query: str) -> None:
    message = expect_refusal(refusing_api.request("GET", f"/emails?{quote(query, safe='=&')}"), 422, "validation_error")
    assert query.partition("=")[0] in message


@pytest.mark.parametrize("given", ["7", "x", uuid4().hex, "%00", "%ff", "{" + str(uuid4()) + "}", "x" * 5000])
def test_what_is_no_id_is_refused(refusing_api: RunningApi, given: str) -> None:
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/cancel")):
        answer = refusing_api.request(method, f"/emails/{given}{path}", {"scheduled_at": "in 1 hour"})
        assert "`id`" in expect_refusal(answer, 422, "invalid_parameter")


def test_an_email_that_is_not_there_is_404(refusing_api: RunningApi) -> None:
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/cancel")):
        answer = refusing_api.request(method, f"/emails/{uuid4()}{path}", {"scheduled_at": "in 1 hour"})
        expect_refusal(answer, 404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, {"scheduled_at": None}, {"scheduled_at": ""}, {"scheduled_at": "x"}, [], {"scheduled_at": 7}]
)
def test_a_wrong_reschedule_is_refused(refusing_api: RunningApi, body: Any) -> None:
    answer = refusing_api.request("PATCH", f"/emails/{uuid4()}", body)
    assert answer.status == 422
    assert "scheduled_at" in answer.json()["message"] or "object" in answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/emails/a/b/c", "/emails/%2e%2e/x", "/docs/assets/..%2fx", "/audiences"]
)
def test_an_unknown_path_is_404(refusing_api: RunningApi, path: str) -> None:
    expect_refusal(refusing_api.request("GET", path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/emails"),
        ("DELETE", "/emails"),
        ("PUT", f"/emails/{uuid4()}"),
        ("POST", "/livez"),
        ("GET", "/emails/x/cancel"),
    ],
)
def test_another_method_is_405(refusing_api: RunningApi, method: str, path: str) -> None:
    answer = refusing_api.request(method, path)
    expect_refusal(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


def parse(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), headers, body)


def test_a_body_that_breaks_off_stores_nothing(refusing_api: RunningApi) -> None:
    whole = json.dumps(MAIL).encode()
    request = post("/emails", refusing_api.token.encode(), whole, length=len(whole) + 10)
    assert b" 200 " not in exchange(refusing_api.port, request, half_close=True)


def test_a_body_above_the_limit_is_refused_before_it_is_read(refusing_api: RunningApi) -> None:
    request = post("/emails", refusing_api.token.encode(), b"", length=64 * 1024 * 1024 + 1)
    assert "64 MB" in expect_refusal(
        parse(exchange(refusing_api.port, request, half_close=True)), 413, "validation_error"
    )


def test_a_body_of_unknown_length_is_refused_above_the_limit(refusing_api: RunningApi) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", refusing_api.port, timeout=30)
    sent = {"authorization": f"Bearer {refusing_api.token}", "transfer-encoding": "chunked"}
    connection.request("POST", "/emails", (b" " * (1 << 20) for _ in range(65)), sent, encode_chunked=True)
    response = connection.getresponse()
    answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    connection.close()
    assert "64 MB" in expect_refusal(answer, 413, "validation_error")


def test_what_is_no_http_is_answered_with_a_refusal(refusing_api: RunningApi) -> None:
    for sent in (
        b"\x16\x03\x01\x00\xff\x01\r\n\r\n",
        b"GET /emails\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
    ):
        assert exchange(refusing_api.port, sent).startswith((b"HTTP/1.1 400", b""))
    assert refusing_api.request("GET", "/livez").status == 200


@pytest.mark.parametrize(
    ("path", "megabytes"),
    [
        ("/emails", 64),
        ("/emails/batch", 64),
        ("/templates", 8),
        ("/api-keys", 1),
        ("/domains", 1),
        ("/suppressions", 1),
    ],
)
def test_a_body_is_bounded_by_what_its_route_needs(refusing_api: RunningApi, path: str, megabytes: int) -> None:
    length = {"content-length": str(megabytes * 1024 * 1024 + 1)}
    message = expect_refusal(refusing_api.request("POST", path, b"{}", headers=length), 413, "validation_error")
    assert message == f"The request body is larger than {megabytes} MB."
