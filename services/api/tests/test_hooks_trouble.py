"""``POST /hooks/ses`` when something is away, slow or comes twice at once."""

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from postroom_api_testing.exchange import Answer
from postroom_api_testing.hooks import PATH, handed_over, hooks_of, kept, post, take
from postroom_api_testing.process import ApiProcess, prepare
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import RunningApi
from postroom_egress.fetch import Egress
from postroom_testing import ses_events
from postroom_testing.mariadb import MariaDb
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.sns import CERTIFICATE_PATH, SnsServer, encode
from postroom_testing.sns_publisher import SnsPublisher

# PyMySQL leaves a socket open that it could not connect; it is closed when it is collected, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collect_sockets() -> Iterator[None]:
    yield
    gc.collect()


def expect_later(answer: Answer) -> None:
    expect_refusal(answer, 503, "service_unavailable")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_a_database_that_is_away_is_503_and_the_message_counts_later(
    mariadb_hook_api: RunningApi, sns: SnsServer, mariadb: MariaDb
) -> None:
    mail = handed_over()
    message = sns.notification(ses_events.send(mail))
    mariadb.stop()
    expect_later(post(mariadb_hook_api, message))
    expect_later(post(mariadb_hook_api, message))
    mariadb.start()
    assert post(mariadb_hook_api, message).json()["result"] == "kept"
    assert list(kept(mariadb_hook_api)) == [message["MessageId"]]


def test_a_restart_of_the_database_between_two_messages_is_not_felt(
    mariadb_hook_api: RunningApi, sns: SnsServer, mariadb: MariaDb
) -> None:
    mail = handed_over()
    mariadb.stop()
    mariadb.start()
    assert take(mariadb_hook_api, sns, ses_events.send(mail)) == "kept"


@pytest.mark.parametrize("status", [301, 302, 403, 404, 500, 503])
def test_a_certificate_that_is_not_served_is_asked_for_again(
    mariadb_hook_api: RunningApi, sns: SnsServer, status: int
) -> None:
    """Redirects are not followed either."""
    mail = handed_over()
    message = sns.notification(ses_events.send(mail))
    sns.status = status
    expect_later(post(mariadb_hook_api, message))
    assert sns.requests == [CERTIFICATE_PATH]
    sns.status = 200
    assert post(mariadb_hook_api, message).status == 200
    assert list(kept(mariadb_hook_api)) == [message["MessageId"]]


@pytest.mark.parametrize("content", [b"", b"no certificate", b"x" * 70_000])
def test_what_is_no_certificate_is_not_kept(mariadb_hook_api: RunningApi, sns: SnsServer, content: bytes) -> None:
    good = sns.documents[CERTIFICATE_PATH]
    sns.documents[CERTIFICATE_PATH] = content
    message = sns.notification("x")
    expect_later(post(mariadb_hook_api, message))
    sns.documents[CERTIFICATE_PATH] = good
    assert post(mariadb_hook_api, message).status == 200


def test_a_server_that_proves_nothing_is_not_believed(
    mariadb_url: str, redis_url: str, sns: SnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    egress = Egress([ip_network("127.0.0.0/8")], 5)
    with RunningApi(mariadb_url, redis_url, hooks=hooks_of(sns.origin, egress=egress)) as api:
        expect_later(post(api, sns.notification("x")))
    assert sns.requests == []


def test_a_private_address_is_not_reached_unless_it_is_allowed(
    mariadb_url: str, redis_url: str, sns: SnsServer
) -> None:
    with RunningApi(mariadb_url, redis_url, hooks=hooks_of(sns.origin, egress=Egress([], 5))) as api:
        expect_later(post(api, sns.notification("x")))
    assert sns.requests == []


def test_a_certificate_is_fetched_once(mariadb_hook_api: RunningApi, sns: SnsServer) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(mariadb_hook_api, sns.notification("x")), range(32)))
    assert {answer.status for answer in answers} == {200}
    assert sns.requests == [CERTIFICATE_PATH]


def test_many_certificates_are_fetched_one_after_the_other(mariadb_hook_api: RunningApi, sns: SnsServer) -> None:
    fetching, most = 0, 0
    answer, lock = sns.answer, threading.Lock()

    def watch(path: str) -> bytes | None:
        nonlocal fetching, most
        with lock:
            fetching += 1
            most = max(most, fetching)
        threading.Event().wait(0.02)
        with lock:
            fetching -= 1
        return answer(path)

    sns.answer = watch  # type: ignore[method-assign]  # put back below
    try:
        with ThreadPoolExecutor(8) as pool:
            messages = [sns.notification("x") | {"SigningCertURL": f"{sns.origin}/{n}.pem"} for n in range(8)]
            for refused in pool.map(lambda message: post(mariadb_hook_api, message), messages):
                expect_later(refused)
    finally:
        sns.answer = answer  # type: ignore[method-assign]  # as above
    assert (most, len(sns.requests)) == (1, 8)


