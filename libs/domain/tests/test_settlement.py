from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom_domain.settlement import Standing, settle
from postroom_domain.states import State

ONE, TWO = "one@example.com", "two@example.com"


def standing(state: State, last_event: State = State.QUEUED, **recipients: State) -> Standing:
    return Standing(state, last_event, {f"{name}@example.com": known for name, known in recipients.items()})


@pytest.mark.parametrize("state", [State.QUEUED, State.UNKNOWN, State.SUSPECT, State.HELD])
def test_an_email_is_sent_when_nothing_is_open(state: State) -> None:
    before = standing(state, one=State.UNKNOWN, two=State.QUEUED)
    partly = settle(before, State.SENT, [ONE])
    assert (partly.state, partly.last_event, partly.is_settled) == (state, State.SENT, False)
    wholly = settle(partly, State.DELIVERED, [TWO])
    assert (wholly.state, wholly.last_event, wholly.is_settled) == (State.SENT, State.DELIVERED, True)


def test_a_worker_keeps_its_state() -> None:
    after = settle(standing(State.SENDING, one=State.QUEUED), State.SENT, [ONE])
    assert (after.state, after.last_event, after.recipients) == (State.SENDING, State.SENT, {ONE: State.SENT})


def test_failures_end_an_email_only_when_all_have_failed() -> None:
    before = standing(State.UNKNOWN, one=State.UNKNOWN, two=State.UNKNOWN)
    partly = settle(before, State.FAILED, [ONE])
    assert (partly.state, partly.last_event) == (State.UNKNOWN, State.QUEUED)
    assert settle(partly, State.FAILED, [TWO]).state is State.FAILED
    assert settle(partly, State.SENT, [TWO]).state is State.SENT
    suppressed = settle(standing(State.UNKNOWN, one=State.SUPPRESSED, two=State.UNKNOWN), State.FAILED, [TWO])
    assert (suppressed.state, suppressed.last_event) == (State.SUPPRESSED, State.SUPPRESSED)


def test_the_order_of_what_is_told_does_not_matter() -> None:
    told = [State.SENT, State.DELIVERED, State.DELIVERY_DELAYED, State.BOUNCED, State.FAILED]
    ends = set()
    for order in permutations(told):
        after = standing(State.UNKNOWN, one=State.UNKNOWN)
        for state in order:
            after = settle(after, state, [ONE])
        ends.add((after.state, after.last_event, after.recipients[ONE]))
    assert ends == {(State.SENT, State.BOUNCED, State.BOUNCED)}


def test_nobody_told_of_changes_nothing() -> None:
    before = standing(State.UNKNOWN, one=State.UNKNOWN)
    assert settle(before, State.DELIVERED, []) == before


ADDRESSES = (ONE, TWO, "three@example.com")
TOLD = (State.SENT, State.DELIVERY_DELAYED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.FAILED)
WORDS = st.tuples(st.sampled_from(TOLD), st.sets(st.sampled_from(ADDRESSES)).map(sorted))
BEFORE = st.builds(
    lambda state, known: Standing(state, State.QUEUED, dict(zip(ADDRESSES, known, strict=True))),
    st.sampled_from([State.QUEUED, State.SENDING, State.UNKNOWN, State.SUSPECT, State.HELD]),
    st.lists(st.sampled_from([State.QUEUED, State.UNKNOWN, State.SUPPRESSED, State.FAILED]), min_size=3, max_size=3),
)


@given(st.data(), BEFORE, st.lists(WORDS, max_size=8))
def test_whatever_is_told_order_and_repetition_do_not_matter(
    data: st.DataObject, before: Standing, words: list[tuple[State, list[str]]]
) -> None:
    again = data.draw(st.lists(st.sampled_from(words), max_size=4)) if words else []
    mixed = data.draw(st.permutations([*words, *again]))
    ends = []
    for order in (words, mixed):
        after = before
        for told, addresses in order:
            after = settle(after, told, addresses)
        ends.append(after)
    assert ends[0] == ends[1]
