"""The whole of `run`, over a checkout whose services are tiny: real processes, a real Redis, real signals."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import postroom_embedded.main
from postroom_embedded.address import find_free_ports

MakeWheel = Callable[[Path, str, str], str]
WaitUntil = Callable[[Callable[[], bool]], None]

_SERVICES = {
    "api": "services/api",
    "worker": "services/worker",
    "scheduler": "services/scheduler",
    "admin": "libs/admin",
}


@dataclass
class Checkout:
    root: Path
    environ: dict[str, str]
    process: subprocess.Popen[str] | None = None

    @property
    def output(self) -> Path:
        return self.root / "output"

    @property
    def notes(self) -> Path:
        return self.root / "notes"

    def start(self, **more: str) -> subprocess.Popen[str]:
        shutil.rmtree(self.notes, ignore_errors=True)
        self.notes.mkdir()
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "postroom_embedded.main"],
                env=self.environ | more,
                stdout=output,
                stderr=output,
                text=True,
            )
        return self.process

    def says(self, line: str) -> bool:
        return line in self.output.read_text()

    def told(self, name: str) -> dict[str, object]:
        return dict(json.loads((self.notes / f"{name}.json").read_text()))

    def pid(self, name: str) -> int:
        return int(str(self.told(name)["pid"]))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, make_wheel: MakeWheel) -> Checkout:
    root = tmp_path_factory.mktemp("checkout")
    source = Path(postroom_embedded.main.__file__).parent
    shutil.copytree(source, root / "deploy" / "embedded" / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, folder in _SERVICES.items():
        package = root / folder / f"postroom_{name}"
        package.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("tiny_service.py"), package / "main.py")
    (root / "3rdparty" / "python").mkdir(parents=True)
    (root / "3rdparty" / "python" / "default.lock").write_text(make_wheel(root / "wheels", "letter", "1.0"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "POSTROOM_"))}
    environ = kept | {
        "PYTHONPATH": str(root / "deploy" / "embedded"),
        "PIP_FIND_LINKS": str(root / "wheels"),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "TINY_NOTES": str(root / "notes"),
        "PORT": str(find_free_ports(1)[0]),
    }
    return Checkout(root, environ)


@pytest.fixture
def checkout(installed: Checkout) -> Iterator[Checkout]:
    yield installed
    if installed.process is not None:
        installed.process.terminate()
        installed.process.wait(60)


@pytest.fixture
def running(checkout: Checkout, wait_until: WaitUntil) -> Checkout:
    process = checkout.start()
    wait_until(lambda: checkout.says("ready ") or process.poll() is not None)
    assert process.poll() is None, checkout.output.read_text()
    return checkout


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_says_ready_once_with_all_that_a_client_needs(running: Checkout) -> None:
    url = f"http://127.0.0.1:{running.environ['PORT']}"
    ready = [line for line in running.output.read_text().splitlines() if line.startswith("ready")]
    assert ready == [f"ready {url} key re_dev_postroom inbox {url}/inbox"]
    variables = running.told("worker")["variables"]
    assert isinstance(variables, dict)
    assert variables["POSTROOM_DATABASE_URL"] == f"sqlite:///{running.root}/.postroom/postroom.db"
    assert variables["POSTROOM_MAIL_URL"] == "inbox:"
    assert variables["POSTROOM_HOST"] == variables["POSTROOM_HEALTH_HOST"] == "127.0.0.1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_all_three_then_redis(running: Checkout, number: signal.Signals) -> None:
    assert running.process is not None
    running.process.send_signal(number)
    assert running.process.wait(60) == 0
    order = (running.notes / "order").read_text().splitlines()
    assert sorted(order[-3:]) == ["api ended with redis", "scheduler ended with redis", "worker ended with redis"]
    assert not (running.root / ".postroom" / "redis").is_symlink()
    assert running.output.read_text().endswith("stopped\n")


def test_the_runner_brings_back_what_dies(running: Checkout, wait_until: WaitUntil) -> None:
    before = running.pid("worker")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: running.pid("worker") != before)
    assert running.says("worker ended by SIGKILL, restarting in 0.2 s\n")


def test_nothing_outlives_a_runner_that_is_killed(running: Checkout, wait_until: WaitUntil) -> None:
    assert running.process is not None
    pids = [running.pid(name) for name in ("api", "worker", "scheduler")]
    running.process.kill()
    wait_until(lambda: not any(_is_running(pid) for pid in pids))
    redis = (running.root / ".postroom" / "redis").readlink() / "redis.sock"
    wait_until(lambda: not redis.exists())


def test_a_second_runner_on_the_same_data_is_told_so(running: Checkout) -> None:
    second = subprocess.run(
        [sys.executable, "-P", "-m", "postroom_embedded.main"],
        env=running.environ | {"PORT": str(find_free_ports(1)[0])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert second.stdout == ""
    assert len(second.stderr.splitlines()) == 1
    assert "runs already on" in second.stderr


def test_a_taken_port_stops_it_before_anything_is_started(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", int(checkout.environ["PORT"]))):
        assert checkout.start().wait(60) == 1
    assert checkout.output.read_text().startswith(f"postroom: port {checkout.environ['PORT']} is taken")
    assert list(checkout.notes.iterdir()) == []


@pytest.mark.parametrize("name", ["admin", "scheduler"])
def test_a_refused_configuration_ends_all_with_its_exit_code(checkout: Checkout, name: str) -> None:
    # Another database, so that the admin process is asked.
    process = checkout.start(TINY_REFUSES=name, POSTROOM_DATABASE_URL=f"sqlite:///{checkout.root}/other.db")
    assert process.wait(60) == 78
    assert not any(_is_running(checkout.pid(path.stem)) for path in checkout.notes.glob("*.json"))


def test_real_delivery_gets_no_development_key(checkout: Checkout, wait_until: WaitUntil) -> None:
    checkout.start(POSTROOM_MAIL_URL="smtp://127.0.0.1:2525")
    wait_until(lambda: checkout.says("key create"))
    assert checkout.says(f"ready http://127.0.0.1:{checkout.environ['PORT']}\n")
    assert not checkout.says("re_dev_postroom")
