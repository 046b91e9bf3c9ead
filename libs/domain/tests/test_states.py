from itertools import permutations
from uuid import uuid4

import pytest

from postroom_domain.ids import new_id, parse_id
from postroom_domain.retries import LONGEST_SECONDS, backoff_seconds
from postroom_domain.states import State, climb, highest, shown


def test_a_state_never_falls_whatever_the_order() -> None:
    seen = [State.SENT, State.DELIVERY_DELAYED, State.DELIVERED, State.COMPLAINED]
    for order in permutations([*seen, State.SENT]):
        state = State.QUEUED
        for event in order:
            state = climb(state, event)
        assert state is State.COMPLAINED


@pytest.mark.parametrize("ending", [State.FAILED, State.SUPPRESSED, State.CANCELED])
def test_an_end_before_sent_does_not_hide_what_the_provider_says(ending: State) -> None:
    assert climb(State.QUEUED, ending) is ending
    assert climb(State.SENT, ending) is State.SENT


def test_an_email_shows_the_highest_of_its_recipients() -> None:
    assert highest([State.FAILED, State.SENT, State.QUEUED]) is State.SENT


def test_clients_see_our_own_states_as_queued() -> None:
    assert {shown(State.SENDING), shown(State.UNKNOWN)} == {State.QUEUED}
    assert shown(State.SENT) is State.SENT


def test_backoff_grows_to_a_bound_and_never_comes_straight_back() -> None:
    assert all(0.2 <= backoff_seconds(1) <= 2 for _ in range(200))
    assert all(LONGEST_SECONDS / 10 <= backoff_seconds(n) <= LONGEST_SECONDS for n in (20, 1000, 10**9))


def test_backoff_spreads() -> None:
    assert len({round(backoff_seconds(6), 1) for _ in range(100)}) > 50


def test_ids_are_in_order_of_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert {i.version for i in ids} == {7}


def test_only_the_canonical_form_is_an_id() -> None:
    one = uuid4()
    assert parse_id(str(one)) == one
    assert parse_id(str(one).upper()) == one
    for other in ("", "x", one.hex, f"{{{one}}}", f"urn:uuid:{one}"):
        assert parse_id(other) is None
