"""From a tree of HTML to lines of text."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from selectolax.lexbor import LexborHTMLParser, LexborNode

from postroom_worker.link_address import says_the_same, shown_address
from postroom_worker.text_lines import Lines

_RULE = "-" * 20
_MAX_ROWS = 10
"""Of rows in rows so many are held back until it is known what they are; those inside are blocks."""
_MAX_CELL_LINES = 2
_MAX_ROW_CHARACTERS = 300
"""With more in it a row is not data but columns of prose."""

# `mso-hide: all` hides from Outlook alone, and often a button, whose Outlook version stands in a comment.
_HIDDEN = re.compile(
    r"(?:^|[;\s])(?:display\s*+:\s*+none\b|visibility\s*+:\s*+(?:hidden|collapse)\b"
    r"|(?:max-height|opacity)\s*+:\s*+0(?:px|%)?\s*+(?:!|;|\Z))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*(-?[0-9]{1,9})\s*")
_UNSHOWN = frozenset(
    ("head", "script", "style", "title", "template", "svg", "math", "select", "object", "audio", "video", "canvas")
)
_LISTS = ("ul", "menu", "dir")
_APART = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "dl", "figure", "address")
_TOGETHER = (
    *("div", "section", "article", "header", "footer", "main", "nav", "aside", "center", "form", "fieldset", "legend"),
    *("details", "summary", "figcaption", "caption", "dt", "dd", "thead", "tbody", "tfoot"),
)
_GAPS = {**dict.fromkeys(_APART, 1), **dict.fromkeys(_TOGETHER, 0)}

_Leave: TypeAlias = Callable[[], None]
_Attributes: TypeAlias = dict[str, str | None]


@dataclass(slots=True)
class _Link:
    address: str
    mark: tuple[int, int]
    has_image: bool = False
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    parent: Lines
    cells: list[Lines] = field(default_factory=list)


class Flattening:
    """One walk over a tree. It does not recurse: elements nest as deep as whoever wrote them likes.

    Args:
        max_characters: of the text in the HTML, with its white space; no more is read.
    """

    def __init__(self, max_characters: int) -> None:
        self._target = Lines()
        self._rows: list[_Row | None] = []
        self._links: list[_Link] = []
        self._numbers: list[int | None] = []
        self._verbatim = 0
        self._left = max_characters
        self._by_tag: dict[str | None, Callable[[_Attributes], _Leave | None]] = {
            "a": self._enter_link,
            "blockquote": self._enter_quotation,
            "br": self._enter_line_break,
            "hr": self._enter_rule,
            "img": self._enter_image,
            "li": self._enter_item,
            "ol": self._enter_numbered_list,
            "pre": self._enter_pre,
            "td": self._enter_cell,
            "th": self._enter_cell,
            "tr": self._enter_row,
            **{tag: partial(self._enter_list, None) for tag in _LISTS},
            **{tag: partial(self._enter_block, gap) for tag, gap in _GAPS.items()},
        }

    def flatten(self, source: str) -> list[str]:
        node: LexborNode | None = LexborHTMLParser(source).root
        opened: list[tuple[LexborNode, _Leave]] = []
        while True:
            while node is None:
                if not opened:
                    self._target.block(0)
                    return self._target.lines
                parent, leave = opened.pop()
                leave()
                node = parent.next if opened else None
            entered = self._enter(node)
            if entered is None:
                node = node.next
            else:
                opened.append((node, entered))
                node = node.first_child

    def _enter(self, node: LexborNode) -> _Leave | None:
        """Begin this node; what is to do behind its children, None when they do not count."""
        tag = node.tag
        if tag == "-text":
            self._words(node.text_content or "")
            return None
        if tag is None or tag.startswith("-") or tag in _UNSHOWN:
            return None
        attributes = node.attributes
        if "hidden" in attributes or _HIDDEN.search(attributes.get("style") or ""):
            return None
        return self._by_tag.get(tag, _enter_inline)(attributes)

    def _words(self, text: str) -> None:
        if self._left <= 0:
            return
        if not self._verbatim and text.isspace():
            text = " "
        text = text[: self._left]
        self._left -= len(text)
        if self._links:
            self._links[-1].words.append(text)
        if self._verbatim:
            self._target.verbatim(text)
        else:
            self._target.words(text)

    def _block(self, gap: int) -> None:
        self._target.block(gap)

    def _enter_block(self, gap: int, _attributes: _Attributes) -> _Leave:
        self._block(gap)
        return partial(self._block, gap)

    def _enter_pre(self, _attributes: _Attributes) -> _Leave:
        self._block(1)
        self._verbatim += 1
        return self._leave_pre

    def _leave_pre(self) -> None:
        self._verbatim -= 1
        self._block(1)

    def _enter_quotation(self, _attributes: _Attributes) -> _Leave:
        self._block(1)
        self._target.indent("> ", "> ")
        return partial(self._outdent, 1)

    def _outdent(self, gap: int) -> None:
        self._target.outdent()
        self._block(gap)

    def _enter_list(self, number: int | None, _attributes: _Attributes) -> _Leave:
        gap = 0 if self._numbers else 1
        self._block(gap)
        self._numbers.append(number)
        return partial(self._leave_list, gap)

    def _enter_numbered_list(self, attributes: _Attributes) -> _Leave:
        return self._enter_list(_number(attributes.get("start"), 1), attributes)

    def _leave_list(self, gap: int) -> None:
        self._numbers.pop()
        self._block(gap)

    def _enter_item(self, attributes: _Attributes) -> _Leave:
        first = "- "
        number = self._numbers[-1] if self._numbers else None
        if number is not None:
            number = _number(attributes.get("value"), number)
            first = f"{number}. "
            self._numbers[-1] = number + 1
        self._block(0)
        self._target.indent(first, " " * len(first))
        return partial(self._outdent, 0)

    def _enter_line_break(self, _attributes: _Attributes) -> None:
        if self._links:
            self._links[-1].words.append(" ")
        self._target.break_line()

    def _enter_rule(self, _attributes: _Attributes) -> None:
        self._block(1)
        self._target.words(_RULE)
        self._block(1)

    def _enter_image(self, attributes: _Attributes) -> None:
        if self._links:
            self._links[-1].has_image = True
        if alternative := attributes.get("alt"):
            if self._links:
                self._links[-1].words.append(f" {alternative} ")
            self._target.words(f" {alternative} ")

    def _enter_link(self, attributes: _Attributes) -> _Leave:
        self._links.append(_Link(shown_address(attributes.get("href") or ""), self._target.mark()))
        return self._leave_link

    def _leave_link(self) -> None:
        link = self._links.pop()
        text = " ".join("".join(link.words).split())
        if not link.address:
            return
        if not text:
            if link.has_image:
                self._target.words(f" {link.address} ")
        elif not says_the_same(text, link.address):
            self._target.append_to_word(f" ({link.address})")
        elif "://" in link.address:
            self._target.replace_since(link.mark, link.address)

    def _enter_row(self, _attributes: _Attributes) -> _Leave:
        self._block(0)
        self._rows.append(_Row(self._target) if len(self._rows) < _MAX_ROWS else None)
        return self._leave_row

    def _leave_row(self) -> None:
        row = self._rows.pop()
        cells = [cell for cell in row.cells if cell.lines] if row else []
        if len(cells) > 1 and _is_data(cells):
            self._target.verbatim("  ".join(" - ".join(cell.lines) for cell in cells))
        else:
            for cell in cells:
                if cell is not cells[0]:
                    self._block(1)
                self._target.insert(cell)
        self._block(0)

    def _enter_cell(self, attributes: _Attributes) -> _Leave:
        row = self._rows[-1] if self._rows else None
        if row is None:
            return self._enter_block(0, attributes)
        self._target = Lines()
        row.cells.append(self._target)
        # Lists outside a table do not go on inside it.
        numbers, self._numbers = self._numbers, []
        return partial(self._leave_cell, row.parent, numbers)

    def _leave_cell(self, parent: Lines, numbers: list[int | None]) -> None:
        self._block(0)
        self._target, self._numbers = parent, numbers


def _enter_inline(_attributes: _Attributes) -> _Leave:
    return _leave_inline


def _leave_inline() -> None:
    pass


def _number(text: str | None, default: int) -> int:
    match = _NUMBER.fullmatch(text or "")
    return int(match[1]) if match else default


def _is_data(cells: list[Lines]) -> bool:
    lines = [line for cell in cells for line in cell.lines]
    if any(cell.is_marked or "" in cell.lines or len(cell.lines) > _MAX_CELL_LINES for cell in cells):
        return False
    return len(lines) == len(cells) or sum(map(len, lines)) <= _MAX_ROW_CHARACTERS
