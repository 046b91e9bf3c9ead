"""Started, told to stop, told twice, killed: on the images, as an orchestrator does it."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from postroom_acceptance.kept_connection import KeptConnection
from postroom_acceptance.steady_clients import SteadyClients
from postroom_conformance.claims import proves, violates
from postroom_conformance.endings import Ending, find_disorder, find_stubbornness, stop
from postroom_conformance.fixtures import Evidence
from postroom_conformance.kills import Kills
from postroom_conformance.ledger import find_doubled, find_lost
from postroom_conformance.probes import ask_frozen, find_blind
from postroom_conformance.starting import COUNTING, MOST_RATIO, find_slow, measure_start, run_counting
from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.one_off import PYTHON
from postroom_images_testing.stack import DRAIN_SECONDS, PORTS, SERVICES, Stack
from postroom_testing.server import wait_until
from postroom_testing.ses_messages import Behaviour

CLIENTS = 4
SCHEDULED = 40
ROUNDS = 3
MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "one", "text": "text"}
LATE_START = "import os, time; time.sleep(20); os.execv('/app/pex', ['/app/pex'])"
DEAF = 'import time; print(\'{"event": "service.started"}\', flush=True); time.sleep(600)'
FAILING = "import signal, sys; signal.signal(15, lambda *_: sys.exit(3)); print('{}', flush=True); signal.pause()"
STUBBORN = """
import signal
signal.signal(15, lambda *_: print('{"event": "service.drain_started"}', flush=True))
print('{"event": "service.started"}', flush=True)
while True:
    signal.pause()
"""
ALWAYS_READY = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
HTTPServer(("", 8081), Handler).serve_forever()
"""


@pytest.fixture(autouse=True)
def whole_again(stack: Stack) -> Iterator[None]:
    """What a test ended runs again, and SES takes everything at once."""
    yield
    stack.ses.always(Behaviour.ACCEPT)
    stack.ses.latency_seconds = 0.0
    stack.remove("api-2")
    for service in SERVICES:
        if not stack.containers[service].running:
            stack.start(service)
    for service in SERVICES:
        stack.wait_ready(service)


@pytest.fixture(scope="module")
def starts(stack: Stack, names: dict[str, str], base_name: str) -> dict[str, float]:
    """Seconds that each service takes to start, and one that counts: medians, measured in turns."""
    seen: dict[str, list[float]] = {name: [] for name in ("counting", *SERVICES)}
    for _ in range(ROUNDS):
        seen["counting"].append(run_counting(base_name))
        for service in SERVICES:
            image, port = names[service], PORTS[service]
            seen[service].append(measure_start(image, variables=stack.variables, network=stack.network, port=port))
    return {name: statistics.median(seconds) for name, seconds in seen.items()}


@contextmanager
def paused_database(stack: Stack) -> Iterator[None]:
    stack.containers["mariadb"].pause()
    try:
        yield
    finally:
        stack.containers["mariadb"].resume()


@contextmanager
def steady_clients(stack: Stack, *names: str) -> Iterator[SteadyClients]:
    """Clients of these apis, at it from the beginning to the end; all begin with the first."""
    clients = SteadyClients([stack.address(name) for name in names], stack.key, clients=CLIENTS)
    clients.start()
    try:
        wait_for_more(stack, clients)
        yield clients
    finally:
        clients.stop()


def wait_for_more(stack: Stack, clients: SteadyClients) -> None:
    enough = len(clients.ids) + 50
    stack.wait_until(lambda: len(clients.ids) >= enough or bool(clients.failures), "the clients to go on")


@pytest.fixture
def second_api(stack: Stack) -> Container:
    container = stack.start("api-2")
    stack.wait_ready("api-2")
    return container


@contextmanager
def program(names: dict[str, str], text: str) -> Iterator[Container]:
    """A process of another program in the worker's image; two seconds after SIGTERM it is killed."""
    options = [f"--entrypoint={PYTHON}", "--stop-timeout=2"]
    with Container(names["worker"], "-c", text, options=options) as container:
        wait_until(lambda: bool(container.output()[0]), seconds=20, what="the program to run")
        yield container


