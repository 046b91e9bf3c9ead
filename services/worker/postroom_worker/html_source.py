"""HTML as it is written, before it is parsed: made harmless where a parser would be slow, or only stripped.

An HTML parser takes quadratic time for what HTML makes it do: to compare each attribute with all before it, to open
unclosed <b> again in every paragraph, to look through all open elements for the one that ends. Patterns here never go
back (possessive quantifiers) and always match what they begin, so that every pass is linear.
"""

import re
from html import unescape

MAX_TAGS = 20_000
"""More than any mail a person writes has; what is quadratic in them takes less than a second."""

_READ = {"alt", "hidden", "href", "start", "style", "value"}
_FORMATTING = {"b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
_UNSEEN = (
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(script|style|title|textarea|xmp|iframe|noembed|noframes)(?=[ \t\n\f/>]).*?"
    r"(?:</\1(?=[ \t\n\f/>])[^>]*+(?:>|\Z)|\Z)"
    r"|<(?:[!?]|/(?![a-z]))[^>]*+(?:>|\Z)"
)
_NAME = r"[^ \t\n\f/>][^ \t\n\f/>=]*+"
_VALUE = r"""(?:[ \t\n\f]*+=[ \t\n\f]*+(?:"[^"]*+"?|'[^']*+'?|[^ \t\n\f>"'][^ \t\n\f>]*+)?)?"""
_ATTRIBUTE = re.compile(f"({_NAME}){_VALUE}")
_TAG = rf"<(/?)([a-z][^ \t\n\f/>]*+)((?:[ \t\n\f/]++|{_NAME}{_VALUE})*+)(>?)"
_TOKEN = re.compile(f"{_UNSEEN}|{_TAG}", re.IGNORECASE | re.DOTALL)

_PARAGRAPH = re.compile(r"<(?:/?(?:p|h[1-6]|ul|ol|dl|table|blockquote|pre)\b|hr\b)[^>]*+(?:>|\Z)", re.IGNORECASE)
_LINE = re.compile(r"<(?:br|/?(?:div|li|tr|dt|dd|section|center))\b[^>]*+(?:>|\Z)", re.IGNORECASE)
_CELL = re.compile(r"<t[dh]\b[^>]*+(?:>|\Z)", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[a-z][^>]*+(?:>|\Z)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"&#[0-9]{8,}+;?|&#x[0-9a-f]{8,}+;?", re.IGNORECASE)


def is_parseable(source: str) -> bool:
    """Whether a parser needs a bounded time for what ``simplify`` makes of it."""
    return source.count("<") <= MAX_TAGS


def simplify(source: str) -> str:
    """The same without what is never shown, attributes that nobody reads, and elements that open themselves again."""
    return _TOKEN.sub(_simplified, source)


def strip_tags(source: str) -> str:
    """The text between the tags, with line breaks where blocks were: for what is too much to parse."""
    text = re.sub(_UNSEEN, "", source, flags=re.IGNORECASE | re.DOTALL)
    for pattern, replacement in ((_PARAGRAPH, "\n\n"), (_LINE, "\n"), (_CELL, " "), (_ANY_TAG, "")):
        text = pattern.sub(replacement, text)
    return unescape(_LONG_NUMBER.sub("\ufffd", text))


def _simplified(token: re.Match[str]) -> str:
    slash, name, attributes, end = token.group(2, 3, 4, 5)
    if not name or not end:
        return ""
    name = name.lower()
    if name in _FORMATTING:
        name = "span"
    if slash or not attributes:
        return f"<{slash}{name}>"
    kept: dict[str, str] = {}
    for attribute in _ATTRIBUTE.finditer(attributes):
        key = attribute[1].lower()
        if key in _READ:
            kept.setdefault(key, attribute[0])
    return f"<{name} {' '.join(kept.values())} >"
