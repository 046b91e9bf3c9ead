"""Attachments read back: listed, described, and downloaded by a link that needs no key."""

import base64
import http.client
import re
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from postroom_api.links import Links
from postroom_api_testing.exchange import Answer
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, TERMS, RunningApi

LARGE = bytes(range(256)) * 10_000  # three pieces in the database


def attached(*attachments: dict[str, Any]) -> dict[str, Any]:
    return MAIL | {"attachments": list(attachments)}


def file(name: str, content: bytes = b"bytes", **more: Any) -> dict[str, Any]:
    return {"filename": name, "content": base64.b64encode(content).decode(), **more}


def send(api: RunningApi, *attachments: dict[str, Any]) -> str:
    email_id: str = api.send(attached(*attachments)).json()["id"]
    return email_id


def listed(api: RunningApi, email_id: str, query: str = "") -> Any:
    answer = api.request("GET", f"/emails/{email_id}/attachments{query}")
    assert answer.status == 200
    return answer.json()


def follow(api: RunningApi, url: str) -> Answer:
    parts = urlsplit(url)
    assert parts.netloc == f"127.0.0.1:{api.port}"
    return api.request("GET", f"{parts.path}?{parts.query}", token=None)


def test_attachments_are_listed_in_order_and_downloaded_without_a_key(api: RunningApi) -> None:
    email_id = send(api, file("a.txt", b"first"), file("логотип 世.png", LARGE, content_id="logo"))
    page = listed(api, email_id)
    assert (page["object"], page["has_more"]) == ("list", False)
    first, second = page["data"]
    assert {name: first[name] for name in ("filename", "size", "content_type", "content_disposition")} == {
        "filename": "a.txt",
        "size": 5,
        "content_type": "text/plain",
        "content_disposition": "attachment",
    }
    assert (second["size"], second["content_disposition"], second["content_id"]) == (len(LARGE), "inline", "logo")
    assert (first["content_id"], "object" in first) == (None, False)
    one = api.request("GET", f"/emails/{email_id}/attachments/{first['id']}").json()
    assert one["object"] == "attachment"
    assert set(one) == {*first, "object"}

    for item, content in ((first, b"first"), (second, LARGE)):
        answer = follow(api, item["download_url"])
        assert (answer.status, answer.body) == (200, content)
        assert answer.headers["content-type"].partition(";")[0] == item["content_type"]
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%D0%BB" in answer.headers["content-disposition"]


def test_an_empty_attachment_is_downloaded_empty(api: RunningApi) -> None:
    [item] = listed(api, send(api, {"filename": "e.txt", "content": []}))["data"]
    answer = follow(api, item["download_url"])
    assert (item["size"], answer.status, answer.body) == (0, 200, b"")


def test_an_html_attachment_is_never_a_page_of_ours(api: RunningApi) -> None:
    [item] = listed(api, send(api, file("x.html", b"<script>alert(1)</script>", content_type='text/html; a="b"')))[
        "data"
    ]
    answer = follow(api, item["download_url"])
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.headers["content-type"] == "text/html"


def test_a_name_cannot_add_a_header(api: RunningApi) -> None:
    [item] = listed(api, send(api, file('a";x="\\é.txt')))["data"]
    disposition = follow(api, item["download_url"]).headers["content-disposition"]
    assert re.fullmatch(r"attachment; filename=\"a__x_____txt\"|attachment; .*", disposition)
    assert disposition.count('"') == 2


def test_one_that_is_fetched_when_sent_shows_its_own_address(api: RunningApi) -> None:
    [item] = listed(api, send(api, {"filename": "r.pdf", "path": "https://files.example.com/r.pdf"}))["data"]
    assert (item["download_url"], item["size"]) == ("https://files.example.com/r.pdf", 0)


def test_a_link_that_was_altered_opens_nothing(api: RunningApi) -> None:
    email_id = send(api, file("a.txt"), file("b.txt"))
    first, second = listed(api, email_id)["data"]
    url = first["download_url"]
    expires = int(url.partition("expires=")[2].partition("&")[0])
    for altered in (
        url.replace(first["id"], second["id"]),
        url.replace(str(expires), str(expires + 1)),
        url[:-1],
        url.partition("&")[0],
        url.partition("?")[0],
        url.replace("expires=", "expires=+"),
    ):
        assert "link is not valid" in expect_refusal(follow(api, altered), 403, "validation_error")
    assert follow(api, url).status == 200


