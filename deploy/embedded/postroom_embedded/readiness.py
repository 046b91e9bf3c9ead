"""Whether all services answer that they are ready."""

import http.client
from collections.abc import Mapping

_ANSWER_SECONDS = 1.0


class Questions:
    """What is still to be answered with 200, by service: host, port and path."""

    def __init__(self, places: Mapping[str, tuple[str, int, str]]) -> None:
        self._open = dict(places)

    def ask(self) -> list[str]:
        """Ask who has not answered yet. Returns who still has not, with what it said."""
        unready: list[str] = []
        for name, (host, port, path) in list(self._open.items()):
            answer = get_status(host, port, path)
            if answer == http.client.OK:
                del self._open[name]
            else:
                unready.append(f"{name} ({'no answer' if answer is None else answer})")
        return unready


def get_status(host: str, port: int, path: str) -> int | None:
    """The status that a path answers, None when nothing answers."""
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