@proves("A service is ready within five times what the container of a Python takes that counts for half a second.")
def test_a_service_is_soon_ready(starts: dict[str, float], evidence: Evidence) -> None:
    ready = {service: starts[service] for service in SERVICES}

    evidence(f"`python -c '{COUNTING}'` on the base: {starts['counting']:.2f} s, the median of {ROUNDS}")
    for service, seconds in ready.items():
        evidence(f"{service}: ready after {seconds:.2f} s, {seconds / starts['counting']:.1f} times as much")
    assert find_slow(ready, starts["counting"]) == []


@violates(test_a_service_is_soon_ready, "a scheduler that sleeps 20 s before it starts")
def test_a_late_start_is_found(stack: Stack, names: dict[str, str], starts: dict[str, float]) -> None:
    seconds = measure_start(
        names["scheduler"],
        *("-c", LATE_START),
        variables=stack.variables,
        network=stack.network,
        port=PORTS["scheduler"],
        options=[*LOCKED, f"--entrypoint={PYTHON}"],
        most_seconds=MOST_RATIO * starts["counting"],  # nobody needs to see the end of it
    )

    assert find_slow({"scheduler": seconds}, starts["counting"]) != []


@proves(
    "Told to stop under load, each service ends with exit code 0 inside its drain time, and says that all was finished;"
    " no request of a client fails, and every email arrives once."
)
@pytest.mark.usefixtures("second_api")
def test_stopped_under_load_each_service_ends_in_order(stack: Stack, evidence: Evidence) -> None:
    stack.ses.latency_seconds = 0.03  # so that calls are under way whenever the worker is stopped
    endings: dict[str, Ending] = {}
    # Some are due before the scheduler is stopped, some while it is away, some afterwards.
    first = datetime.now(UTC) + timedelta(seconds=2)
    due = [first + timedelta(seconds=number * 0.1) for number in range(SCHEDULED)]
    ids = [stack.post(MAIL | {"scheduled_at": moment.isoformat()}) for moment in due]
    with steady_clients(stack, "api", "api-2") as clients:
        stack.wait_until(lambda: any(email_id in ids for email_id in stack.arrived()), "the first that is due")
        for service in ("scheduler", "worker", "api"):
            endings[service] = stop(stack.containers[service])
            wait_for_more(stack, clients)
    for service in SERVICES:
        stack.start(service)
    ids += clients.ids
    stack.wait_until(lambda: not find_lost(ids, stack.arrived()), "all mails")
    time.sleep(0.5)  # for one that comes twice

    for service, ending in endings.items():
        evidence(f"{service}: exit code {ending.code} after {ending.seconds:.1f} s, of {DRAIN_SECONDS} s to drain")
    evidence(f"{len(ids)} emails accepted, {len(clients.failures)} requests failed, each arrived once")
    assert {service: find_disorder(ending, DRAIN_SECONDS) for service, ending in endings.items()} == {
        service: [] for service in SERVICES
    }
    assert clients.failures == []
    assert clients.moves > 0  # whoever had a connection to the api that was stopped
    assert find_doubled(ids, stack.arrived()) == []


@violates(test_stopped_under_load_each_service_ends_in_order, "a process that does not hear SIGTERM, and is killed")
def test_a_deaf_process_is_found(names: dict[str, str]) -> None:
    with program(names, DEAF) as container:
        assert find_disorder(stop(container), drain_seconds=2) == [
            "it ended with 137",
            "it took the whole 2 s to drain, and more",
            "its last word is service.started",
        ]


@violates(test_stopped_under_load_each_service_ends_in_order, "a process that ends with another exit code than 0")
def test_an_exit_that_is_no_success_is_found(names: dict[str, str]) -> None:
    with program(names, FAILING) as container:
        assert find_disorder(stop(container), DRAIN_SECONDS)[0] == "it ended with 3"


