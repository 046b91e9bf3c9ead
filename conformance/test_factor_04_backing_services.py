"""MySQL, Redis and the mail service are attached by URL, and may go away."""

import http
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import pytest
from redis import Redis

from postroom_conformance.answers import post
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.hints_kept import clear_others, count_waiting
from postroom_conformance.ledger import find_lost
from postroom_conformance.literal_addresses import find_literal_addresses
from postroom_conformance.outages import NOTHING, STANDINGS, Standing, find_wrong_answers, read_standing
from postroom_conformance.pex_file import PEX_FILES
from postroom_conformance.sources import read_sources
from postroom_conformance.substitute import only_worker
from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import inspect
from postroom_images_testing.one_off import PYTHON
from postroom_images_testing.stack import PORTS, SERVICES, Stack
from postroom_testing.server import wait_until
from postroom_testing.smtp import SmtpServer

REDIS_PORT = 6379
MAILS = 5
UNREACHABLE = "mysql+pymysql://postroom:none@127.0.0.1:1/postroom"


@dataclass(frozen=True)
class Deploy:
    """A stack, and the subjects of what its provider took."""

    stack: Stack
    arrived: Callable[[], list[str]]

    def send(self, count: int = MAILS) -> list[str]:
        """Subjects of the mails that the api took."""
        sent = []
        for subject in (secrets.token_hex(8) for _ in range(count)):
            mail = {"from": "from@example.com", "to": "to@example.com", "subject": subject, "text": "text"}
            status = post(self.stack, "/emails", mail).status
            if status == http.HTTPStatus.OK:
                sent.append(subject)
            else:
                assert status == http.HTTPStatus.SERVICE_UNAVAILABLE
        return sent

    def wait_for(self, subjects: list[str]) -> list[str]:
        self.stack.wait_until(lambda: set(subjects) <= set(self.arrived()), "all mails")
        return self.arrived()


def subjects_of(mails: list[bytes]) -> list[str]:
    return [found[1].decode() for raw in mails if (found := re.search(rb"^Subject: (\w+)\r$", raw, re.MULTILINE))]


@pytest.fixture(scope="module")
def first(stack: Stack) -> Deploy:
    return Deploy(stack, lambda: subjects_of([mail.raw for mail in list(stack.ses.mails)]))


@pytest.fixture(scope="module")
def smtp() -> list[SmtpServer]:
    """The mail server of the second deploy, once it runs."""
    return []


@pytest.fixture(scope="module")
def second(names: dict[str, str], smtp: list[SmtpServer]) -> Iterator[Deploy]:
    """The same images with another environment: other hosts, and SMTP instead of SES."""
    with ExitStack() as kept:

        def differ(gateway: str) -> dict[str, str]:
            smtp.append(kept.enter_context(SmtpServer(gateway)))
            return {
                "POSTROOM_MAIL_URL": smtp[0].mail_url(),
                # Short, so that nothing waits for a minute until what Redis forgot is told to workers again.
                "POSTROOM_HINT_AGE_SECONDS": "2",
            }

        hosts = (f"mysql-{secrets.token_hex(3)}", f"redis-{secrets.token_hex(3)}")
        stack = kept.enter_context(Stack(names, hosts=hosts, differ=differ))
        yield Deploy(stack, lambda: subjects_of([mail.raw for mail in list(smtp[0].mails)]))


def find_misrouted(sent: dict[str, list[str]], arrived: dict[str, list[str]]) -> list[str]:
    """Mail that is not where its deploy's environment says, or somewhere else."""
    return [
        f"a mail of the {deploy} deploy {'never came' if deploy == place else 'came to the other one'}"
        for deploy, subjects in sent.items()
        for place, came in arrived.items()
        for subject in subjects
        if (subject in came) != (deploy == place)
    ]


@proves(
    "The same images run against two MySQL servers, two Redis servers, SES here and SMTP there, by their environment"
    " alone: each mail arrives where its deploy's URL says."
)
def test_the_environment_alone_attaches_backing_services(first: Deploy, second: Deploy, evidence: Evidence) -> None:
    sent = {"first": first.send(), "second": second.send()}
    arrived = {"first": first.wait_for(sent["first"]), "second": second.wait_for(sent["second"])}

    images = {
        service: {inspect("container", one.stack.containers[service].id)["Image"] for one in (first, second)}
        for service in SERVICES
    }
    urls = [name for name in first.stack.variables if first.stack.variables[name] != second.stack.variables[name]]
    counts = {deploy: len([one for one in sent[deploy] if one in arrived[deploy]]) for deploy in sent}
    evidence(f"mails sent and arrived: SES {counts['first']}, SMTP {counts['second']}; what differs: {', '.join(urls)}")
    assert find_misrouted(sent, arrived) == []
    assert {service: len(ids) for service, ids in images.items()} == dict.fromkeys(SERVICES, 1)


