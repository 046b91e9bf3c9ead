"""Messages of Protocol Buffers, as bytes: as much as Terraform's plugin protocol needs.

The encoding: Protocol Buffers' documentation, "Encoding".
"""

from collections.abc import Iterator

_VARINT = 0
_BYTES = 2


def field(number: int, value: bytes | str | int) -> bytes:
    """One field of a message; what is empty or zero is left out, as proto3 has it."""
    if not value:
        return b""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def entry(number: int, key: str, value: bytes) -> bytes:
    """One entry of a map field, from a string to a message."""
    return field(number, field(1, key) + field(2, value))


def read(message: bytes) -> dict[int, bytes]:
    """The texts, bytes and messages in it by the number of their field; the last one where a field is repeated."""
    return dict(_fields(message))


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        value, place = _read_varint(message, place)
        if tag & 7 == _BYTES:
            yield tag >> 3, message[place : place + value]
            place += value
        elif tag & 7 != _VARINT:
            raise ValueError(f"a field of wire type {tag & 7} is not read here")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >> 7:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, place
        shift += 7
