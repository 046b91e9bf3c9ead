"""A PEX file on a machine that has Python, no network, and nothing that an earlier run left."""

from dataclasses import dataclass
from pathlib import Path

from postroom_images_testing.container import Container

_IMPORT_ALL = """
import importlib, pkgutil, sys
names = sorted(
    found.name
    for package in pkgutil.iter_modules()
    if package.name.startswith("postroom_")
    for found in pkgutil.walk_packages(importlib.import_module(package.name).__path__, package.name + ".")
)
for name in names:
    # Alembic runs this one, in a context of its own.
    if name != "postroom_migrations.env":
        importlib.import_module(name)
print(len(names), len(sys.modules))
"""
_RUN = 'set -e; python3.11 /pex --version; PEX_INTERPRETER=1 python3.11 /pex -c "$IMPORT_ALL"'


@dataclass(frozen=True, slots=True)
class Run:
    """What became of it.

    Attributes:
        version: what it answered to `--version`.
        imported: how many modules of ours it imported, and how many with all that they need.
    """

    code: int
    version: str
    imported: str
    problem: str


def run_alone(file: Path, base: str) -> Run:
    """Ask a PEX file for its version, then have it import each of its modules; in a container of `base`."""
    options = [
        "--read-only",
        "--tmpfs=/tmp:exec",
        f"--mount=type=bind,source={file.resolve()},target=/pex,readonly",
        "--entrypoint=/bin/sh",
        "--env=PEX_ROOT=/tmp/pex",
        f"--env=IMPORT_ALL={_IMPORT_ALL}",
    ]
    with Container(base, "-c", _RUN, options=options) as container:
        code = container.wait()
        stdout, stderr = container.output()
    version, _, imported = stdout.strip().partition("\n")
    return Run(code, version, imported, stderr)
