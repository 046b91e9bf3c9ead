import subprocess
import sys
from pathlib import Path

import pytest
from junit_totals import Totals, add_up, find_silent, read

OUTCOMES = """
import pytest

@pytest.fixture
def breaks_after():
    yield
    raise RuntimeError

@pytest.fixture
def breaks_before():
    raise RuntimeError

def test_passes(): pass
def test_passes_too(): pass
def test_fails(): assert False
def test_errs_before(breaks_before): pass
def test_errs_after(breaks_after): pass
def test_fails_and_errs_after(breaks_after): assert False
def test_is_skipped(): pytest.skip("for a reason")
@pytest.mark.xfail
def test_is_expected_to_fail(): assert False
"""


def run_pytest(folder: Path, name: str, source: str) -> None:
    test = folder / f"test_{name}.py"
    test.write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
    subprocess.run([*command, f"--junit-xml={folder / name}.xml", test], check=False, cwd=folder, capture_output=True)


def test_counts_each_outcome_of_a_real_pytest_once(tmp_path: Path) -> None:
    run_pytest(tmp_path, "outcomes", OUTCOMES)

    totals = add_up(read(tmp_path))

    assert totals == Totals(passed=2, failed=4, skipped=2)
    assert str(totals) == "2 passed, 4 failed, 2 skipped"


def test_adds_up_several_reports(tmp_path: Path) -> None:
    run_pytest(tmp_path, "one", "def test_one(): pass")
    run_pytest(tmp_path, "two", "def test_two(): pass")

    totals = add_up(read(tmp_path))

    assert totals.good
    assert str(totals) == "2 passed, 0 failed"


def test_a_file_that_cannot_be_imported_is_a_failure(tmp_path: Path) -> None:
    run_pytest(tmp_path, "broken", "import no_such_module")

    assert add_up(read(tmp_path)) == Totals(failed=1)


@pytest.mark.parametrize("totals", [Totals(), Totals(passed=1, skipped=1), Totals(passed=1, failed=1)])
def test_nothing_skipped_or_failed_is_not_good(totals: Totals) -> None:
    assert not totals.good


def test_a_file_that_ends_before_its_tests_do_is_silent(tmp_path: Path) -> None:
    run_pytest(tmp_path, "leaves", "import os\ndef test_leaves(): os._exit(0)")
    run_pytest(tmp_path, "stays", "class TestIt:\n    def test_stays(self): pass")
    run_pytest(tmp_path, "broken", "import no_such_module")

    files = ["test_leaves.py", "test_stays.py", "test_broken.py", "test_stay.py"]

    assert find_silent(files, read(tmp_path)) == ["test_leaves.py", "test_stay.py"]
