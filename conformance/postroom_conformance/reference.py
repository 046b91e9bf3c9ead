"""Writes the page of the twelve factors from the tests that prove them.

``python -m postroom_conformance.reference FOLDER`` writes it into the repository at FOLDER (`make docs`). The tests are
read, not imported: what they need is not needed here.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from postroom_conformance.factors import FACTORS, Factor

PAGE = Path("docs/reference/twelve-factor.md")
TESTS = Path("conformance")

_INTRODUCTION = """\
# The twelve factors, proven

<!-- Generated from the tests in conformance/ by `make docs`; do not edit. -->

A factor counts when a check of it runs, and was seen to fail. For each claim this page names the test that proves it,
on what was built (PEX files, images) and on live processes over MariaDB and Redis, and the violation that was planted
to see the same check turn red. Every line in a grey box can be copied into a shell in the repository, and runs.

`make conformance` runs all of it and writes what it saw, figures and output, to `dist/conformance.md`; so does
`make test`.
"""


class ClaimError(Exception):
    """A test that says too little, in words for whoever wrote it."""


@dataclass(slots=True)
class Claim:
    """What is claimed, the test that proves it, and what turned it red: (violation, test)."""

    text: str
    test: str
    violations: list[tuple[str, str]] = field(default_factory=list)


def read_claims(source: str, name: str) -> list[Claim]:
    """The claims of a test module, in its order. Raises ClaimError for a test that is neither proof nor violation."""
    claims: dict[str, Claim] = {}
    for test in _tests(ast.parse(source)):
        match _marks(test):
            case [("proves", [ast.Constant(value=str(text))])]:
                claims[test.name] = Claim(" ".join(text.split()), test.name)
            case [("violates", [ast.Name(id=proof), ast.Constant(value=str(violation))])] if proof in claims:
                claims[proof].violations.append((" ".join(violation.split()), test.name))
            case _:
                raise ClaimError(f"{name}: {test.name} needs either @proves(claim) or @violates(test above, violation)")
    for claim in claims.values():
        if not claim.violations:
            raise ClaimError(f"{name}: no violation turns {claim.test} red")
    _refuse_names_within_others(source, name)
    return list(claims.values())


def render(tests: Path) -> str:
    """The page, from the folder of the tests. Raises ClaimError."""
    return "\n".join([_INTRODUCTION, *(_render_factor(factor, tests) for factor in FACTORS if factor.modules(tests))])


def _render_factor(factor: Factor, tests: Path) -> str:
    lines = [f"## {factor.title}", "", factor.statement, ""]
    for module in factor.modules(tests):
        for claim in read_claims(module.read_text(encoding="utf-8"), module.name):
            lines += [f"**{claim.text}**", "", *_command(module.name, claim.test), "Turned red by:", ""]
            for violation, test in claim.violations:
                lines += [f"- {violation}", "", *_command(module.name, test, indent="  ")]
    return "\n".join(lines)


def _refuse_names_within_others(source: str, name: str) -> None:
    """`-k` takes a part of a name: each command of the page is to run one test."""
    names = [test.name for test in _tests(ast.parse(source))]
    for one in names:
        for other in names:
            if one != other and one in other:
                raise ClaimError(f"{name}: -k {one} runs {other}, too")


def _command(module: str, test: str, *, indent: str = "") -> Iterator[str]:
    yield from (f"{indent}```sh", f"{indent}build-support/test {TESTS}/{module} -- -k {test}", f"{indent}```", "")


def _tests(module: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def _marks(test: ast.FunctionDef) -> list[tuple[str, list[ast.expr]]]:
    return [
        (mark.func.id, mark.args)
        for mark in test.decorator_list
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id in {"proves", "violates"}
    ]


def main(folder: Path) -> None:
    try:
        page = render(folder / TESTS)
    except ClaimError as problem:
        sys.exit(f"{PAGE} cannot be written: {problem}")
    (folder / PAGE).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
