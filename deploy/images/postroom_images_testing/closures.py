"""Which code each artifact may hold: its service's own closure, and nothing of the others."""

import re

from postroom_images_testing.contents import PACKAGES
from postroom_images_testing.image import Files

_SHARED = {
    "postroom_config",
    "postroom_database",
    "postroom_domain",
    "postroom_health",
    "postroom_jobs",
    "postroom_logging",
    "postroom_tracing",
}
_PACKAGES = {
    "api": _SHARED | {"postroom_api", "postroom_egress", "postroom_transport"},
    "worker": _SHARED
    | {"postroom_admin", "postroom_egress", "postroom_migrations", "postroom_transport", "postroom_worker"},
    "scheduler": _SHARED | {"postroom_scheduler"},
}
_OWNERS = {
    "litestar": "api",
    "swagger_ui_bundle": "api",
    "uvicorn": "api",
    "alembic": "worker",
    "boto3": "worker",
    "botocore": "worker",
    "s3transfer": "worker",
    "selectolax": "worker",
    "apscheduler": "scheduler",
}
"""Libraries that one service alone imports."""

_EVERYWHERE = {"cronsim", "dramatiq", "pymysql", "sqlalchemy", "tzdata"}
"""Two of them are imported by nothing of ours: a driver is named in a URL, and a slim base has no rules of zones."""


def find_foreign_code(files: Files, service: str) -> list[str]:
    """Whatever another service owns, and whatever of its own is missing."""
    found = {re.split(r"/|\.py$", path.removeprefix(PACKAGES))[0] for path in files if path.startswith(PACKAGES)}
    found |= {name.partition("-")[0] for name in found if name.endswith(".dist-info")}
    ours = {name for name in found if name.startswith("postroom_")}
    owned = {library for library, owner in _OWNERS.items() if owner == service}
    findings = [f"{name} is foreign" for name in sorted(ours - _PACKAGES[service])]
    findings += [f"{name} is foreign" for name in sorted(found & _OWNERS.keys() - owned)]
    findings += [f"{name} is missing" for name in sorted((_PACKAGES[service] | owned | _EVERYWHERE) - found)]
    if service != "worker":
        sending = "postroom_transport/ses.py"  # imports boto3
        findings += [f"{sending} is foreign"] if PACKAGES + sending in files else []
    return findings


def find_misplaced_admin(files: Files, service: str) -> list[str]:
    """One-off processes run from the worker's release."""
    if ("app/admin" in files) == (service == "worker"):
        return []
    return ["the admin is the worker's second entry point, and nobody else's"]
