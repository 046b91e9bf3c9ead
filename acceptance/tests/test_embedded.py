"""``make run``'s own default, as a newcomer meets it: no database server, no Redis server, no Pants."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postroom_acceptance.arrivals import in_inbox
from postroom_acceptance.flow import Flow
from postroom_testing.server import free_port, wait_until

RUN = Path(__file__).parents[2] / "deploy" / "embedded" / "run"
FIRST_START_SECONDS = 300  # with the downloads, whose time is the network's
SECOND_START_SECONDS = 30
READY = re.compile(
    r"^ready (http://127\.0\.0\.1:\d+) key (re_dev_postroom) inbox (http://127\.0\.0\.1:\d+/inbox)$", re.MULTILINE
)


class Embedded:
    """One start of the runner."""

    def __init__(self, folder: Path, port: int) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")}
        environment |= {"PORT": str(port), "POSTROOM_DATA_DIR": str(folder / "data"), "HOME": str(folder)}
        self.output = folder / f"output-{time.monotonic_ns()}.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen([RUN], env=environment, stdout=output, stderr=subprocess.STDOUT)

    def wait_ready(self, seconds: float) -> re.Match[str]:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.output.read_text()
            return READY.search(self.output.read_text()) is not None

        wait_until(is_ready, seconds=seconds, what="the ready line")
        found = READY.search(self.output.read_text())
        assert found is not None
        return found


@contextmanager
def started(folder: Path, port: int) -> Iterator[Embedded]:
    embedded = Embedded(folder, port)
    try:
        yield embedded
    finally:
        embedded.process.send_signal(signal.SIGTERM)
        code = embedded.process.wait(60)
    assert code == 0, embedded.output.read_text()


def test_a_newcomer_runs_it_sends_and_finds_it_again(tmp_path: Path) -> None:
    port = free_port()
    began = time.monotonic()
    with started(tmp_path, port) as embedded:
        url, key, inbox = embedded.wait_ready(FIRST_START_SECONDS).groups()
        print(f"first start: {time.monotonic() - began:.1f} s with downloads")  # noqa: T201 - the figure
        assert (url, inbox) == (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/inbox")
        arrivals = in_inbox(url)
        Flow(url, key, arrivals).run()
        count = len(arrivals())
        assert count > 20
    began = time.monotonic()
    with started(tmp_path, port) as embedded:
        url, _, _ = embedded.wait_ready(SECOND_START_SECONDS).groups()
        print(f"second start: {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure
        assert len(in_inbox(url)()) == count
