"""Turning any value into one that JSON can hold and that says nothing private."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from postroom_logging.redaction import MASK, is_telling, redact

LONGEST_TEXT = 8192
"""Characters of one value; the rest is cut, because a log line is no store."""
_DEEPEST = 6
_AS_THEY_ARE = frozenset({type(None), bool, int})
_MOST_ITEMS = 100

is_telling_key = lru_cache(maxsize=4096)(is_telling)


def clean_field(key: str, value: Any) -> Any:
    """The value as it may stand in a line under this key."""
    if is_telling_key(key):
        return value if value is None or isinstance(value, bool) else MASK
    return clean(value)


def clean(value: Any, depth: int = 0) -> Any:
    """The value as JSON can hold it, private things masked; deep and long ones cut."""
    kind = type(value)
    if kind in _AS_THEY_ARE or (kind is float and math.isfinite(value)):
        return value
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return _clean_mapping(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return _clean_items(value, depth)
    return clean_text(value if kind is str else _describe(value))


def clean_text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}... ({len(text)} characters)"
    return redact(text)


def _clean_mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for key, item in list(value.items())[:_MOST_ITEMS]:
        name = key if isinstance(key, str) else _describe(key)
        if is_telling(name):
            cleaned[redact(name)] = item if item is None or isinstance(item, bool) else MASK
        else:
            cleaned[clean_text(name)] = clean(item, depth + 1)
    return cleaned


def _clean_items(value: list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any], depth: int) -> list[Any]:
    items = list(value)
    cleaned = [clean(item, depth + 1) for item in items[:_MOST_ITEMS]]
    if len(items) > _MOST_ITEMS:
        cleaned.append(f"... ({len(items)} items)")
    return cleaned


def _describe(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    try:
        return str(value)
    except Exception as problem:  # noqa: BLE001 - a broken __str__ must not lose the event
        return f"<{type(value).__name__}: str() raised {type(problem).__name__}>"
