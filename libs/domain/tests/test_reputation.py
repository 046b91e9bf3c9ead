import pytest

from postroom_domain.reputation import FEWEST, Brake

BOUNCES = Brake(percent=5, min_volume=1000)
COMPLAINTS = Brake(percent=0.1, min_volume=1000)


@pytest.mark.parametrize(
    ("brake", "troubled", "sent", "sets_in"),
    [
        (BOUNCES, 50, 1000, True),
        (BOUNCES, 50, 1001, False),
        (BOUNCES, 49, 999, False),
        (BOUNCES, 999, 999, False),
        (BOUNCES, 1000, 1000, True),
        (COMPLAINTS, 5, 5000, True),
        (COMPLAINTS, 5, 5001, False),
        (COMPLAINTS, 5, 1000, True),
        (COMPLAINTS, FEWEST - 1, 1000, False),
        (COMPLAINTS, 7, 7000, True),
        (Brake(percent=100, min_volume=5), 5, 5, True),
        (Brake(percent=100, min_volume=5), 5, 6, False),
        (Brake(percent=2.3, min_volume=10), 23, 1000, True),
    ],
)
def test_it_sets_in_at_the_rate_among_enough_emails(brake: Brake, troubled: int, sent: int, *, sets_in: bool) -> None:
    assert brake.sets_in(troubled=troubled, sent=sent) is sets_in


@pytest.mark.parametrize("percent", [0.1, 0.3, 0.7, 1, 2.9, 5, 33.3, 100])
def test_what_it_says_in_advance_is_what_it_decides(percent: float) -> None:
    brake = Brake(percent=percent, min_volume=50)
    for troubled in (brake.fewest, brake.fewest + 1, 77, 1001):
        most = brake.most_sent(troubled)
        assert brake.sets_in(troubled=troubled, sent=most)
        assert not brake.sets_in(troubled=troubled, sent=most + 1)
    too_few = brake.fewest - 1
    assert not any(brake.sets_in(troubled=too_few, sent=sent) for sent in range(too_few, 60_000))


def test_none_at_zero_percent() -> None:
    assert Brake(percent=0, min_volume=1000).is_off
    assert not COMPLAINTS.is_off
