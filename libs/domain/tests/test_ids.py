from datetime import UTC, datetime, timedelta

from postroom_domain.ids import first_id, new_id


def test_the_first_id_of_a_moment_stands_between_what_is_older_and_what_is_not() -> None:
    before = datetime.now(UTC)
    made = [new_id() for _ in range(1000)]
    after = datetime.now(UTC)
    assert all(first_id(before) <= one < first_id(after + timedelta(milliseconds=1)) for one in made)
    assert (first_id(before).version, first_id(before).variant) == (made[0].version, made[0].variant)


def test_it_is_the_smallest_of_its_millisecond() -> None:
    moment = datetime(2026, 1, 1, 12, 0, 0, 123_999, tzinfo=UTC)
    assert str(first_id(moment)) == "019b796d-d67b-7000-8000-000000000000"
    assert (
        first_id(moment) == first_id(moment.replace(microsecond=123_000)) < first_id(moment + timedelta(milliseconds=1))
    )
