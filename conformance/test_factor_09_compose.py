"""What a release that runs with Docker Compose gives a container to end."""

from pathlib import Path

import yaml

from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_images_testing.stack import SERVICES
from postroom_release.config import Config

COMPOSE = Path(__file__).parents[1] / "deploy/compose/compose.yaml"
MARGIN_SECONDS = 10
"""Beyond the drain time: to be told, and to write the last line."""
DRAINS = ("0.5", "25", "40.5")


def find_short_graces(compose: str, drain: str, grace_seconds: int) -> list[str]:
    """Services that would be killed while they drain, with the variables that a release gives to Compose."""
    services = yaml.safe_load(compose.replace("${GRACE_SECONDS}", str(grace_seconds)))["services"]
    # Compose's own, where none is said, is ten seconds.
    graces = {name: float(services[name].get("stop_grace_period", "10s").removesuffix("s")) for name in SERVICES}
    return [
        f"{name}: a grace of {grace:g} s is too short for {drain} s of drain"
        for name, grace in graces.items()
        if grace < float(drain) + MARGIN_SECONDS
    ]


def grace_seconds(drain: str) -> int:
    return Config({"POSTROOM_DRAIN_SECONDS": drain}, ()).grace_seconds


@proves("Compose gives each container longer to end than it takes to drain, whatever that is set to.")
def test_compose_waits_longer_than_a_service_drains(evidence: Evidence) -> None:
    compose = COMPOSE.read_text("utf-8")

    evidence(", ".join(f"{drain} s to drain: a grace of {grace_seconds(drain)} s" for drain in DRAINS))
    assert [find_short_graces(compose, drain, grace_seconds(drain)) for drain in DRAINS] == [[]] * len(DRAINS)
    # What the services take where nothing is set.
    assert Config({}, ()).grace_seconds == grace_seconds("25")


@violates(test_compose_waits_longer_than_a_service_drains, "a compose file that gives one time to all, or says none")
def test_a_grace_that_is_short_is_found() -> None:
    compose = COMPOSE.read_text("utf-8")
    given = "  stop_grace_period: ${GRACE_SECONDS}s\n"
    assert given in compose

    for wrong in (given.replace("${GRACE_SECONDS}", "30"), ""):
        found = find_short_graces(compose.replace(given, wrong), "25", grace_seconds("25"))
        assert [one.partition(":")[0] for one in found] == list(SERVICES)
