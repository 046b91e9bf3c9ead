"""The images as a deploy runs them, with their backing services, in a network of their own that leads nowhere."""

import http.client
import json
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any, Literal, Self

from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import docker, inspect
from postroom_images_testing.one_off import ADMIN, Ended, run
from postroom_images_testing.servers import mariadb
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

SERVICES = ("api", "worker", "scheduler")
DRAIN_SECONDS = 8
"""Less than the 10 s after which `docker stop` kills."""
PATIENCE_SECONDS = 120
"""Much more than it takes until a hint that was lost is given again: what is asked is whether mail is lost."""
PORTS = {"api": 8000, "worker": 8081, "scheduler": 8081}
_MARIADB_PORT = 3306
_REDIS_PORT = 6379
_DATABASE = "postroom"
_REQUEST_SECONDS = 30.0
_PAUSE_SECONDS = 0.2


class Stack:
    """The three services, MariaDB and Redis as containers, and an SES on the gateway of their network.

    Args:
        images: of the services, by name, and of `mariadb` and `redis`.
        hosts: what MariaDB and Redis are called in the network.
        differ: gives, for the gateway, the variables that differ from those of any other stack.

    Attributes:
        gateway: this machine's address in the network of the containers.
        ses: takes all mail; it listens there.
        key: of a workspace, that the api takes.
        containers: by name; the first part of `api-2` is its service.
    """

    def __init__(
        self,
        images: Mapping[str, str],
        *,
        hosts: tuple[str, str] = ("mariadb", "redis"),
        differ: Callable[[str], Mapping[str, str]] = lambda _: {},
    ) -> None:
        self._images = images
        self._mariadb, self._redis = hosts
        self._differ = differ
        self._exit = ExitStack()
        self.containers: dict[str, Container] = {}

    def __enter__(self) -> Self:
        with self._exit:
            self._open()
            # All went well: what was opened stays open until the end of this stack.
            self._exit = self._exit.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def _open(self) -> None:
        self.network = f"postroom-images-{secrets.token_hex(6)}"
        docker("network", "create", "--internal", self.network)
        self._exit.callback(docker, "network", "rm", self.network)
        self._exit.callback(self._remove_containers)
        self.gateway: str = inspect("network", self.network)["IPAM"]["Config"][0]["Gateway"]
        self.ses = self._exit.enter_context(SesServer(self.gateway))
        self.ses.max_send_rate = 10_000.0
        password = secrets.token_hex(16)
        self.variables = {
            "POSTROOM_DATABASE_URL": f"mysql+pymysql://{_DATABASE}:{password}@{self._mariadb}/{_DATABASE}",
            "POSTROOM_REDIS_URL": f"redis://{self._redis}:{_REDIS_PORT}/0",
            "POSTROOM_MAIL_URL": self.ses.mail_url(),
            "POSTROOM_SECRET_KEY": secrets.token_hex(32),
            "POSTROOM_VERIFIED_DOMAINS_ONLY": "false",
            # Where clients' webhooks listen here.
            "POSTROOM_EGRESS_ALLOW": self.gateway,
            "POSTROOM_RATE_LIMIT": "1000000",
            "POSTROOM_DRAIN_SECONDS": str(DRAIN_SECONDS),
            "POSTROOM_DATABASE_TIMEOUT_SECONDS": "5",
            # Nothing that arrives in time here has waited for a lease to end.
            "POSTROOM_LEASE_SECONDS": "600",
            # A hint may be lost at any time: nobody here is to wait a minute for the next one.
            "POSTROOM_HINT_AGE_SECONDS": "5",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
            "AWS_EC2_METADATA_DISABLED": "true",
            **self._differ(self.gateway),
        }
        self._start_backing_services(password)
        self.admin("migrate")
        self.key = self.new_key("one")
        for service in SERVICES:
            self.start(service)
        for service in SERVICES:
            self.wait_ready(service)

    def _start_backing_services(self, password: str) -> None:
        self.containers["mariadb"] = self._exit.enter_context(
            mariadb(self._images["mariadb"], self.network, alias=self._mariadb, database=_DATABASE, password=password)
        )
        self.containers["redis"] = Container(
            self._images["redis"],
            *("redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""),  # noqa: S104 - in its network
            network=self.network,
            alias=self._redis,
        )
        self.wait_listening("mariadb", _MARIADB_PORT)
        self.wait_listening("redis", _REDIS_PORT)

    def _remove_containers(self) -> None:
        docker("rm", "--force", "--volumes", *(container.id for container in self.containers.values()))

    def admin(self, *arguments: str) -> str:
        """Run a one-off process of the worker's image; what it prints."""
        code, stdout, stderr = self.run("worker", *arguments, entry_point=ADMIN, variables=self.variables)
        if code != 0:
            raise AssertionError(f"admin {arguments} ended with {code}: {stderr}")
        return stdout.strip()

    def new_key(self, workspace: str) -> str:
        """A key of a workspace, which is made if need be."""
        self.admin("workspace", "create", workspace)
        return self.admin("key", "create", "--workspace", workspace)

    def run(self, service: str, *command: str, variables: Mapping[str, str], entry_point: str | None = None) -> Ended:
        """Run a process to its end in this network, by the image's entry point or another."""
        image = self._images[service]
        return run(image, *command, entry_point=entry_point, variables=variables, network=self.network)

    def start(
        self, name: str, *, variables: Mapping[str, str] | None = None, options: Sequence[str] = LOCKED
    ) -> Container:
        """A new container of a service; the old one of that name, if there is one, is removed.

        Args:
            name: its first part is the service: `api-2`.
            variables: what it is given beside the stack's own, or instead.
            options: of `docker run`.
        """
        self.remove(name)
        container = Container(
            self._images[service_of(name)],
            variables=self.variables | dict(variables or {}),
            options=options,
            network=self.network,
        )
        self.containers[name] = container
        return container

    def remove(self, name: str) -> None:
        """End a container that was started, if there is one of that name, and forget it."""
        if old := self.containers.pop(name, None):
            old.remove()

    def wait_ready(self, name: str, status: int = 200) -> None:
        """Wait until it gives that answer about itself and what it needs."""
        port = PORTS[service_of(name)]

        def answers() -> bool:
            return self.containers[name].ask(port, "/readyz") == status or self._still_runs(name)

        self.wait_until(answers, f"{name} to answer {status}")

    def wait_listening(self, name: str, port: int) -> None:
        def listens() -> bool:
            try:
                with closing(socket.create_connection((self.containers[name].address, port), timeout=1)):
                    return True
            except OSError:
                return self._still_runs(name)

        self.wait_until(listens, f"{name} to listen")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what the containers are to bring about."""
        try:
            wait_until(condition, seconds=PATIENCE_SECONDS, what=what)
        except TimeoutError as problem:
            raise AssertionError(f"{problem}\n{self.tail()}") from None

    def post(self, mail: Mapping[str, Any]) -> str:
        """Send a mail over the api; its id."""
        with closing(http.client.HTTPConnection(*self.address("api"), timeout=_REQUEST_SECONDS)) as connection:
            headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
            connection.request("POST", "/emails", json.dumps(mail), headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
        if answer.status != http.HTTPStatus.OK:
            raise AssertionError(f"{answer.status}: {body}")
        email_id: str = body["id"]
        return email_id

    def address(self, name: str) -> tuple[str, int]:
        """Where a service answers."""
        return self.containers[name].address, PORTS[service_of(name)]

    def database_url(self) -> str:
        """Of its database, as this machine reaches it."""
        url: str = self.variables["POSTROOM_DATABASE_URL"]
        return url.replace(f"@{self._mariadb}/", f"@{self.containers['mariadb'].address}/")

    def redis_url(self) -> str:
        """Of its Redis, likewise."""
        url: str = self.variables["POSTROOM_REDIS_URL"]
        return url.replace(f"//{self._redis}:", f"//{self.containers['redis'].address}:")

    def arrived(self) -> list[str]:
        """Ids of the emails that SES took, one for each time."""
        return [mail.tags["postroom_email_id"] for mail in list(self.ses.mails)]

    def tail(self) -> str:
        """The last lines of each container, for whoever has to find out what went wrong."""
        lines = []
        for name, container in self.containers.items():
            stdout, stderr = container.output()
            lines += [f"{name}: {line}" for line in [*stdout.splitlines()[-10:], *stderr.splitlines()[-10:]]]
        return "\n".join(lines)

    def _still_runs(self, name: str) -> Literal[False]:
        """Whoever waits for a container would wait in vain for one that has ended; and not busily for another."""
        if not self.containers[name].running:
            raise AssertionError(f"{name} ended\n{self.tail()}")
        time.sleep(_PAUSE_SECONDS)
        return False


def service_of(name: str) -> str:
    return name.partition("-")[0]
