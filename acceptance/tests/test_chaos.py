"""Two minutes of what `make chaos` does in ten."""

import pytest

from postroom_chaos.run import Wanted, run

pytestmark = pytest.mark.timeout(800)


def assert_good(wanted: Wanted) -> None:
    report = run(wanted, lambda _: None)
    text = "\n".join(report.lines())
    print(text)  # noqa: T201 - the ledger
    assert not report.problems(), text
    assert report.ledger.taken > 0


def test_nothing_is_lost_and_every_double_has_a_cause() -> None:
    assert_good(Wanted(seconds=90, emails=1500, faults=45, seed=1, hold=False))


def test_nothing_is_lost_and_nothing_doubled_where_unknown_outcomes_are_held() -> None:
    assert_good(Wanted(seconds=40, emails=700, faults=20, seed=2, hold=True))
