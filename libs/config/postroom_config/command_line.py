"""The command line of a service: everything that it needs stands in the environment."""

import sys
from collections.abc import Sequence

from postroom_config.load import load_or_exit
from postroom_config.release import ReleaseOnly
from postroom_config.version import VERSION

EX_USAGE = 64
"""sysexits.h: the command was used in a wrong way."""


def describe_build() -> str:
    """Version and commit; ends this process with exit code 78 where the environment cannot be used."""
    return f"postroom {VERSION} (commit {load_or_exit(ReleaseOnly).release.commit})"


def answer_arguments(service: str, arguments: Sequence[str]) -> None:
    """Return where there are none; end this process after `--version`, and with 64 after anything else."""
    if not arguments:
        return
    if list(arguments) == ["--version"]:
        sys.stdout.write(f"{describe_build()}\n")
        sys.exit(0)
    sys.stderr.write(f"usage: {service} [--version]    (all else stands in POSTROOM_* variables)\n")
    sys.exit(EX_USAGE)
