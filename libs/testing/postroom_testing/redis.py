from redis import Redis as Client
from redis.exceptions import RedisError

from postroom_testing.server import Server, find_binary


class Redis(Server):
    """A private Redis with its default settings (snapshots on): `stop()` keeps the data, `kill()` may not.

    Args:
        tcp: listen on 127.0.0.1 too, and give a URL that goes there. The port stays the same over restarts.
    """

    def __init__(self, *, tcp: bool = False) -> None:
        self._binary = find_binary("redis-server", package="redis-server")
        super().__init__("redis")
        self.port = self.reserve_port() if tcp else 0
        self._socket = self.folder / "s"
        self.url = f"redis://127.0.0.1:{self.port}/0" if tcp else f"unix://{self._socket}"

    def command(self) -> list[str]:
        return [
            self._binary,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--unixsocket",
            str(self._socket),
            "--dir",
            str(self.folder),
        ]

    def answers(self) -> bool:
        try:
            with Client(unix_socket_path=str(self._socket), socket_timeout=5) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def flush(self) -> None:
        """Forget everything (FLUSHALL)."""
        with Client(unix_socket_path=str(self._socket), socket_timeout=5) as client:
            client.flushall()
