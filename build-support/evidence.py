"""What the tests of conformance saw, from their JUnit reports, as a page: dist/conformance.md."""  # noqa: INP001 - beside the script that uses it

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

PACKAGE = "conformance.test_"


@dataclass(frozen=True)
class Shown:
    """One test as it ran.

    Args:
        name: with the parameters that it ran with.
        claim: that it proves; None: it plants a violation.
    """

    module: str
    name: str
    passed: bool
    seconds: float
    claim: "str | None"
    violation: "str | None"
    against: "str | None"
    evidence: "tuple[str, ...]"


def read_evidence(folder: Path) -> "list[Shown]":
    """Of all reports there; nothing where no test of conformance ran."""
    shown = [_read(case) for report in sorted(folder.glob("*.xml")) for case in _cases(report)]
    # A test whose clean-up fails has two cases: the second holds no properties.
    return sorted((one for one in shown if one.claim or one.violation), key=lambda one: one.module)


def render(shown: "list[Shown]") -> str:
    """The page."""
    proofs = [one for one in shown if one.claim]
    red = [one for one in shown if one.violation]
    lines = [
        "# Conformance",
        "",
        f"{_passed(proofs)} of {len(proofs)} proofs hold; {_passed(red)} of {len(red)} planted violations turned red.",
        "",
    ]
    module = claim = None
    for one in shown:
        if one.module != module:
            module = one.module
            lines += [f"## {module.removeprefix(PACKAGE)}", ""]
        if one.claim and one.claim != claim:
            claim = one.claim
            lines += [f"**{claim}**", ""]
        verdict = ("holds" if one.claim else "turned red") if one.passed else "FAILED"
        lines.append(f"- {verdict}, {one.seconds:.1f} s: {one.violation or one.name}")
        lines += [f"  - {line}" for line in one.evidence]
        lines.append("")
    return "\n".join(lines)


def _cases(report: Path) -> "Iterator[ET.Element]":
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own report
        if (case.get("classname") or "").startswith(PACKAGE):
            yield case


def _read(case: ET.Element) -> Shown:
    said = [(one.get("name"), one.get("value") or "") for one in case.iter("property")]
    one = dict(said)
    return Shown(
        module=case.get("classname") or "",
        name=case.get("name") or "",
        passed=not any(child.tag in {"failure", "error", "skipped"} for child in case),
        seconds=float(case.get("time") or 0),
        claim=one.get("claim"),
        violation=one.get("violation"),
        against=one.get("against"),
        evidence=tuple(value for name, value in said if name == "evidence"),
    )


def _passed(shown: "list[Shown]") -> int:
    return sum(one.passed for one in shown)
