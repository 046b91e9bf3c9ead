"""Runs tests with Pants, for build-support/test. Targets may be named, all run otherwise.

The last line says `N passed, N failed`, and `N skipped` where there are any. The exit code is 0 only when every
test that Pants knows ran and passed, now or, with the same inputs, before. A test file that no report names did
not run, or never came to its end: it counts as one failure. After `--` stands what pytest is given: `-- -k a_test`.

What the tests of conformance saw is written to dist/conformance.md.
"""  # noqa: INP001 - a script

import os
import shutil
import subprocess
import sys
from pathlib import Path

from build_names import ROOT, read_names
from evidence import read_evidence, render
from junit_totals import Totals, add_up, find_silent, read

PANTS = str(ROOT / "pants")
REPORTS = Path("dist/test-reports")
EVIDENCE = Path("dist/conformance.md")
PLANTED = {"POSTROOM_SECRET_KEY": "planted-in-the-environment-of-the-build-5d0c2f81"}
"""For a test that looks whether something of it got into what was built."""


def main(arguments: list[str]) -> int:
    targets, options = split(arguments)
    shutil.rmtree(ROOT / REPORTS, ignore_errors=True)
    command = [PANTS, "test", "--report", f"--report-dir={REPORTS}", *targets, *options]
    environment = os.environ | read_names().environment | PLANTED | {"POSTROOM_CHECKOUT": str(ROOT)}
    pants = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)  # noqa: S603 - ours

    outcomes = read(ROOT / REPORTS)
    totals = add_up(outcomes)
    for file in find_silent(list_test_files(targets), outcomes):
        sys.stdout.write(f"no report names {file}: it did not run, or not to its end\n")
        totals += Totals(failed=1)
    if shown := read_evidence(ROOT / REPORTS):
        (ROOT / EVIDENCE).write_text(render(shown), encoding="utf-8")
        sys.stdout.write(f"{EVIDENCE}: what the tests of conformance saw\n")
    if pants.returncode != 0 and totals.failed == 0:
        sys.stdout.write(f"Pants ended with {pants.returncode} although no test failed, see above\n")
        totals += Totals(failed=1)
    sys.stdout.write(f"{totals}\n")
    return 0 if totals.good and pants.returncode == 0 else 1


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Targets, all where none is named, and what follows them for pytest, `--` included."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end] or ["::"], arguments[end:]


def list_test_files(targets: list[str]) -> list[str]:
    command = [PANTS, "--filter-target-type=python_test", "list", *targets]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
    return [address.partition(":")[0] for address in listed.stdout.split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
