"""Two processes of each service; the second of each lives half a minute in the future."""

import subprocess
import time
from itertools import count
from typing import Self

from postroom_acceptance.stack import SERVICES, Stack
from postroom_chaos import ahead
from postroom_chaos.records import End, Life

NAMES = tuple(f"{service}-{number}" for service in SERVICES for number in (1, 2))


class Cluster:
    """Starts, kills and stops processes, and keeps a record of all their lives.

    Args:
        environment: of all of them.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.lives: list[Life] = []
        self._numbers = count(1)
        self.stack = Stack(environment, names=NAMES, own_variables=self._begin_life)

    def __enter__(self) -> Self:
        self.stack.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all that run; what came of it is in their records."""
        try:
            for name in NAMES:
                if self._current(name).end is None:
                    self.stop(name)
        finally:
            self.stack.kill_all()

    def start(self, name: str) -> None:
        """Start it, and wait until it answers: what is told to stop while it starts dies as it is."""
        self.stack.start(name)
        self.stack.wait_alive(name)

    def kill(self, name: str) -> None:
        life = self._current(name)
        if self._ended_by_itself(name, life):
            return
        life.told_at = time.monotonic()
        self.stack.kill(name)
        _end(life, End.KILLED, None)

    def stop(self, name: str) -> None:
        life = self._current(name)
        if self._ended_by_itself(name, life):
            return
        life.told_at = time.monotonic()
        try:
            code = self.stack.stop(name)
        except subprocess.TimeoutExpired:
            self.stack.abort(name)
            _end(life, End.OVERDUE, None)
        else:
            _end(life, End.STOPPED, code)

    def _begin_life(self, name: str) -> dict[str, str]:
        access_key = f"AKIA{next(self._numbers):016}"
        self.lives.append(Life(name, access_key, time.monotonic()))
        variables = {"AWS_ACCESS_KEY_ID": access_key}
        if is_ahead(name):
            variables |= ahead.variables()
        return variables

    def _current(self, name: str) -> Life:
        return next(life for life in reversed(self.lives) if life.name == name)

    def _ended_by_itself(self, name: str, life: Life) -> bool:
        if (code := self.stack.code(name)) is None:
            return False
        _end(life, End.BY_ITSELF, code)
        return True


def is_ahead(name: str) -> bool:
    return name.endswith("-2")


def _end(life: Life, end: End, code: int | None) -> None:
    life.ended, life.end, life.code = time.monotonic(), end, code
