from collections import Counter
from itertools import pairwise

from postroom_chaos.faults import FAULTS
from postroom_chaos.plan import Planned, make_plan

COUNT, SECONDS = 300, 600.0


def plan(seed: int) -> list[Planned]:
    return make_plan(seed, FAULTS, count=COUNT, seconds=SECONDS)


def test_a_seed_gives_the_same_plan_again_and_another_seed_another_one() -> None:
    assert plan(1) == plan(1)
    assert plan(1) != plan(2)


def test_it_is_as_many_faults_as_asked_for_over_the_whole_time() -> None:
    faults = plan(3)
    assert [fault.number for fault in faults] == list(range(1, COUNT + 1))
    assert all(0 <= fault.at <= SECONDS for fault in faults)
    quarters = Counter(int(fault.at * 4 / SECONDS) for fault in faults)
    assert min(quarters.values()) > COUNT / 5


def test_all_kinds_happen_to_all_their_targets() -> None:
    happened = {(fault.kind, fault.target) for seed in range(5) for fault in plan(seed)}
    assert happened == {(kind.name, target) for kind in FAULTS for target in kind.targets}


def test_a_target_is_whole_again_before_the_next_fault_hits_it() -> None:
    kinds = {kind.name: kind for kind in FAULTS}
    for target in {target for kind in FAULTS for target in kind.targets}:
        faults = [fault for fault in plan(4) if fault.target == target]
        for before, after in pairwise(faults):
            assert after.at >= before.at + before.seconds + kinds[before.kind].recovery_seconds


def test_more_faults_than_there_is_time_for_come_later() -> None:
    crowded = make_plan(1, FAULTS, count=100, seconds=1.0)
    assert len(crowded) == 100
    assert crowded[-1].at > 1.0
