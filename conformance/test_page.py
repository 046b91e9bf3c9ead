"""The page of the factors is what the tests say, and each test says enough."""

from pathlib import Path

import pytest

from postroom_conformance.reference import PAGE, ClaimError, main, read_claims

ROOT = Path(__file__).parents[1]
PROOF = '@proves("It holds.")\ndef test_it() -> None: ...\n'
VIOLATION = '@violates(test_it, "a lie")\ndef test_a_lie_is_found() -> None: ...\n'


def test_the_checked_in_page_is_what_the_tests_say(tmp_path: Path) -> None:
    (tmp_path / PAGE).parent.mkdir(parents=True)
    (tmp_path / "conformance").symlink_to(ROOT / "conformance")
    main(tmp_path)
    assert (ROOT / PAGE).read_text("utf-8") == (tmp_path / PAGE).read_text("utf-8"), "run: make docs"


def test_a_claim_is_read_with_what_turned_it_red() -> None:
    [claim] = read_claims(PROOF + VIOLATION, "test_factor_01_x.py")
    assert (claim.text, claim.test) == ("It holds.", "test_it")
    assert claim.violations == [("a lie", "test_a_lie_is_found")]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (PROOF, "no violation turns test_it red"),
        (PROOF + VIOLATION + "def test_more() -> None: ...\n", "test_more needs either"),
        (VIOLATION, "test_a_lie_is_found needs either"),
        ("CLAIM = 'x'\n@proves(CLAIM)\ndef test_it() -> None: ...\n", "test_it needs either"),
        (PROOF + VIOLATION.replace("a_lie_is", "it_is"), "-k test_it runs test_it_is_found, too"),
    ],
    ids=[
        "claim without violation",
        "test without mark",
        "violation of nothing",
        "claim that is computed",
        "one name in two",
    ],
)
def test_a_test_that_says_too_little_is_told(source: str, problem: str) -> None:
    with pytest.raises(ClaimError, match=problem):
        read_claims(source, "test_factor_01_x.py")
