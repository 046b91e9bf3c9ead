"""The ledger's own book-keeping: a wrong one would hide what the chaos suite looks for."""

from dataclasses import replace

import pytest

from postroom_chaos.explanation import Cause, Explainer
from postroom_chaos.ledger import Ledger, draw_up
from postroom_chaos.records import End, Happened, Life, Note, Records, Taken

LEASE = 9.0
KEY, OTHER_KEY = "AKIA1", "AKIA2"
FIRST = Taken("one", 1, 100.0, KEY, answered=True)
SECOND = Taken("one", 1, 120.0, OTHER_KEY, answered=True)
WORKER = Life("worker-1", KEY, 0.0, 500.0, 501.0, End.STOPPED, 0)


def note(event: str, at: float, *, key: str = KEY, email_id: str = "one") -> Note:
    return Note(email_id, at, key, event, "why")


def fault(began: float, ended: float, target: str = "database") -> Happened:
    return Happened(7, "paused", target, began, ended)


def explain(*notes: Note, first: Taken = FIRST, life: Life = WORKER, faults: tuple[Happened, ...] = ()) -> Cause | None:
    records = Records((life, Life("worker-2", OTHER_KEY, 0.0)), faults, notes)
    return Explainer(records, lease_seconds=LEASE).explain(first, SECOND)


def ended(at: float, end: End) -> Life:
    return replace(WORKER, ended=at, end=end)


def book(taken: list[Taken], states: dict[str, str]) -> Ledger:
    return draw_up({1: "one", 2: "two"}, taken, states, Explainer(Records((), (), ()), lease_seconds=LEASE))


def test_nothing_explains_a_double_that_nothing_was_noted_of() -> None:
    assert explain() is None


def test_an_answer_that_was_not_given_explains_it() -> None:
    cause = explain(first=replace(FIRST, answered=False), faults=(fault(99, 101, "SES"),))
    assert cause == Cause("no answer", "#7 paused of SES")


def test_the_workers_own_word_that_no_answer_came_explains_it() -> None:
    assert explain(note("email.unsettled", 102)) == Cause("no answer", "email.unsettled: why")


@pytest.mark.parametrize(
    "said",
    [
        note("email.unsettled", 102, key=OTHER_KEY),
        note("email.unsettled", 102, email_id="two"),
        note("email.unsettled", 99),
        note("email.unsettled", 115),
        note("email.parked", 102),
    ],
    ids=["another worker", "another email", "an attempt before", "an attempt after", "something else"],
)
def test_what_was_said_of_something_else_explains_nothing(said: Note) -> None:
    assert explain(said) is None


@pytest.mark.parametrize("event", ["outcome.lost", "lease.lost"])
def test_an_outcome_that_was_not_written_needs_a_fault_of_the_database(event: str) -> None:
    assert explain(note(event, 108)) is None
    assert explain(note(event, 108), faults=(fault(99, 101, "SES"), fault(110, 112), fault(80, 90))) is None
    assert explain(note(event, 108), faults=(fault(100.5, 110),)) == Cause(
        "outcome not written", f"{event}; #7 paused of database"
    )


def test_a_worker_killed_at_once_explains_it() -> None:
    cause = explain(life=ended(100.2, End.KILLED))
    assert cause is not None
    assert cause.name == "worker killed"


def test_a_worker_killed_later_explains_it_while_the_database_keeps_it_from_writing() -> None:
    assert explain(life=ended(107.0, End.KILLED)) is None
    assert explain(life=ended(107.0, End.KILLED), faults=(fault(99, 110),)) is not None
    assert explain(life=ended(110.0, End.KILLED), faults=(fault(99, 110),)) is None


def test_a_worker_killed_before_it_could_send_explains_nothing() -> None:
    assert explain(life=ended(99.9, End.KILLED)) is None


def test_a_worker_killed_after_the_second_time_explains_nothing() -> None:
    assert explain(first=replace(FIRST, at=119.0), life=ended(121.0, End.KILLED)) is None


def test_a_worker_that_had_written_the_outcome_explains_nothing() -> None:
    assert explain(note("email.sent", 100.1), life=ended(100.2, End.KILLED), faults=(fault(99, 110),)) is None


def test_a_worker_asked_to_stop_must_have_been_kept_from_finishing() -> None:
    assert explain(life=ended(102.0, End.STOPPED)) is None
    assert explain(life=ended(102.0, End.STOPPED), faults=(fault(99, 101),)) is not None


def test_a_process_that_nobody_knows_explains_nothing() -> None:
    assert explain(first=replace(FIRST, access_key="AKIA3"), faults=(fault(99, 110),)) is None


def test_every_mail_once_is_a_good_ledger() -> None:
    ledger = book([FIRST, Taken("two", 2, 101.0, KEY, answered=True)], {"one": "sent", "two": "sent"})
    assert ledger.problems(hold=False) == ledger.problems(hold=True) == []


def test_a_mail_that_neither_came_nor_is_held_is_lost() -> None:
    ledger = book([FIRST], {"one": "sent", "two": "sent"})
    assert ledger.lost == ("two",)
    assert ledger.problems(hold=False) == ["1 lost"]


def test_a_held_mail_is_listed_and_not_lost_where_mail_is_held() -> None:
    ledger = book([FIRST], {"one": "sent", "two": "held"})
    assert (ledger.lost, ledger.held) == ((), ("two",))
    assert ledger.problems(hold=True) == []
    assert ledger.problems(hold=False) == ["1 held although mail of unknown outcome is sent again"]


def test_a_double_without_a_cause_is_a_problem() -> None:
    both = Taken("two", 2, 101.0, KEY, answered=True)
    ledger = book([SECOND, both, FIRST], {"one": "sent", "two": "sent"})
    assert [(doubled.first, doubled.second, doubled.cause) for doubled in ledger.doubled] == [(FIRST, SECOND, None)]
    assert ledger.problems(hold=False) == ["1 doubled without a cause"]


def test_a_double_with_a_cause_is_one_only_where_mail_is_held() -> None:
    unanswered = replace(FIRST, answered=False)
    both = Taken("two", 2, 101.0, KEY, answered=True)
    ledger = book([unanswered, SECOND, both], {})
    assert ledger.problems(hold=False) == []
    assert ledger.problems(hold=True) == ["1 doubled although mail of unknown outcome is held"]


@pytest.mark.parametrize("number", [None, 2, 3], ids=["not one of ours", "another id answered", "never accepted"])
def test_a_mail_that_no_client_was_promised_is_a_stray(number: int | None) -> None:
    stray = Taken("three", number, 101.0, KEY, answered=True)
    ledger = book([FIRST, Taken("two", 2, 101.0, KEY, answered=True), stray], {})
    assert ledger.strays == (stray,)
    assert ledger.problems(hold=False) == ["1 taken by SES, but not what the api answered"]