WIRED = """
import postroom_worker.main as module
kept = module.open_transport
module.open_transport = lambda url, **options: kept("inbox:", **options)
module.main()
"""


@violates(test_the_environment_alone_attaches_backing_services, "a worker that is wired to another way of mail")
def test_a_wired_worker_is_found(second: Deploy, names: dict[str, str]) -> None:
    with only_worker(second.stack, names["worker"], WIRED) as container:
        sent = second.send(1)
        wait_until(lambda: container.has_told("email.sent"), seconds=60, what="the mail to be sent somewhere")
    assert find_misrouted({"second": sent}, {"second": second.arrived()}) == ["a mail of the second deploy never came"]


def take_away(deploy: Deploy, smtp: SmtpServer, away: str) -> None:
    if away == "mail":
        smtp.drops.add("MAIL")
        smtp.hang_up()
        return
    server = deploy.stack.containers[SERVERS[away]]
    server.signal("KILL")
    server.wait()


def bring_back(deploy: Deploy, smtp: SmtpServer, away: str) -> None:
    if away == "mail":
        smtp.drops.clear()
    else:
        deploy.stack.containers[SERVERS[away]].start()


SERVERS = {"database": "mariadb", "redis": "redis"}


def read_standings(stack: Stack) -> dict[str, Standing]:
    return {service: read_standing(stack.containers[service], PORTS[service]) for service in SERVICES}


def wait_for_answers(stack: Stack, away: str) -> dict[str, Standing]:
    """The answers, as soon as they are right."""
    stack.wait_until(lambda: not find_wrong_answers(read_standings(stack), away), f"all to answer that {away} is away")
    return read_standings(stack)


def has_missed(stack: Stack, service: str, away: str) -> bool:
    """Whether its log says so."""
    return any(
        event["event"] == "email.deferred" if away == "mail" else event.get("backing_service") == away
        for event in stack.containers[service].events()
    )


@pytest.mark.parametrize("away", [away for away in STANDINGS if away != NOTHING])
@proves(
    "While the database, Redis or the mail server is away, each service answers `/readyz` as documented, and says so"
    " in its log; a Redis that comes back has forgotten everything. Afterwards all mail that was accepted arrives."
)
def test_an_outage_has_an_answer_and_loses_nothing(
    second: Deploy, smtp: list[SmtpServer], away: str, evidence: Evidence
) -> None:
    stack = second.stack
    wait_for_answers(stack, NOTHING)
    accepted = second.send()
    take_away(second, smtp[0], away)
    try:
        # A name that has gone with its container is looked for long, by each request anew.
        meanwhile = second.send(1 if away == "database" else MAILS)
        standings = wait_for_answers(stack, away)
        for service in ["worker"] if away == "mail" else SERVICES:
            stack.wait_until(lambda: has_missed(stack, service, away), f"{service} to tell it")  # noqa: B023 - waited for at once
        if away == "database":
            # Nor does one end that starts meanwhile.
            for service in SERVICES:
                stack.start(service)
            for service in SERVICES:
                stack.wait_ready(service, http.HTTPStatus.SERVICE_UNAVAILABLE)
    finally:
        bring_back(second, smtp[0], away)
    wait_for_answers(stack, NOTHING)
    arrived = second.wait_for(accepted + meanwhile)

    shown = ", ".join(f"{service}: {status} {standing}" for service, (status, standing) in standings.items())
    evidence(f"{away} away: {shown}; accepted {len(accepted)} before and {len(meanwhile)} meanwhile, all arrived")
    assert find_wrong_answers(standings, away) == []
    assert find_lost(accepted + meanwhile, arrived) == []
    assert len(meanwhile) == (0 if away == "database" else MAILS)


ALWAYS_READY = """
from postroom_health.checks import Readiness, Report, Service
up = Service("up", "2026-01-01T00:00:00Z")
Readiness.report = lambda self: Report(True, dict.fromkeys(("database", "redis", "schema"), up))
from postroom_scheduler.main import main
main()
"""


