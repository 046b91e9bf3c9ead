import threading
from collections.abc import Iterator
from contextlib import contextmanager

from postroom_chaos.plan import Planned
from postroom_chaos.storm import Storm

FIRST, SECOND, OTHER = (
    Planned(1, 0.0, "kill", "worker-1", 0.0),
    Planned(2, 0.0, "stop", "worker-1", 0.0),
    Planned(3, 0.0, "kill", "redis", 0.0),
)


class Weather:
    """Notes what began and ended."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.broken: int | None = None

    @contextmanager
    def begin(self, planned: Planned) -> Iterator[None]:
        self.seen.append(("began", planned.number))
        yield
        if planned.number == self.broken:
            raise OSError("it does not come back")
        self.seen.append(("ended", planned.number))


def carry_out(storm: Storm) -> list[int]:
    storm.start()
    storm.join()
    return sorted(fault.number for fault in storm.happened)


def test_every_fault_ends_and_those_of_one_target_follow_each_other() -> None:
    weather = Weather()
    assert carry_out(Storm([FIRST, SECOND, OTHER], weather.begin)) == [1, 2, 3]
    assert [seen for seen in weather.seen if seen[1] != OTHER.number] == [
        ("began", 1),
        ("ended", 1),
        ("began", 2),
        ("ended", 2),
    ]


def test_what_does_not_come_back_is_told_and_left_alone() -> None:
    weather = Weather()
    weather.broken = FIRST.number
    storm = Storm([FIRST, SECOND, OTHER], weather.begin)
    assert carry_out(storm) == [OTHER.number]
    assert storm.problems == ["fault #1 kill of worker-1: OSError('it does not come back')"]


def test_stopping_ends_what_has_begun_and_begins_nothing_more() -> None:
    began = threading.Event()
    weather = Weather()

    @contextmanager
    def begin(planned: Planned) -> Iterator[None]:
        with weather.begin(planned):
            began.set()
            yield

    storm = Storm([Planned(1, 0.0, "kill", "redis", 600.0), Planned(2, 600.0, "kill", "redis", 0.0)], begin)
    storm.start()
    assert began.wait(10)
    storm.stop()
    storm.join()
    assert weather.seen == [("began", 1), ("ended", 1)]
    assert not storm.running
