"""HTTP written by hand: what no client library would send."""

import socket


def exchange(port: int, sent: bytes, *, half_close: bool = False) -> bytes:
    """Send bytes; return all that comes back until the server closes.

    Args:
        port: of loopback.
        sent: a whole request or a piece of one; it should ask for ``connection: close``.
        half_close: say that nothing more will be sent.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = bytearray()
        while piece := connection.recv(65_536):
            received += piece
        return bytes(received)


def post(path: str, token: bytes, body: bytes, *, length: int | None = None, more: bytes = b"") -> bytes:
    """A POST as bytes; ``length`` may differ from what the body has, ``more`` holds more header lines."""
    return (
        b"POST " + path.encode() + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        b"authorization: Bearer " + token + b"\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n" % (len(body) if length is None else length) + more + b"\r\n" + body
    )
