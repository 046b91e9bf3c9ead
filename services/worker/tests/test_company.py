import threading

from postroom_testing.server import wait_until
from postroom_worker.company import Company


class Log:
    """Who was there with whom."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._there: set[str] = set()
        self._lock = threading.Lock()
        self.met: list[set[str]] = []

    def start(self, name: str, *, alone: bool, leave: threading.Event) -> threading.Thread:
        def run() -> None:
            with self._company.alone() if alone else self._company.together():
                with self._lock:
                    self._there.add(name)
                    self.met.append(set(self._there))
                assert leave.wait(10)
                with self._lock:
                    self._there.discard(name)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def has_met(self, name: str) -> bool:
        return any(name in there for there in self.met)


def test_many_are_together_and_one_that_is_alone_meets_nobody() -> None:
    company = Company()
    log = Log(company)
    first, second, lonely, later = (threading.Event() for _ in range(4))
    threads = [log.start("a", alone=False, leave=first), log.start("b", alone=False, leave=second)]
    wait_until(lambda: {"a", "b"} in log.met, seconds=5, what="two together")
    threads.append(log.start("alone", alone=True, leave=lonely))
    wait_until(lambda: company._wanting == 1, seconds=5, what="one that wants to be alone")
    threads.append(log.start("c", alone=False, leave=later))
    first.set()
    threads[0].join(5)
    assert not log.has_met("alone"), "b is still there"
    assert not log.has_met("c"), "who comes later waits, or steady mail would never leave a gap"
    second.set()
    wait_until(lambda: log.has_met("alone"), seconds=5, what="the lonely one to come")
    assert log.met[-1] == {"alone"}
    lonely.set()
    wait_until(lambda: log.has_met("c"), seconds=5, what="the later one to come")
    assert log.met[-1] == {"c"}
    later.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
