"""The book-keeping of events and slots: a wrong one would hide what the chaos suite looks for."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from postroom_chaos.slots import FIRED, Slot, draw_up_slots
from postroom_chaos.telling import TYPES, EventsLedger, Told, Untold, draw_up_events

EMAILS, WEBHOOKS = ("one", "two"), ("steady", "moody")
TOLD = [
    Told(webhook, f"msg_{webhook}_{kind}_{email_id}", kind, email_id, verified=True)
    for webhook in WEBHOOKS
    for kind in TYPES
    for email_id in EMAILS
]
SLOTS = [
    Slot("schedule 1", datetime(2026, 11, 24, 9, minute, tzinfo=UTC), FIRED, f"email {minute}") for minute in (1, 2, 3)
]
TAKEN = {"email 1": "schedule 1", "email 2": "schedule 1", "email 3": "schedule 1"}


def book(told: list[Told]) -> EventsLedger:
    return draw_up_events(EMAILS, told, WEBHOOKS)


def test_all_told_once_is_a_good_ledger() -> None:
    ledger = book(TOLD)
    assert (ledger.expected, ledger.posts, ledger.repeated, ledger.problems()) == (8, 8, 0, [])


def test_what_one_webhook_was_not_told_is_missing() -> None:
    ledger = book(TOLD[1:])
    assert ledger.untold == (Untold("steady", "email.sent", "one"),)
    assert ledger.problems() == ["1 events that a webhook was never told"]


def test_what_was_told_again_is_counted_and_no_problem() -> None:
    ledger = book([*TOLD, TOLD[0], TOLD[0]])
    assert (ledger.repeated, ledger.problems()) == (2, [])


def test_a_wrong_signature_is_a_problem() -> None:
    assert book([*TOLD, replace(TOLD[0], verified=False)]).problems() == ["1 posts with a wrong signature"]


def test_a_slot_a_minute_with_an_email_each_is_a_good_ledger() -> None:
    ledger = draw_up_slots(SLOTS, TAKEN, (), fewest=3)
    assert (ledger.slots, ledger.problems) == (3, ())


def test_an_email_that_is_held_is_not_lost() -> None:
    taken = {"email 1": "schedule 1", "email 2": "schedule 1"}
    assert draw_up_slots(SLOTS, taken, {"email 3"}, fewest=3).problems == ()


@pytest.mark.parametrize(
    ("slots", "taken", "problem"),
    [
        ([SLOTS[0], SLOTS[2]], {"email 1": "schedule 1", "email 3": "schedule 1"}, "0:02:00 from"),
        (SLOTS[:1], {"email 1": "schedule 1"}, "only 1 slots"),
        (SLOTS, {"email 1": "schedule 1", "email 2": "schedule 1"}, "its email was lost"),
        (SLOTS, TAKEN | {"email 4": "schedule 1"}, "email email 4 is of no slot"),
        (SLOTS, TAKEN | {"email 4": "schedule 2"}, "email email 4 is of no slot"),
        ([*SLOTS[:2], replace(SLOTS[2], outcome="skipped", email_id=None)], TAKEN, "skipped"),
        ([*SLOTS[:2], replace(SLOTS[2], email_id="email 2")], TAKEN, "email email 2 is of 2 slots"),
    ],
    ids=[
        "a slot is missing",
        "too few slots",
        "an email is missing",
        "one email more",
        "of no schedule",
        "a slot was skipped",
        "one twice",
    ],
)
def test_whatever_else_is_a_problem(slots: list[Slot], taken: dict[str, str], problem: str) -> None:
    problems = draw_up_slots(slots, taken, (), fewest=2).problems
    assert any(problem in one for one in problems), problems
