"""What each service answers while a backing service is away (docs/how-to/run-through-outages.md)."""

from collections.abc import Mapping

from postroom_conformance.answers import get
from postroom_images_testing.container import Container

Standing = tuple[int, Mapping[str, str]]
"""Status of the answer, and how each backing service stands."""

_UP = {"database": "up", "redis": "up", "schema": "up"}
_READY: Standing = (200, _UP)
_NO_DATABASE: Standing = (503, _UP | {"database": "down"})
_NO_REDIS = _UP | {"redis": "down"}
NOTHING = "nothing"
STANDINGS: Mapping[str, Mapping[str, Standing]] = {
    NOTHING: dict.fromkeys(("api", "worker", "scheduler"), _READY),
    "database": dict.fromkeys(("api", "worker", "scheduler"), _NO_DATABASE),
    # The api takes mail all the same: the sweep tells the workers later.
    "redis": {"api": (200, _NO_REDIS), "worker": (503, _NO_REDIS), "scheduler": (503, _NO_REDIS)},
    # No service is of less use: mail waits, and is tried again.
    "mail": dict.fromkeys(("api", "worker", "scheduler"), _READY),
}
"""By what is away, then by service."""


def read_standing(container: Container, port: int) -> Standing:
    answer = get(container, port, "/readyz")
    return answer.status, {name: seen["status"] for name, seen in answer.json()["services"].items()}


def find_wrong_answers(standings: Mapping[str, Standing], away: str) -> list[str]:
    """By service, what it should not answer while that is away."""
    return [
        f"the {service} answers {standing}, not {STANDINGS[away][service]}"
        for service, standing in standings.items()
        if standing != STANDINGS[away][service]
    ]