def test_a_link_ends(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    [item] = listed(api, send(api, file("a.txt")))["data"]
    now = time.time
    monkeypatch.setattr("postroom_api.links.time.time", lambda: now() + 3599)
    assert follow(api, item["download_url"]).status == 200
    monkeypatch.setattr("postroom_api.links.time.time", lambda: now() + 3601)
    expect_refusal(follow(api, item["download_url"]), 403, "validation_error")


def test_a_link_begins_with_the_public_address_where_there_is_one(mariadb_url: str, redis_url: str) -> None:
    terms = replace(TERMS, public_url="https://mail.example.com/postroom")
    with RunningApi(mariadb_url, redis_url, terms=terms) as api:
        [item] = listed(api, send(api, file("a.txt")))["data"]
        assert item["download_url"].startswith("https://mail.example.com/postroom/attachments/")


def test_a_host_that_is_none_never_gets_into_a_link(shared_api: RunningApi) -> None:
    email_id = send(shared_api, file("a.txt"))
    connection = http.client.HTTPConnection("127.0.0.1", shared_api.port, timeout=10)
    connection.putrequest("GET", f"/emails/{email_id}/attachments", skip_host=True)
    connection.putheader("Host", 'evil.example/"><x')
    connection.putheader("Authorization", f"Bearer {shared_api.token}")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 400
    assert b"evil" not in body


def test_the_secret_of_before_still_opens_links(shared_api: RunningApi) -> None:
    [item] = listed(shared_api, send(shared_api, file("a.txt")))["data"]
    rotated = Links(["n" * 32, *TERMS.secrets], "attachments", public_url=None, seconds=1)
    other = Links(["n" * 32], "attachments", public_url=None, seconds=1)
    query = dict(part.split("=", 1) for part in urlsplit(item["download_url"]).query.split("&"))

    class Request:
        query_params = query

    assert rotated.holds(Request(), item["id"])  # type: ignore[arg-type]  # all that it looks at
    assert not other.holds(Request(), item["id"])  # type: ignore[arg-type]  # likewise


def test_pages_of_attachments(shared_api: RunningApi) -> None:
    email_id = send(shared_api, *(file(f"{number}.txt") for number in range(5)))
    ids = [item["id"] for item in listed(shared_api, email_id)["data"]]

    def page(query: str) -> tuple[list[int], bool]:
        found = listed(shared_api, email_id, query)
        return [ids.index(item["id"]) for item in found["data"]], found["has_more"]

    assert page("?limit=2") == ([0, 1], True)
    assert page(f"?limit=2&after={ids[1]}") == ([2, 3], True)
    assert page(f"?limit=2&after={ids[3]}") == ([4], False)
    assert page(f"?limit=2&before={ids[3]}") == ([1, 2], True)
    assert page(f"?limit=2&before={ids[1]}") == ([0], False)
    assert page(f"?after={uuid4()}") == ([], False)


def test_what_is_not_there_and_what_is_another_workspaces_look_alike(api: RunningApi) -> None:
    _, token = api.add_workspace("other")
    email_id = send(api, file("a.txt"))
    [item] = listed(api, email_id)["data"]
    for unknown in (str(uuid4()), email_id):
        answer = api.request("GET", f"/emails/{unknown}/attachments", token=token)
        assert expect_refusal(answer, 404, "not_found") == "Email not found."
        answer = api.request("GET", f"/emails/{unknown}/attachments/{item['id']}", token=token)
        assert expect_refusal(answer, 404, "not_found") == "Attachment not found."
    other_email = api.send().json()["id"]
    answer = api.request("GET", f"/emails/{other_email}/attachments/{item['id']}")
    assert expect_refusal(answer, 404, "not_found") == "Attachment not found."
    expect_refusal(api.request("GET", f"/emails/{email_id}/attachments/x"), 422, "invalid_parameter")
