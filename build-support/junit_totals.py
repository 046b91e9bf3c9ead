"""Adds up the JUnit reports that Pants leaves, one for each pytest it ran or remembered."""  # noqa: INP001 - beside the script that uses it

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from xml.etree import ElementTree as ET

Outcomes = Mapping[str, set[str]]
"""Of each test, by its dotted name: which of `failure`, `error` and `skipped` it reports."""


@dataclass(frozen=True)
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def good(self) -> bool:
        """A skipped test proved nothing, and neither did no test at all."""
        return self.passed > 0 and self.failed == 0 and self.skipped == 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        line = f"{self.passed} passed, {self.failed} failed"
        return f"{line}, {self.skipped} skipped" if self.skipped else line


def read(folder: Path) -> Outcomes:
    """One test is one, although pytest writes two cases for a test that fails and whose clean-up fails too."""
    outcomes: dict[str, set[str]] = {}
    for report in folder.glob("*.xml"):
        for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own report
            name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
            outcomes.setdefault(name, set()).update(child.tag for child in case)
    return outcomes


def add_up(outcomes: Outcomes) -> Totals:
    return sum((count(tags) for tags in outcomes.values()), Totals())


def count(tags: set[str]) -> Totals:
    if tags & {"failure", "error"}:
        return Totals(failed=1)
    if "skipped" in tags:
        return Totals(skipped=1)
    return Totals(passed=1)


def find_silent(files: Iterable[str], outcomes: Outcomes) -> list[str]:
    """Test files of which no report says anything: not run, crashed, timed out, or left by a call of exit."""
    modules = {file: ".".join(PurePath(file).with_suffix("").parts) for file in files}
    names = sorted(outcomes)
    return [file for file, module in modules.items() if not any(f"{name}.".startswith(f"{module}.") for name in names)]
