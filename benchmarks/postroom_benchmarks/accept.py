"""Accepted mails per second: group commit, one commit per request, and no database at all.

One machine, one run: the sides take turns, five rounds each, medians. One api process a side; MariaDB with full
durability (every commit reaches the disk, binary log on).
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from postroom_benchmarks.sides import GROUP, NONE, SINGLE_THREADS
from postroom_database.engine import Database
from postroom_database.repositories import api_keys, workspaces
from postroom_domain.tokens import hash_token, new_token
from postroom_migrations.migrate import migrate
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import free_port, wait_until

CONNECTIONS = 64
LEAST_RATIO = 2.5
MOST_LATENCY_RATIO = 1.2
SINGLES = tuple(f"single{threads}" for threads in SINGLE_THREADS)
SIDES = (GROUP, *SINGLES, NONE)


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over the rounds: accepted a second at 64 connections, and milliseconds of one connection, by side."""

    per_second: dict[str, float]
    latency_ms: dict[str, float]

    @property
    def best_single(self) -> str:
        return max(SINGLES, key=self.per_second.__getitem__)

    @property
    def ratio(self) -> float:
        return self.per_second[GROUP] / self.per_second[self.best_single]

    @property
    def latency_ratio(self) -> float:
        return self.latency_ms[GROUP] / min(self.latency_ms[single] for single in SINGLES)


def measure(*, rounds: int, seconds: float) -> Figures:
    """Run all sides; prints each round as it ends."""
    with MariaDb(durable=True) as mariadb, Redis() as redis:
        url = mariadb.fresh_database()
        key = _new_key(url)
        with _servers(url, redis.url) as ports:
            for port in ports.values():  # first connections and caches are nobody's cost
                _load(port, key, CONNECTIONS, 1.0)
            per_second: dict[str, list[float]] = defaultdict(list)
            latency: dict[str, list[float]] = defaultdict(list)
            for turn in range(rounds):
                for side in SIDES:
                    per_second[side].append(_load(ports[side], key, CONNECTIONS, seconds)["per_second"])
                    redis.flush()
                for side in (GROUP, *SINGLES):
                    latency[side].append(_load(ports[side], key, 1, seconds / 2)["median_ms"])
                _say(
                    f"round {turn + 1}: "
                    + "  ".join(f"{side} {values[-1]:.0f}/s" for side, values in per_second.items())
                )
    return Figures(
        {side: statistics.median(values) for side, values in per_second.items()},
        {side: statistics.median(values) for side, values in latency.items()},
    )


def main() -> None:
    arguments = argparse.ArgumentParser(prog="benchmarks/accept", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5, help="how often each side takes its turn (default 5)")
    arguments.add_argument("--seconds", type=float, default=4.0, help="how long a turn takes (default 4)")
    chosen = arguments.parse_args()
    figures = measure(rounds=chosen.rounds, seconds=chosen.seconds)
    _say(f"\n{'side':<22}{'accepted/s':>12}{'1 connection, ms':>20}   medians of {chosen.rounds}")
    for side in SIDES:
        one = f"{figures.latency_ms[side]:.2f}" if side in figures.latency_ms else ""
        _say(f"{_spell(side):<22}{figures.per_second[side]:>12.0f}{one:>20}")
    _say(f"\ngroup commit / {_spell(figures.best_single)}: {figures.ratio:.2f} (at least {LEAST_RATIO})")
    _say(f"latency at one connection, group / best single: {figures.latency_ratio:.2f} (at most {MOST_LATENCY_RATIO})")
    sys.exit(0 if figures.ratio >= LEAST_RATIO and figures.latency_ratio <= MOST_LATENCY_RATIO else 1)


def _spell(side: str) -> str:
    if side == GROUP:
        return "group commit"
    return "no database" if side == NONE else f"single, {side.removeprefix('single')} threads"


def _new_key(url: str) -> str:
    database = Database(url)
    migrate(database)
    token = new_token()
    with database.begin() as connection:
        workspace_id = workspaces.add(connection, "benchmark")
        api_keys.add(connection, workspace_id=workspace_id, name="benchmark", token_hash=hash_token(token))
    database.close()
    return token


@contextmanager
def _servers(database_url: str, redis_url: str) -> Iterator[dict[str, int]]:
    ports = {side: free_port() for side in SIDES}
    processes = [
        subprocess.Popen(  # noqa: S603 - our own module
            _module("accept_server", side, str(port), database_url, redis_url),
            env=_environment(),
            stdout=subprocess.DEVNULL,
        )
        for side, port in ports.items()
    ]
    try:
        for port in ports.values():
            wait_until(lambda port=port: _answers(port), seconds=60, what="an api to listen")  # type: ignore[misc]  # bound per port
        yield ports
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _load(port: int, key: str, connections: int, seconds: float) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - our own module
        _module("accept_load", str(port), key, str(connections), str(seconds)),
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"postroom_benchmarks.{name}", *arguments]


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
