"""Which faults happen, when, to whom and how long: decided by a seed alone. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Kind(Protocol):
    """What of a kind of fault the plan must know.

    Attributes:
        targets: that it may happen to.
        weight: how often it is chosen, beside the others.
        seconds: the shortest and the longest time that it lasts.
        recovery_seconds: how long its target is left alone afterwards.
    """

    @property
    def name(self) -> str: ...
    @property
    def targets(self) -> Sequence[str]: ...
    @property
    def weight(self) -> float: ...
    @property
    def seconds(self) -> tuple[float, float]: ...
    @property
    def recovery_seconds(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Planned:
    """Attributes: at is in seconds from the beginning."""

    number: int
    at: float
    kind: str
    target: str
    seconds: float


def make_plan(seed: int, kinds: Sequence[Kind], *, count: int, seconds: float) -> list[Planned]:
    """So many faults, spread evenly with jitter; the same for the same arguments.

    No target is chosen while it suffers from another fault; when all suffer, the one that is free first is.
    """
    draw = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    free_at = {target: 0.0 for kind in kinds for target in kind.targets}
    plan = []
    for number in range(1, count + 1):
        at = (number - 1 + draw.random()) * seconds / count
        choices = [(kind, target) for kind in kinds for target in kind.targets if free_at[target] <= at]
        if not choices:
            at = min(free_at.values())
            choices = [(kind, target) for kind in kinds for target in kind.targets if free_at[target] <= at]
        [(kind, target)] = draw.choices(choices, [kind.weight / len(kind.targets) for kind, _ in choices])
        planned = Planned(number, at, kind.name, target, draw.uniform(*kind.seconds))
        free_at[target] = at + planned.seconds + kind.recovery_seconds
        plan.append(planned)
    return plan
