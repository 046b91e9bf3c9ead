"""Whether it is known what ships, and whether it could be exchanged on its way."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from postroom_conformance.dependencies import normalize

_LOCKED = re.compile(r"[a-z0-9-]+==[^\s*]+(?: ; .+?)?(?: +--hash=sha256:[0-9a-f]{64})+")
_PURL = re.compile(r"pkg:(pypi|deb)/")
_ACTION = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")
_IMAGE = re.compile(r"[\w./:-]+@sha256:[0-9a-f]{64}")

Held = Mapping[str, Mapping[str, str]]
"""Versions by name, of `pypi` and of `deb`, as package URLs call them."""
Workflow = dict[str, Any]


def read_sbom(told: Mapping[str, Any]) -> Held:
    """What an SPDX document lists."""
    held: dict[str, dict[str, str]] = {"pypi": {}, "deb": {}}
    for package in told["packages"]:
        for reference in package.get("externalRefs", []):
            if kind := _PURL.match(reference["referenceLocator"]):
                held[kind[1]][package["name"]] = package["versionInfo"]
    held["pypi"] = {normalize(name): version for name, version in held["pypi"].items()}
    return held


def find_unlisted(held: Held, listed: Held) -> list[str]:
    """What an image holds that its SBOM lists at another version, or not."""
    return [
        f"{name} {version} is listed as {listed[kind].get(name)}"
        for kind, versions in held.items()
        for name, version in sorted(versions.items())
        if listed[kind].get(name) != version
    ]


def find_unhashed(lock: str) -> list[str]:
    """Requirements of a lock that name no version, or no hash of what is to be installed; by name."""
    requirements = lock.replace("\\\n", " ").splitlines()
    return [re.split(r"[^\w.-]", one)[0] for one in requirements if not _LOCKED.fullmatch(one.strip())]


def find_unpinned(workflow: Workflow) -> list[str]:
    """Actions that are not named by a commit, and images that are not named by a digest."""
    jobs = workflow["jobs"].values()
    actions = [one["uses"] for one in [*jobs, *_steps_of(workflow)] if "uses" in one]
    containers = [job["container"] for job in jobs if "container" in job]
    containers += [service for job in jobs for service in job.get("services", {}).values()]
    images = [one if isinstance(one, str) else one["image"] for one in containers]
    return [one for one in actions if not _ACTION.fullmatch(one)] + [one for one in images if not _IMAGE.fullmatch(one)]


def find_permissions(workflow: Workflow, allowed: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What a job's token may do beyond what it is allowed; by the name of the job."""
    # Whoever says nothing gets what the repository gives by default.
    findings = [] if workflow.get("permissions") == {} else ["every job has what the workflow, or nobody, says"]
    for name, job in workflow["jobs"].items():
        given = job.get("permissions", {})
        granted = given.items() if isinstance(given, dict) else [("all", given)]
        findings += [
            f"{name} may {what} {scope}" for scope, what in granted if allowed.get(name, {}).get(scope) != what
        ]
    return findings


def _steps_of(workflow: Workflow) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])
