"""Releases as they run: real images with a real MariaDB, Redis and SES, on a real engine."""

import json
import os
import socket
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import postroom_database.schema
from postroom_acceptance.arrivals import in_ses
from postroom_acceptance.load import Load, singles, subject_of
from postroom_acceptance.runbook import Runbook
from postroom_database.schema import REVISION
from postroom_images_testing.engine import docker, read_logs
from postroom_release.build import SERVICES
from postroom_release.errors import EX_CONFIG, EX_DATAERR, EX_UNAVAILABLE
from postroom_release_testing.deploy import Deploy
from postroom_release_testing.engine import Derived, Network, built_images
from postroom_testing.server import find_binary, wait_until
from postroom_testing.ses import SesServer

PACKAGES = "/app/lib/python3.11/site-packages"
CLIENTS_FEEL = {"200", "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "RemoteDisconnected"}
"""What a request may meet while the api is replaced: an answer, or nobody who takes it. Docker's proxy on loopback
accepts a connection although no container stands behind it, and drops it: so clients see more than a refusal."""

pytestmark = pytest.mark.timeout(600)  # containers are pulled up and down


def later(number: int) -> str:
    """A revision after that of this release."""
    return f"{int(REVISION) + number:04}"


def migration(number: int, *, oldest_served: str, change: str) -> dict[str, str]:
    """What makes a release of an image: a migration, and services that need it."""
    text = f"""
from alembic import op
revision = "{later(number)}"
down_revision = "{later(number - 1)}"
oldest_served = "{oldest_served}"

def upgrade() -> None:
    {change}
"""
    return {f"{PACKAGES}/postroom_migrations/versions/{later(number)}_planted.py": text, **needing(number)}


def needing(number: int) -> dict[str, str]:
    schema = Path(postroom_database.schema.__file__).read_text()
    changed = schema.replace(f'REVISION = "{REVISION}"', f'REVISION = "{later(number)}"')
    assert changed != schema
    return {f"{PACKAGES}/postroom_database/schema.py": changed}


EXPANSION = migration(1, oldest_served=REVISION, change='op.execute("CREATE TABLE IF NOT EXISTS planted (id INT)")')


@dataclass(frozen=True)
class Running:
    """A deploy in which release `first` runs; tests leave it so.

    Attributes:
        images: of that release, by name.
        address: of this machine, as containers reach it.
        key: that its api takes.
    """

    deploy: Deploy
    derived: Derived
    images: dict[str, str]
    ses: SesServer
    address: str
    url: str
    key: str
    first: int

    def derive(self, files: dict[str, str]) -> dict[str, str]:
        return {service: self.derived.derive(image, files) for service, image in self.images.items()}

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:  # noqa: S310 - the deploy's own address
            return json.loads(answer.read())

    def all_healthy(self) -> bool:
        return {one["State"]["Health"]["Status"] for one in self.deploy.containers().values()} == {"healthy"}

    def container_ids(self) -> dict[str, str]:
        told = self.deploy.containers()
        return {service: told[service]["Id"] for service in SERVICES}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    work = tmp_path_factory.mktemp("release")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        published = f"127.0.0.1:{probe.getsockname()[1]}"
    with (
        Network() as address,
        SesServer(host=address) as ses,
        Derived(work) as derived,
        Deploy(work) as deploy,
    ):
        ses.max_send_rate = 10_000.0
        ses.latency_seconds = 0.05
        deploy.configure(
            API_PUBLISH=published,
            POSTROOM_MAIL_URL=ses.mail_url(),
            POSTROOM_VERIFIED_DOMAINS_ONLY="false",
            POSTROOM_RATE_LIMIT="0",
        )
        deploy.put_secret("aws_credentials", "[default]\naws_access_key_id = test\naws_secret_access_key = hush-hush\n")
        images = built_images()
        first = deploy.release(images)
        deploy.must("up")
        deploy.must("admin", "workspace", "create", "shop")
        key = deploy.must("admin", "key", "create", "--workspace", "shop")
        yield Running(deploy, derived, images, ses, address, f"http://{published}", key, first)


@pytest.fixture
def redis_elsewhere(running: Running) -> Iterator[str]:
    """A Redis of this machine, where containers reach it: its URL."""
    with socket.socket() as probe:
        probe.bind((running.address, 0))
        port = probe.getsockname()[1]
    program = find_binary("redis-server", package="redis-server")
    options = ["--bind", running.address, "--port", str(port), "--protected-mode", "no", "--save", ""]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:
        yield f"redis://{running.address}:{port}/0"
        process.terminate()


def test_a_release_runs_as_its_record_says(running: Running) -> None:
    told, record = running.deploy.containers(), running.deploy.record(running.first)

    assert set(told) == {*SERVICES, "database", "redis"}
    assert {service: one["Image"] for service, one in told.items()} == record["images"]
    version = running.ask("/version")
    assert (version["service"], version["release"]) == ("api", str(running.first))
    for service in SERVICES:
        lines = docker("logs", told[service]["Id"]).splitlines()
        assert json.loads(lines[0])["release"] == str(running.first)


def test_containers_have_no_more_than_they_need(running: Running) -> None:
    wait_until(running.all_healthy, seconds=60, what="Docker to ask each container")
    told = running.deploy.containers()
    for service, one in told.items():
        host = one["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert host["RestartPolicy"]["Name"] == "unless-stopped", service
        assert host["Memory"] > 0, service
        assert host["LogConfig"]["Config"] == {"max-file": "5", "max-size": "10m"}, service
    for service in SERVICES:
        assert told[service]["Config"]["User"] == "65532:65532"
        assert told[service]["HostConfig"]["CapAdd"] is None
        assert told[service]["Config"]["StopTimeout"] == 35


def test_only_the_api_is_reached_from_outside(running: Running) -> None:
    told = running.deploy.containers()
    published = {service: one["HostConfig"]["PortBindings"] for service, one in told.items()}

    port = running.url.rpartition(":")[2]
    assert published.pop("api") == {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}
    assert not any(published.values())
    for service in ("database", "redis"):
        (network,) = told[service]["NetworkSettings"]["Networks"]
        assert docker("network", "inspect", "--format", "{{.Internal}}", network) == "true"


def test_each_service_finds_the_secrets_that_it_reads_and_nobody_else_does(running: Running) -> None:
    found = {
        service: docker(
            "exec",
            one["Id"],
            "/app/bin/python",
            "-c",
            "import os; p = '/etc/postroom/secrets';"
            "print([(n, oct(os.stat(f'{p}/{n}').st_mode), os.stat(f'{p}/{n}').st_uid) for n in sorted(os.listdir(p))])",
        )
        for service, one in running.deploy.containers().items()
        if service in SERVICES
    }
    own = ("0o100400", 65532)

    assert found["scheduler"] == str([("database_url", *own)])
    assert found["api"] == str([("database_url", *own), ("secret_key", *own)])
    assert found["worker"] == str([("aws_credentials", *own), ("database_url", *own), ("secret_key", *own)])


def test_no_secret_stands_in_a_record_or_in_what_the_engine_tells(running: Running) -> None:
    folder = running.deploy.folder
    secrets = [file.read_text().strip() for file in (folder / "secrets").iterdir()]
    told = json.dumps(running.deploy.containers()) + json.dumps(running.deploy.record(running.first))
    said = "".join("".join(read_logs(one["Id"])) for one in running.deploy.containers().values())

    assert len(secrets) == 5
    assert "mariadbd: ready for connections" in said  # so what a database says on stderr is looked at
    assert [secret for secret in secrets if secret in told + said] == []
    assert "hush-hush" not in told + said


def test_forward_and_back_under_load(running: Running) -> None:
    """N, then N+1 with a migration that expands, then N again: every accepted mail arrives, and once."""
    expanded = running.derive(EXPANSION)
    second = running.deploy.release(expanded, version="0.2.0")
    load = Load([running.url], running.key, singles(100_000), per_second=15, clients=6)
    load.start()
    try:
        wait_until(lambda: len(load.accepted) > 30, seconds=60, what="the load to flow")
        up = running.deploy.must("up")
        during = len(load.accepted)
        assert running.ask("/version")["release"] == str(second)
        wait_until(lambda: len(load.accepted) > during + 30, seconds=60, what="the load to flow")
        back = running.deploy.must("rollback", str(running.first))
        during = len(load.accepted)
        wait_until(lambda: len(load.accepted) > during + 30, seconds=60, what="the load to flow")
    finally:
        load.stop()
        load.join()

    assert f"The schema is at {later(1)}; it was {REVISION}." in up
    assert f"The schema is at {later(1)}: ahead, compatible with this release's {REVISION}." in back
    assert running.deploy.running == running.first
    assert running.ask("/version")["release"] == str(running.first)
    assert set(load.answers) <= CLIENTS_FEEL, load.answers
    accepted = {subject_of(number) for number in load.accepted}
    wait_until(lambda: accepted <= arrived(running.ses).keys(), seconds=120, what="all accepted mail to arrive")
    assert {subject: count for subject, count in arrived(running.ses).items() if count != 1} == {}


def test_a_failed_migration_touches_nothing(running: Running) -> None:
    broken = running.derive(EXPANSION | migration(2, oldest_served=REVISION, change='op.execute("CREATE NONSENSE")'))
    number = running.deploy.release(broken)
    before = running.container_ids()

    answer = running.deploy.run("up")

    assert answer.code == EX_UNAVAILABLE
    expected = f"release {number} does not run: migrate ended with 69, see above; api, worker and scheduler go on"
    assert expected in answer.err
    assert running.container_ids() == before
    assert running.deploy.running == running.first
    assert running.ask("/readyz")["ready"]


def test_a_redis_elsewhere_takes_the_place_of_the_bundled_one(running: Running, redis_elsewhere: str) -> None:
    config = (running.deploy.folder / "config.env").read_text()
    running.deploy.configure(REDIS_IMAGE="", POSTROOM_REDIS_URL=redis_elsewhere)
    attached = running.deploy.release(running.images)
    (running.deploy.folder / "config.env").write_text(config)

    running.deploy.must("up")
    assert set(running.deploy.containers()) == {*SERVICES, "database"}
    assert "redis" not in running.deploy.record(attached)["images"]
    assert running.ask("/readyz")["services"]["redis"]["status"] == "up"

    running.deploy.must("rollback", str(running.first))
    assert set(running.deploy.containers()) == {*SERVICES, "database", "redis"}


def test_what_does_not_become_ready_is_told_with_the_way_back(running: Running) -> None:
    hasty = running.derive(needing(9))  # services that need a schema which no migration makes
    number = running.deploy.release(hasty)

    answer = running.deploy.run("up", "--wait", "20")

    assert answer.code == EX_UNAVAILABLE
    assert f"worker of release {number} did not become ready" in answer.err
    assert f"`make up N={running.first}` goes back" in answer.err
    assert running.deploy.running == number
    running.deploy.must("up", str(running.first))
    assert running.deploy.running == running.first
    assert running.ask("/readyz")["ready"]


def test_a_rollback_keeps_a_database_that_a_newer_release_brought(running: Running) -> None:
    config = (running.deploy.folder / "config.env").read_text()
    newer = running.derived.derive(running.deploy.record(running.first)["images"]["database"], {"/planted": "1"})
    running.deploy.configure(DATABASE_IMAGE=newer)
    second = running.deploy.release(running.images)
    (running.deploy.folder / "config.env").write_text(config)

    running.deploy.must("up")
    replaced = running.deploy.containers()["database"]
    assert replaced["Image"] == running.deploy.record(second)["images"]["database"] == newer

    running.deploy.must("rollback", str(running.first))
    assert running.deploy.containers()["database"]["Id"] == replaced["Id"]
    running.deploy.must("down")
    running.deploy.must("up", str(running.first))
    assert running.deploy.containers()["database"]["Image"] == newer
    assert running.ask("/version")["release"] == str(running.first)
    assert running.ask("/readyz")["ready"]


def test_the_password_of_the_database_is_changed_as_the_page_says(running: Running, tmp_path: Path) -> None:
    page = Runbook(Path("docs/how-to/deploy-compose.md"), tmp_path, operator_of(running))
    before, password = running.container_ids(), running.deploy.folder / "secrets/database_password"
    old = password.read_text()
    running.deploy.must("up", str(running.first))
    assert running.container_ids() == before

    page.run("Change a secret")
    running.deploy.must("up", str(running.first))

    assert password.read_text() != old
    assert not set(running.container_ids().values()) & set(before.values())
    assert running.ask("/readyz")["ready"]
    assert running.deploy.must("admin", "workspace", "list")


def test_a_restored_database_is_fenced_as_the_page_says(running: Running, tmp_path: Path) -> None:
    """The mail that waits at the backup is sent once: after it, and not again from what was restored."""
    page = Runbook(Path("docs/how-to/back-up-and-restore.md"), tmp_path, operator_of(running))
    worker = running.deploy.containers()["worker"]["Id"]
    docker("stop", worker)
    load = Load([running.url], running.key, singles(20, first=200_000))
    load.start()
    load.join()
    page.run("Back up with Compose")
    docker("start", worker)
    waited = {subject_of(number) for number in load.accepted}
    wait_until(lambda: waited <= arrived(running.ses).keys(), seconds=120, what="what waits to arrive")

    page.run("Restore with Compose")
    assert set(running.deploy.containers()) == {"database", "redis"}
    said = page.run("Fence", ADMIN=f"{Path('deploy/release/release').absolute()} admin")

    assert f"\nHeld: {len(waited)} ({len(waited)} queued)." in said
    running.deploy.must("up", str(running.first))
    new = Load([running.url], running.key, singles(5, first=300_000))
    new.start()
    new.join()
    accepted = {subject_of(number) for number in new.accepted}
    wait_until(lambda: accepted <= arrived(running.ses).keys(), seconds=120, what="new mail")
    assert {arrived(running.ses)[subject] for subject in waited | accepted} == {1}
    discarded = running.deploy.must("admin", "dead", "discard", "--all", "--because", "restored", "--yes")
    assert discarded == f"Discarded: {len(waited)}."


def test_a_config_that_the_build_refuses_becomes_no_release(running: Running) -> None:
    before = sorted((running.deploy.folder / "releases").iterdir())
    config = (running.deploy.folder / "config.env").read_text()
    try:
        running.deploy.configure(POSTROOM_WORKER_THREADS="many", POSTROOM_DRIAN_SECONDS="5")
        with pytest.raises(AssertionError) as refused:
            running.deploy.release(running.images)
    finally:
        (running.deploy.folder / "config.env").write_text(config)

    assert f"ended with {EX_CONFIG}" in str(refused.value)
    assert "POSTROOM_WORKER_THREADS: malformed" in str(refused.value)
    assert "POSTROOM_DRIAN_SECONDS: unknown; did you mean POSTROOM_DRAIN_SECONDS?" in str(refused.value)
    assert sorted((running.deploy.folder / "releases").iterdir()) == before


def test_an_inbox_is_not_published_beyond_this_machine(running: Running) -> None:
    config = (running.deploy.folder / "config.env").read_text()
    try:
        running.deploy.configure(API_PUBLISH="0.0.0.0:8000", POSTROOM_MAIL_URL="inbox:")
        with pytest.raises(AssertionError, match="POSTROOM_INBOX_EXPOSED=true allows it"):
            running.deploy.release(running.images)
    finally:
        (running.deploy.folder / "config.env").write_text(config)


def test_a_release_whose_image_is_gone_is_refused_before_anything_is_touched(running: Running) -> None:
    with Derived(running.deploy.folder.parent) as derived:
        images = {service: derived.derive(image, {"/planted": "1"}) for service, image in running.images.items()}
        number = running.deploy.release(images)
    before = running.container_ids()

    answer = running.deploy.run("up")

    assert answer.code == EX_UNAVAILABLE
    assert f"release {number} needs it: pull it, or package commit {'0' * 40}" in answer.err
    assert running.container_ids() == before


def test_after_a_contraction_an_older_release_is_refused(running: Running) -> None:
    """The last one, because there is no way back from it."""
    contracted = running.derive(
        EXPANSION | migration(2, oldest_served=later(2), change='op.execute("DROP TABLE planted")')
    )
    number = running.deploy.release(contracted)
    running.deploy.must("up")
    before = running.container_ids()

    answer = running.deploy.run("rollback", str(running.first))

    assert answer.code == EX_DATAERR
    assert f"serves no release older than {later(2)}; this release is {REVISION}" in answer.err
    assert running.container_ids() == before
    assert running.deploy.running == number
    assert running.ask("/readyz")["ready"]


def operator_of(running: Running) -> dict[str, str]:
    """The environment of whoever follows a page, in a folder of their own."""
    return os.environ | {
        "DEPLOY": str(running.deploy.folder),
        "RELEASE_TOOL": str(Path("deploy/release/release").absolute()),
    }


def arrived(ses: SesServer) -> Counter[str]:
    return Counter(arrival.subject for arrival in in_ses(ses)())
