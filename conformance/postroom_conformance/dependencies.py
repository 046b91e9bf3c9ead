"""Whether an artifact holds what its lock names, and nothing that builds or fetches."""

import re
from collections.abc import Mapping

from postroom_conformance.alone import Run
from postroom_images_testing.contents import PACKAGES
from postroom_images_testing.image import Files

_PIN = re.compile(r"^([a-z0-9-]+)==([^ ]+)", re.MULTILINE)
_INSTALLED = re.compile(re.escape(PACKAGES) + r"([^/]+)-([^/-]+)\.dist-info/")
_BUILDERS = re.compile(
    r"^(?:usr/)?(?:local/)?s?bin/((?:[\w-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|ld|as)(?:-[\d.]+)?|make|git|curl|wget)$"
)


def read_pins(lock: str) -> dict[str, str]:
    """Versions by name."""
    return dict(_PIN.findall(lock))


def read_installed(files: Files) -> dict[str, str]:
    """Versions by name of the distributions in an artifact."""
    found = {found.groups() for path in files if (found := _INSTALLED.match(path))}
    return {normalize(name): version for name, version in found}


def normalize(name: str) -> str:
    """Of a distribution, as indexes compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_unlocked(files: Files, pins: Mapping[str, str]) -> list[str]:
    """Distributions of another version than the lock's, or that it does not name."""
    return [
        f"{name} {version} is locked as {pins.get(name)}"
        for name, version in sorted(read_installed(files).items())
        if pins.get(name) != version
    ]


def find_builders(files: Files) -> list[str]:
    """Compilers, git, and what fetches; ours or the base's."""
    return [f"/{path} is there" for path in files if _BUILDERS.match(path)]


def find_incomplete(runs: Mapping[str, Run]) -> list[str]:
    """Artifacts that could not import all of their modules by themselves."""
    return [
        f"{entry_point} ended with {run.code}: {(run.problem.splitlines() or [''])[-1]}"
        for entry_point, run in runs.items()
        if run.code != 0
    ]
