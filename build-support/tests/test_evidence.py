import os
import subprocess
import sys
from pathlib import Path

from evidence import read_evidence, render
from run_tests import split

CONFTEST = "from postroom_conformance.fixtures import evidence, said\n"
PROOFS = """
import pytest
from postroom_conformance.claims import proves, violates

@proves("It holds.")
@pytest.mark.parametrize("service", ["api", "worker"])
def test_it(service, evidence):
    evidence(f"{service}: 3 of 3")
    evidence("exit code 0")
    assert service == "api"

@violates(test_it, "a lie")
def test_a_lie(): pass

@proves("It shows nothing.")
def test_what_shows_nothing(evidence): pass
"""


def run_pytest(folder: Path, name: str, source: str) -> None:
    tests = folder / "conformance"
    tests.mkdir(exist_ok=True)
    (tests / "conftest.py").write_text(CONFTEST)
    (tests / f"{name}.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={folder}"]
    command += ["--import-mode=importlib", "-o", "junit_family=xunit1", f"--junit-xml={folder / name}.xml"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([*command, tests / f"{name}.py"], check=False, cwd=folder, env=environment, capture_output=True)


def test_what_was_seen_stands_under_its_claim(tmp_path: Path) -> None:
    run_pytest(tmp_path, "test_factor_01_codebase", PROOFS)

    page = render(read_evidence(tmp_path))

    assert "1 of 3 proofs hold; 1 of 1 planted violations turned red." in page
    assert page.count("**It holds.**") == 1
    lines = [line.partition(" s: ") for line in page.splitlines() if line.startswith("- ")]
    assert [(before.split(",")[0], after) for before, _, after in lines] == [
        ("- holds", "test_it[api]"),
        ("- FAILED", "test_it[worker]"),
        ("- turned red", "a lie"),
        ("- FAILED", "test_what_shows_nothing"),
    ]
    assert "  - api: 3 of 3\n  - exit code 0\n" in page


def test_other_tests_are_no_evidence(tmp_path: Path) -> None:
    run_pytest(tmp_path, "test_page", "def test_other(): pass\n")

    assert len(list(tmp_path.glob("*.xml"))) == 1
    assert read_evidence(tmp_path) == []


def test_what_pytest_is_given_stands_behind_the_targets() -> None:
    assert split([]) == (["::"], [])
    assert split(["libs/config::"]) == (["libs/config::"], [])
    assert split(["a.py", "--", "-k", "b"]) == (["a.py"], ["--", "-k", "b"])