@violates(test_an_outage_has_an_answer_and_loses_nothing, "a service whose readiness probe cannot fail")
def test_a_probe_that_cannot_fail_is_found(stack: Stack, names: dict[str, str]) -> None:
    with Container(
        names["scheduler"],
        *("-c", ALWAYS_READY),
        variables=stack.variables | {"POSTROOM_DATABASE_URL": UNREACHABLE},
        options=[*LOCKED, f"--entrypoint={PYTHON}"],
        network=stack.network,
    ) as container:
        wait_until(lambda: container.ask(PORTS["scheduler"], "/livez") is not None, seconds=60, what="an answer")
        standing = read_standing(container, PORTS["scheduler"])
    assert find_wrong_answers({"scheduler": standing}, "database")[0].startswith("the scheduler answers (200, ")


@contextmanager
def queued(deploy: Deploy) -> Iterator[tuple[Redis, list[str]]]:
    """The Redis of a deploy whose worker stands still, and the subjects of mail that waits there; then all arrive."""
    worker = deploy.stack.containers["worker"]
    worker.pause()
    try:
        with closing(Redis(deploy.stack.containers["redis"].address, REDIS_PORT, socket_timeout=10)) as client:
            sent = deploy.send(20)
            deploy.stack.wait_until(lambda: count_waiting(client) > 0, "hints")
            yield client, sent
    finally:
        worker.resume()
    deploy.wait_for(sent)


@proves(
    "Clearing the keys of rate limit and pace leaves all hints of queued mail alone; and when Redis is cleared of"
    " everything, all mail arrives all the same."
)
def test_clearing_redis_takes_no_work(first: Deploy, second: Deploy, evidence: Evidence) -> None:
    with queued(first) as (redis, sent):
        before = count_waiting(redis)
        cleared: set[str] = set()

        def clear() -> bool:
            sent.extend(first.send(1))
            cleared.update(key.partition(":")[0] for key in clear_others(redis))
            return "postroom-rate" in cleared

        # A count of the rate limit lives for a second.
        first.stack.wait_until(clear, "a key of the rate limit")
        after = count_waiting(redis)
    evidence(
        f"hints waiting: {before}; after deleting {', '.join(sorted(cleared))}: {after}; mails arrived: {len(sent)}"
    )
    with queued(second) as (redis, sent_again):
        waiting = count_waiting(redis)
        redis.flushall()
        forgotten = count_waiting(redis)
    evidence(f"hints waiting: {waiting}; after FLUSHALL: {forgotten}; mails arrived: {len(sent_again)}")

    assert after >= before
    assert cleared == {"postroom-rate", "postroom-pace", "postroom-pace-workers"}
    assert find_lost(sent, first.arrived()) + find_lost(sent_again, second.arrived()) == []


WORK_AMONG_CACHES = """
import os, uuid
import postroom_jobs.broker as module
module._NAMESPACE = "postroom-cache"
from postroom_domain.lanes import Lane
from postroom_jobs.hints import Hints
broker = module.open_broker(os.environ["POSTROOM_REDIS_URL"], timeout_seconds=5)
Hints(broker, 1000).give(Lane.BULK, [uuid.uuid4()])
"""


@violates(test_clearing_redis_takes_no_work, "a queue whose keys are called as those of a cache")
def test_work_among_caches_is_found(stack: Stack) -> None:
    assert stack.run("worker", "-c", WORK_AMONG_CACHES, variables=stack.variables, entry_point=PYTHON) == (0, "", "")
    with closing(Redis(stack.containers["redis"].address, REDIS_PORT, socket_timeout=10)) as client:
        before = count_waiting(client)
        clear_others(client)
        assert count_waiting(client) < before


@proves(
    "No artifact holds an address of a backing service: the three URLs have no default, and no module names a host."
)
def test_no_address_stands_in_an_artifact(evidence: Evidence) -> None:
    sources = {path: text for service in SERVICES for path, text in read_sources(PEX_FILES[service]).items()}
    found = find_literal_addresses(sources)
    evidence(f"{len(sources)} modules: {found or 'none'}")
    assert found == []


@violates(test_no_address_stands_in_an_artifact, "modules with the URL of a Redis, of a database and of a mail server")
def test_an_address_in_a_module_is_found() -> None:
    planted = {
        "postroom_worker/one.py": "open_broker('redis://cache:6379/0')",
        "postroom_worker/two.py": "URL = 'mysql+pymysql://app:secret@db.internal/app'",
        "postroom_worker/three.py": "def f(url='smtp://mail.internal'): ...",
    }
    assert find_literal_addresses(planted) == [
        "postroom_worker/one.py:1 is wired to cache",
        "postroom_worker/three.py:1 is wired to mail.internal",
        "postroom_worker/two.py:1 is wired to db.internal",
    ]
