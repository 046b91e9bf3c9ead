from postroom_benchmarks.accept import SIDES, measure


def test_every_side_takes_its_turn_and_is_measured() -> None:
    figures = measure(rounds=1, seconds=0.5)
    assert set(figures.per_second) == set(SIDES)
    assert all(figure > 0 for figure in (*figures.per_second.values(), *figures.latency_ms.values()))
    # Two ends that no machine turns round, however busy: what stores nothing is faster than one commit at a time.
    assert figures.per_second["none"] > figures.per_second["single1"]
