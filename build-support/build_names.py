"""What a build is called: environment variables for Pants, which puts them into images (deploy/images/Dockerfile)."""  # noqa: INP001 - a script's

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from build_manifest import tag_of

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class BuildNames:
    """The build of what is checked out.

    Args:
        commit: 40 hex digits.
        modified: whether files differ from the commit's; the build is not called by the commit alone then.
        version: of Postroom.
        source_url: where the sources are published, or `unknown`.
    """

    commit: str
    modified: bool
    version: str
    source_url: str

    @property
    def tag(self) -> str:
        return tag_of(self.commit, modified=self.modified)

    @property
    def environment(self) -> dict[str, str]:
        return {"GIT_COMMIT": self.tag, "VERSION": self.version, "SOURCE_URL": self.source_url}


def read_names() -> BuildNames:
    return BuildNames(
        commit=ask("git", "rev-parse", "HEAD"),
        modified=bool(ask("git", "status", "--porcelain")),
        version=read_version(),
        source_url=_source_url(),
    )


def read_version(root: Path = ROOT) -> str:
    version = (root / "libs/config/postroom_config/version.py").read_text()
    return str(re.findall(r'^VERSION = "(.+)"$', version, re.MULTILINE)[0])


def ask(*command: str) -> str:
    """What a command prints. Its failure ends this process: its own words on stderr say why."""
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
    if answer.returncode != 0:
        sys.exit(f"{' '.join(command[:3])} ended with {answer.returncode}, see above")
    return answer.stdout.strip()


def _source_url() -> str:
    # Set on GitHub's runners.
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        return f"{os.environ['GITHUB_SERVER_URL']}/{repository}"
    return os.environ.get("SOURCE_URL", "unknown")
