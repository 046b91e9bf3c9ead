import http.client
import json
from typing import Any, Self

_SECONDS = 60.0


class KeptConnection:
    """One connection to an api, used for one request after the other and never opened again by itself.

    Args:
        port: of the api.
        key: that it takes.
        host: of the api.

    Raises:
        ConnectionRefusedError: nobody listens.

    Attributes:
        ended: the last answer said that it was the last on this connection.
    """

    def __init__(self, port: int, key: str, host: str = "127.0.0.1") -> None:
        self._key = key
        self._http = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        self._http.connect()
        self._http.auto_open = 0
        self.ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def post(self, *subjects: str, idempotency_key: str | None = None) -> tuple[int, Any, http.client.HTTPMessage]:
        """Send one email, or several as a batch; status, body and headers of the answer."""
        self.ask(*subjects, idempotency_key=idempotency_key)
        return self.read()

    def ask(self, *subjects: str, idempotency_key: str | None = None) -> None:
        """Send the request, and leave the answer for later."""
        mails = [
            {"from": "from@example.com", "to": "to@example.com", "subject": subject, "text": "text"}
            for subject in subjects
        ]
        path, body = ("/emails", mails[0]) if len(mails) == 1 else ("/emails/batch", mails)
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        if idempotency_key is not None:
            headers["idempotency-key"] = idempotency_key
        self._http.request("POST", path, json.dumps(body), headers)

    def read(self) -> tuple[int, Any, http.client.HTTPMessage]:
        answer = self._http.getresponse()
        body = json.loads(answer.read())
        self.ended = answer.getheader("connection") == "close"
        return answer.status, body, answer.headers
