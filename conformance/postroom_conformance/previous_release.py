"""The release before the newest change of the schema: found in the history of a checkout, and built from it."""

import os
import subprocess
from pathlib import Path

from postroom_conformance.artifacts import Artifacts

_VERSIONS = "libs/database/postroom_migrations/versions"
_PEX_FILES = ("services/api:api", "services/worker:worker", "services/scheduler:scheduler", "services/worker:admin")


class HistoryMissing(Exception):  # noqa: N818 - it says what is wrong
    """The checkout does not hold the commit of that release. Says what to do."""


def find_previous(checkout: Path, revision: str) -> str:
    """The newest tag ``v*`` without a migration; where there is none, the commit before that migration came.

    Releases since then have the same schema as this one, so they say nothing of how it changes.

    Args:
        checkout: a clone with all its history.
        revision: of the newest migration; one that is not committed yet comes after HEAD.
    """
    if _git(checkout, "rev-parse", "--is-shallow-repository") == "true":
        raise HistoryMissing(
            f"{checkout} holds a part of the history only, and the release before migration {revision} is older:"
            " `git fetch --unshallow --tags`"
        )
    # Its number names a migration: the file may be called otherwise later.
    added = _git(
        checkout, "log", "--diff-filter=A", "--format=%H", "--", f":(top,glob){_VERSIONS}/{revision}_*.py"
    ).splitlines()
    if not added:
        return _git(checkout, "rev-parse", "HEAD")
    tags = _git(
        checkout,
        *("-c", "versionsort.suffix=-"),  # v1.0.0-rc1 is older than v1.0.0
        *("tag", "--list", "v*", "--sort=-version:refname", "--merged", "HEAD", "--no-contains", added[-1]),
    ).splitlines()
    return tags[0] if tags else _git(checkout, "rev-parse", f"{added[-1]}^")


def build(checkout: Path, commit: str, folder: Path) -> Artifacts:
    """Build its PEX files with its own Pants and its own lock, in a folder that is empty; what is cached is used.

    Raises:
        RuntimeError: it cannot be built. Ends with what Pants said.
    """
    archive = subprocess.run(  # noqa: S603 - a commit that git named
        ["git", "-C", checkout, "archive", commit],  # noqa: S607 - from PATH, as the caller has it
        stdout=subprocess.PIPE,
        check=True,
    )
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)  # noqa: S603, S607 - likewise
    built = subprocess.run(  # noqa: S603 - of a commit of ours
        ["./pants", "--no-pantsd", "package", *_PEX_FILES],
        cwd=folder,
        env=os.environ | {"PANTS_CONCURRENT": "true"},  # beside the Pants that runs this
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if built.returncode != 0:
        raise RuntimeError(f"{commit} cannot be built:\n{built.stdout[-4000:]}")
    return Artifacts(folder / "dist")


def _git(checkout: Path, *arguments: str) -> str:
    answer = subprocess.run(  # noqa: S603 - options of ours, and a number
        ["git", "-C", checkout, *arguments],  # noqa: S607 - from PATH, as the caller has it
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise HistoryMissing(f"git cannot tell the history of {checkout}: {answer.stderr.strip()}")
    return answer.stdout.strip()