@violates(test_stopped_under_load_each_service_ends_in_order, "an api that drops its connections when it ends")
def test_a_request_that_fails_is_found(stack: Stack, second_api: Container) -> None:
    with steady_clients(stack, "api-2", "api") as clients:
        second_api.signal("KILL")
        wait_until(lambda: bool(clients.failures), seconds=20, what="a request to fail")


@proves("Told a second time, a service ends at once with exit code 143, even where it waits for what does not answer.")
def test_told_twice_each_service_ends_at_once(stack: Stack, evidence: Evidence) -> None:
    stack.ses.always(Behaviour.HANG)
    before = stack.ses.count_sends()
    stack.post(MAIL)
    stack.wait_until(lambda: stack.ses.count_sends() > before, "the worker's call")
    api, worker, scheduler = (stack.containers[service] for service in SERVICES)
    host, port = stack.address("api")
    with KeptConnection(port, stack.key, host) as client, paused_database(stack):
        client.ask("waits")
        stack.wait_until(lambda: scheduler.has_told("service.went_down"), "the sweeps to miss the database")
        found = {
            "api": find_stubbornness(api, lambda: api.ask(port, "/livez") is None),
            "worker": find_stubbornness(worker, lambda: worker.has_told("service.drain_started")),
            "scheduler": find_stubbornness(scheduler, lambda: scheduler.has_told("service.drain_started")),
        }

    evidence(", ".join(f"{service}: exit code {stack.containers[service].wait()}" for service in SERVICES))
    assert found == {service: [] for service in SERVICES}
    assert {stack.containers[service].events()[-1]["event"] for service in SERVICES} == {"service.aborted"}


@violates(test_told_twice_each_service_ends_at_once, "a process that takes the second signal as it took the first")
def test_a_stubborn_process_is_found(names: dict[str, str]) -> None:
    with program(names, STUBBORN) as container:
        [finding] = find_stubbornness(container, lambda: container.has_told("service.drain_started"))
        assert finding.startswith("it still runs")


@proves(
    "An email whose worker is killed in the middle of the call that sends it is delivered all the same: when the lease"
    " is over, the scheduler gives it to the next worker."
)
def test_killed_in_its_call_a_worker_loses_no_email(kills: Kills, evidence: Evidence) -> None:
    evidence(f"{len(kills.caught)} emails were being sent; all arrived, the last {kills.late_seconds:.0f} s later")
    assert kills.caught != []
    assert find_lost(kills.caught, kills.arrived) == []


@violates(test_killed_in_its_call_a_worker_loses_no_email, "no scheduler runs, so nobody sees that the lease is over")
def test_an_email_that_nobody_sees_to_is_found(kills: Kills) -> None:
    assert kills.left == sorted(kills.caught)


@proves("Liveness fails for a process that stands still, readiness for one whose database does not answer.")
def test_each_probe_can_fail(stack: Stack, evidence: Evidence) -> None:
    alive = {service: stack.containers[service].ask(PORTS[service], "/livez") for service in SERVICES}
    asked = [(stack.containers[service], PORTS[service]) for service in SERVICES]
    frozen = dict(zip(SERVICES, ask_frozen(asked), strict=True))
    with paused_database(stack):
        for service in SERVICES:
            stack.wait_ready(service, 503)
    found = {service: find_blind(alive[service], frozen=frozen[service], cut_off=503) for service in SERVICES}

    for service in SERVICES:
        evidence(f"{service}: /livez {alive[service]}, frozen {frozen[service]}; without database /readyz 503")
    assert found == {service: [] for service in SERVICES}


@violates(test_each_probe_can_fail, "a process that answers 200 to whatever it is asked")
def test_a_probe_that_cannot_fail_is_found(stack: Stack, names: dict[str, str]) -> None:
    options = [*LOCKED, f"--entrypoint={PYTHON}"]
    with Container(names["worker"], "-c", ALWAYS_READY, options=options, network=stack.network) as container:
        wait_until(lambda: container.ask(8081, "/livez") is not None, seconds=20, what="it to answer")
        with paused_database(stack):
            cut_off = container.ask(8081, "/readyz")

        assert find_blind(200, frozen=None, cut_off=cut_off) == ["without its database it is ready: 200"]
