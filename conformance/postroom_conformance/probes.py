"""Whether what an orchestrator asks a process can turn out badly: a probe that cannot fail tells nothing."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from postroom_images_testing.container import Container

_OK = 200
_UNAVAILABLE = 503


def find_blind(answered: int | None, *, frozen: int | None, cut_off: int | None) -> list[str]:
    """What is wrong with the answers of one process.

    Args:
        answered: the status of `/livez` while all is well.
        frozen: the same while the process stands still; None: nobody answers.
        cut_off: the status of `/readyz` while its database does not answer.
    """
    findings = []
    if answered != _OK:
        findings.append(f"it is not alive: {answered}")
    if frozen == _OK:
        findings.append("it is alive while it stands still")
    if cut_off != _UNAVAILABLE:
        findings.append(f"without its database it is ready: {cut_off}")
    return findings


def ask_frozen(containers: Sequence[tuple[Container, int]]) -> list[int | None]:
    """`/livez` of processes that stand still, each at its port; asked at once, because none will answer."""
    for container, _ in containers:
        container.pause()
    try:
        with ThreadPoolExecutor() as asking:
            return list(asking.map(lambda one: one[0].ask(one[1], "/livez"), containers))
    finally:
        for container, _ in containers:
            container.resume()
