"""The table of faults. Each is a context: something breaks when it is entered, and works again when it is left."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from postroom_chaos.cluster import NAMES, Cluster
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import Server
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour


@dataclass(frozen=True, slots=True)
class System:
    """All that can break."""

    cluster: Cluster
    mariadb: MariaDb
    database_url: str
    redis: Redis
    ses: SesServer


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault; what its attributes mean stands in plan.py."""

    name: str
    targets: Sequence[str]
    weight: float
    seconds: tuple[float, float]
    recovery_seconds: float
    begin: Callable[[System, str], AbstractContextManager[None]]


def _server_of(system: System, target: str) -> Server:
    return system.mariadb if target == "database" else system.redis


@contextmanager
def _kill(system: System, name: str) -> Iterator[None]:
    system.cluster.kill(name)
    yield
    system.cluster.start(name)


@contextmanager
def _stop(system: System, name: str) -> Iterator[None]:
    system.cluster.stop(name)
    yield
    system.cluster.start(name)


@contextmanager
def _kill_server(system: System, target: str) -> Iterator[None]:
    server = _server_of(system, target)
    server.kill()
    yield
    server.start()


@contextmanager
def _pause_server(system: System, target: str) -> Iterator[None]:
    server = _server_of(system, target)
    server.pause()
    yield
    server.resume()


@contextmanager
def _forget(system: System, _target: str) -> Iterator[None]:
    system.redis.flush()
    yield


@contextmanager
def _cut(system: System, _target: str) -> Iterator[None]:
    system.mariadb.cut_connections(system.database_url)
    yield


def _misbehave(behaviour: Behaviour) -> Callable[[System, str], AbstractContextManager[None]]:
    @contextmanager
    def misbehave(system: System, _target: str) -> Iterator[None]:
        system.ses.always(behaviour)
        yield
        system.ses.always(Behaviour.ACCEPT)

    return misbehave


_DATABASE = ("database",)
_REDIS = ("redis",)
_SES = ("SES",)

FAULTS = (
    # Starting a process takes seconds of a processor, which the mail needs too: so these are not most of all faults.
    Fault("kill", NAMES, 4, (0.2, 2.0), 2.0, _kill),
    Fault("stop", NAMES, 3, (0.2, 2.0), 2.0, _stop),
    Fault("redis killed", _REDIS, 2, (0.1, 3.0), 1.0, _kill_server),
    Fault("redis paused", _REDIS, 2, (0.2, 6.0), 1.0, _pause_server),
    Fault("redis flushed", _REDIS, 3, (0.0, 0.0), 0.5, _forget),
    # The api waits three seconds for the database, a worker's lease is nine: pauses below and above both.
    Fault("database killed", _DATABASE, 1.5, (0.1, 2.0), 3.0, _kill_server),
    Fault("database paused", _DATABASE, 1.5, (0.2, 4.5), 3.0, _pause_server),
    Fault("database paused for long", _DATABASE, 0.25, (9.0, 12.0), 5.0, _pause_server),
    Fault("connections cut", _DATABASE, 4, (0.0, 0.0), 0.5, _cut),
    Fault("throttling", _SES, 2, (0.2, 2.0), 0.5, _misbehave(Behaviour.THROTTLE)),
    Fault("5xx", _SES, 2, (0.2, 2.0), 0.5, _misbehave(Behaviour.FAIL)),
    Fault("hanging before accepting", _SES, 1.5, (0.2, 2.5), 0.5, _misbehave(Behaviour.HANG)),
    Fault("hanging after accepting", _SES, 1.5, (0.1, 2.5), 0.5, _misbehave(Behaviour.HANG_AFTER)),
    Fault("closing before accepting", _SES, 1.5, (0.1, 1.0), 0.5, _misbehave(Behaviour.DROP)),
    Fault("closing after accepting", _SES, 1.5, (0.1, 0.6), 0.5, _misbehave(Behaviour.DROP_AFTER)),
)
