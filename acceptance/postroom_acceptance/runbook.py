"""The commands of a page in docs/, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

_BLOCK = r"^## {heading}\n(?:(?!^## ).*\n)*?```sh\n(?P<commands>(?:(?!^```).*\n)+)```$"


class Runbook:
    """A page, and a folder in which its commands run.

    Args:
        page: with one ``sh`` block under each heading that is run.
        folder: empty; what the commands leave is found there.
        environment: of the commands; the page's ``python`` is the one that runs this.
    """

    def __init__(self, page: Path, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._page = page.read_text()
        self._environment = environment
        programs = folder / "bin"
        programs.mkdir()
        python = programs / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        self._programs = str(programs)

    def run(self, heading: str, **variables: str) -> str:
        """Run the block under a heading; what it printed. Raises AssertionError when a command fails."""
        found = re.search(_BLOCK.format(heading=re.escape(heading)), self._page, re.MULTILINE)
        if found is None:
            raise AssertionError(f"the page has no sh block under {heading!r}")
        environment = self._environment | variables
        done = subprocess.run(  # noqa: S603 - the page's own commands are what is tested
            ["/bin/bash", "-euo", "pipefail", "-c", found["commands"]],
            cwd=self.folder,
            env=environment | {"PATH": f"{self._programs}:{environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"{heading!r} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout
