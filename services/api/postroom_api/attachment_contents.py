"""An attachment's bytes in the four shapes that clients are known to send, read in place.

The raw JSON stays where it was received; each shape gives its bytes in pieces, so that a message of 39 MB is
neither decoded whole nor copied.
"""

import binascii
import re
from collections.abc import Iterator

import msgspec

from postroom_database.drafts import PlainContent

_PIECE_BYTES = 768 * 1024  # of base64 text: a multiple of 4, and 576 KB when decoded
_NUMBERS = msgspec.json.Decoder(list[int])
_SPACE = re.compile(rb"[\r\n\t ]+")


class InvalidContent(Exception):  # noqa: N818 - it says what is wrong
    """Neither base64 nor bytes; the text says what was expected."""


class Base64Content:
    """Base64 text without white space.

    Raises:
        InvalidContent: on making it, so that nothing is stored before all of it was read once.
    """

    def __init__(self, text: bytes | memoryview) -> None:
        self._text = text
        if len(text) % 4 == 1:
            raise InvalidContent("it is not valid base64")
        self.size = sum(len(piece) for piece in self.pieces())

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self._text), _PIECE_BYTES):
            piece = self._text[start : start + _PIECE_BYTES]
            if len(piece) % 4:  # the last one, from an encoder that leaves out the padding
                piece = bytes(piece) + b"=" * (-len(piece) % 4)
            try:
                yield binascii.a2b_base64(piece, strict_mode=True)
            except binascii.Error:
                raise InvalidContent("it is not valid base64") from None


class NumbersContent:
    """A JSON array of byte values: ``list(bytes)`` in Python, a Buffer in Node.

    Raises:
        InvalidContent: on making it, when a value is no whole number from 0 to 255.
    """

    def __init__(self, text: memoryview) -> None:
        self._text = text
        self.size = sum(len(piece) for piece in self.pieces())

    def pieces(self) -> Iterator[bytes]:
        inner = self._text[1:-1]
        start = 0
        while start < len(inner):
            window = bytes(inner[start : start + _PIECE_BYTES])
            if start + len(window) < len(inner):
                end = window.rfind(b",")
                if end < 0:
                    raise InvalidContent("its values must be whole numbers from 0 to 255")
                window = window[:end]
                start += end + 1
            else:
                start = len(inner)
            if not window.strip() and start == len(inner):
                return
            try:
                yield bytes(_NUMBERS.decode(b"[%b]" % window))
            except (msgspec.DecodeError, ValueError):
                raise InvalidContent("its values must be whole numbers from 0 to 255") from None


class _NodeBuffer(msgspec.Struct):
    data: msgspec.Raw


def read_content(raw: msgspec.Raw, content_type: str) -> PlainContent | Base64Content | NumbersContent:
    """The bytes behind ``content``.

    Args:
        raw: the JSON value as it was sent.
        content_type: what the client calls it; a calendar may come unencoded.

    Raises:
        InvalidContent: it has none of the known shapes.
    """
    view = memoryview(raw)
    first = bytes(view[:1])
    if first == b'"':
        return _from_text(raw, view, content_type)
    if first == b"[":
        return NumbersContent(view)
    if first == b"{":
        try:
            buffer = msgspec.json.decode(raw, type=_NodeBuffer)
        except msgspec.ValidationError:
            raise InvalidContent("an object must be a Node Buffer with `data`") from None
        data = memoryview(buffer.data)
        if bytes(data[:1]) != b"[":
            raise InvalidContent("the `data` of a Node Buffer must be an array of byte values")
        return NumbersContent(data)
    raise InvalidContent("it must be base64 text or an array of byte values")


def _from_text(raw: msgspec.Raw, view: memoryview, content_type: str) -> PlainContent | Base64Content:
    text: bytes | memoryview = view[1:-1]
    if _is_escaped(view):  # PHP escapes every slash, others "=" or line breaks
        try:
            text = msgspec.json.decode(raw, type=str).encode()
        except UnicodeDecodeError:  # the decoder of the whole body does not look into what it leaves raw
            raise InvalidContent("it is not valid UTF-8") from None
        text = _SPACE.sub(b"", text) if _SPACE.search(text) and not _is_calendar(text, content_type) else text
    if _is_calendar(text, content_type):
        return PlainContent(bytes(text))
    return Base64Content(text)


def _is_escaped(view: memoryview) -> bool:
    return any(b"\\" in bytes(view[start : start + _PIECE_BYTES]) for start in range(0, len(view), _PIECE_BYTES))


def _is_calendar(text: bytes | memoryview, content_type: str) -> bool:
    return content_type.startswith("text/calendar") and bytes(text[:15]) == b"BEGIN:VCALENDAR"
