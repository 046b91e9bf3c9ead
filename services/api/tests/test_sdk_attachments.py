"""Attachments through the PyPI SDK."""

from urllib.parse import urlsplit

import pytest
import resend

from postroom_api_testing.proofs import proves
from postroom_api_testing.running import MAIL, RunningApi


@proves("GET /emails/{id}/attachments", "GET /emails/{id}/attachments/{attachment_id}")
def test_attachments_are_listed_read_and_downloaded(shared_api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{shared_api.port}")
    monkeypatch.setattr(resend, "api_key", shared_api.token)
    names = ["one.txt", "two.txt"]
    attachments = [{"filename": name, "content": list(name.encode())} for name in names]
    email_id = resend.Emails.send(MAIL | {"attachments": attachments})["id"]  # type: ignore[arg-type]  # a plain dict

    listed = resend.Emails.Attachments.list(email_id)
    assert [item["filename"] for item in listed["data"]] == names
    assert listed["has_more"] is False
    one = resend.Emails.Attachments.get(email_id, listed["data"][1]["id"])
    assert (one["object"], one["filename"], one["size"], one["content_type"]) == (
        "attachment",
        "two.txt",
        7,
        "text/plain",
    )
    link = urlsplit(one["download_url"])
    assert shared_api.request("GET", f"{link.path}?{link.query}", token=None).body == b"two.txt"