def test_clients_do_not_wait_for_a_certificate(mariadb_hook_api: RunningApi, sns: SnsServer) -> None:
    """Nor do messages whose certificate is there."""
    release, answer = threading.Event(), sns.answer
    assert post(mariadb_hook_api, sns.notification("x")).status == 200
    sns.answer = lambda path: (release.wait(20), answer(path))[1]  # type: ignore[method-assign]  # put back below
    try:
        with ThreadPoolExecutor(12) as pool:
            slow = [
                pool.submit(post, mariadb_hook_api, sns.notification("x") | {"SigningCertURL": f"{sns.origin}/{n}.pem"})
                for n in range(12)
            ]
            assert post(mariadb_hook_api, sns.notification("x")).status == 200
            assert mariadb_hook_api.send().status == 200
            assert mariadb_hook_api.request("GET", "/emails").status == 200
            release.set()
            for refused in slow:
                expect_later(refused.result())
    finally:
        sns.answer = answer  # type: ignore[method-assign]  # as above


def test_a_subscription_is_confirmed_once_it_is_proven(mariadb_hook_api: RunningApi, sns: SnsServer) -> None:
    message = sns.confirmation()
    assert post(mariadb_hook_api, message).json() == {"result": "confirmed"}
    assert sns.confirmed == [message["Token"]]
    sns.status = 500
    expect_later(post(mariadb_hook_api, sns.confirmation()))
    sns.status = 200


def test_the_end_of_a_subscription_is_not_taken_back(mariadb_hook_api: RunningApi, sns: SnsServer) -> None:
    message = sns.confirmation(kind="UnsubscribeConfirmation")
    assert post(mariadb_hook_api, message).json() == {"result": "unsubscribed"}
    assert (sns.confirmed, sns.requests) == ([], [CERTIFICATE_PATH])


def test_the_same_event_at_two_apis_at_once_counts_once(mariadb_url: str, redis_url: str, sns: SnsServer) -> None:
    with (
        RunningApi(mariadb_url, redis_url, hooks=hooks_of(sns.origin)) as one,
        RunningApi(mariadb_url, redis_url, workspace="two", hooks=hooks_of(sns.origin)) as two,
        ThreadPoolExecutor(2) as pool,
    ):
        for _ in range(20):
            message = sns.notification(ses_events.delivery(handed_over()))
            meeting = threading.Barrier(2)

            def at(api: RunningApi, message: dict[str, str] = message, meeting: Any = meeting) -> str:
                meeting.wait()
                result: str = post(api, message).json()["result"]
                return result

            assert sorted(pool.map(at, (one, two))) == ["kept", "repeated"]
        assert len(kept(one)) == 20


def test_a_publisher_that_mixes_and_doubles_changes_nothing(
    mariadb_url: str, redis_url: str, sns: SnsServer, mariadb: MariaDb
) -> None:
    """Two apis, a database that restarts in the middle: as if every message had come once."""
    with (
        RunningApi(mariadb_url, redis_url, hooks=hooks_of(sns.origin)) as one,
        RunningApi(mariadb_url, redis_url, workspace="two", hooks=hooks_of(sns.origin)) as two,
        SnsPublisher(
            sns,
            [f"http://127.0.0.1:{api.port}{PATH}" for api in (one, two)],
            delay_seconds=(0, 1),
            duplicate_share=0.5,
        ) as publisher,
    ):
        published = [publisher.publish(ses_events.send(handed_over())) for _ in range(60)]
        wait_until(lambda: len(publisher.posted) > 20, seconds=20, what="some to be posted")
        mariadb.stop()
        mariadb.start()
        publisher.wait_idle(60)
        assert sorted(kept(one)) == sorted(published)
    assert len(publisher.posted) > len(published)


def test_a_process_is_told_by_its_environment(
    mariadb_url: str, redis_url: str, sns: SnsServer, ses: SesServer, tmp_path: Path
) -> None:
    prepare(mariadb_url)
    environment = {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_MAIL_URL": ses.mail_url(),
    }
    with ApiProcess(tmp_path, environment | sns.environment()) as api:
        assert api.request("POST", PATH, encode(sns.confirmation())).json() == {"result": "confirmed"}
        metrics = api.request("GET", "/metrics").body.decode()
        api.terminate()
        assert api.wait(10) == 0
    assert 'postroom_provider_messages_total{result="confirmed"} 1.0' in metrics
    assert [line["level"] for line in api.events() if line["event"] == "subscription.confirmed"] == ["info"]
    assert [line for line in api.events() if line["event"] == "hook.disabled"] == []


@pytest.mark.parametrize(("configuration_set", "warnings"), [("postroom", 1), (None, 0)])
def test_a_process_without_topics_says_so(
    mariadb_url: str, redis_url: str, ses: SesServer, tmp_path: Path, configuration_set: str | None, warnings: int
) -> None:
    prepare(mariadb_url)
    environment = {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_MAIL_URL": ses.mail_url(configuration_set),
    }
    with ApiProcess(tmp_path, environment) as api:
        expect_refusal(api.request("POST", PATH, b"{}"), 404, "not_found")
        api.terminate()
        assert api.wait(10) == 0
    found = [line for line in api.events() if line["event"] == "hook.disabled"]
    assert [(line["level"], line["missing"]) for line in found] == [("warning", "POSTROOM_SES_TOPICS")] * warnings
