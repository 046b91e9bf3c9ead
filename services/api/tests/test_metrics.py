"""What the api counts, read as Prometheus would read it."""

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from postroom_api_testing.running import MAIL, RunningApi


@pytest.fixture
def api(mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    with RunningApi(mariadb_url, redis_url) as running:
        yield running


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def accepted(lane: str) -> float:
    return value("postroom_emails_accepted_total", lane=lane, transport="inbox")


def test_accepted_mail_counts_by_lane_and_transport_and_commits_are_measured(api: RunningApi) -> None:
    names = ("postroom_commit_emails_sum", "postroom_commit_emails_count", "postroom_commit_seconds_count")
    before = [value(name) for name in names]
    one, many = accepted("interactive"), accepted("bulk")
    assert api.send().status == 200
    assert api.request("POST", "/emails/batch", [MAIL] * 3).status == 200
    assert (accepted("interactive"), accepted("bulk")) == (one + 1, many + 3)
    assert [value(name) - was for name, was in zip(names, before, strict=True)] == [4, 2, 2]
    assert value("postroom_intake_emails") == 0


def test_refusals_count_by_the_name_of_the_error(api: RunningApi) -> None:
    names = ("missing_required_field", "not_found")
    before = {name: value("postroom_requests_refused_total", error=name) for name in names}
    assert api.send({"from": "x"}).status == 422
    assert api.request("GET", "/nowhere/at/all").status == 404
    after = {name: value("postroom_requests_refused_total", error=name) for name in before}
    assert after == {name: count + 1 for name, count in before.items()}


def test_clients_cannot_make_series_of_their_own(api: RunningApi) -> None:
    for method in ("PROPFIND", "MKCOL", "TRACE"):
        assert api.request(method, "/emails/someone@example.com").status in {400, 405}
    text = api.request("GET", "/metrics").body.decode()
    assert 'method="other"' in text
    assert "PROPFIND" not in text
    assert "someone" not in text


def test_metrics_tell_the_build(api: RunningApi) -> None:
    assert value("postroom_build_info", component="api", version="0", release="test", commit="none") == 1
