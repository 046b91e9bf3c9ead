"""Words and blocks in, lines out: white space collapsed, blocks apart, what is quoted or listed behind its mark."""

import re
from dataclasses import dataclass, field

_MAX_MARKS = 10
"""Deeper lists and quotations are not indented further: each mark is repeated on every line."""

_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f\xad\u034f\u180e\u200b\u2060\ufeff]"
    r"|(?<!\w)\u200c|\u200c(?!\w)"  # between letters it is spelling, as in Persian
    r"|(?<!\S)\u200d|\u200d(?!\S)"  # between others it joins emoji
)
_BREAK = re.compile("[\v\f\x85\u2028\u2029]")
_SPACE = re.compile(r"[ \t\n\v\f\r\x85\xa0\u2007\u2028\u2029]+")


@dataclass(slots=True)
class _Mark:
    first: str | None
    rest: str


@dataclass(slots=True)
class Lines:
    """Text being written.

    ``gap_before`` and ``gap_after`` are how many blank lines it wants around itself: one at most.
    """

    lines: list[str] = field(default_factory=list)
    gap_before: int = 0
    gap_after: int = 0
    is_marked: bool = False
    """Whether a part of it is listed or quoted."""
    _line: list[str] = field(default_factory=list)
    _space: bool = False
    _marks: list[_Mark] = field(default_factory=list)
    _gap_marks: int = 0
    """How many of the marks stand in the gap."""
    _fresh: bool = True
    """Nothing was written behind the innermost mark: no gap is wanted there."""

    def words(self, text: str) -> None:
        """Text in the current line, its white space collapsed."""
        text = _SPACE.sub(" ", _UNSEEN.sub("", text))
        if text.startswith(" "):
            self._space = True
        if stripped := text.strip(" "):
            if self._space and self._line:
                self._line.append(" ")
            self._line.append(stripped)
            self._space = text.endswith(" ")

    def verbatim(self, text: str) -> None:
        """Text whose white space counts."""
        first, *more = _UNSEEN.sub("", _BREAK.sub(" ", text.replace("\xa0", " "))).split("\n")
        self._line.append(first)
        for line in more:
            self.break_line()
            self._line.append(line)

    def break_line(self) -> None:
        """End the line; ending an empty one leaves a blank line."""
        if not self._write():
            self._want(1)

    def block(self, gap: int) -> None:
        """Something begins or ends here, so many blank lines away from what is before it."""
        self._write()
        self._want(gap)

    def indent(self, first: str, rest: str) -> None:
        """Begin a block behind a mark: ``first`` before its first line, ``rest`` before the others."""
        self._write()
        self._marks.append(_Mark(first, rest))
        self._fresh = self.is_marked = True

    def outdent(self) -> None:
        self._write()
        self._marks.pop()
        self._gap_marks = min(self._gap_marks, len(self._marks))
        self._fresh = not self.lines

    def insert(self, other: "Lines") -> None:
        """Lines written elsewhere, as a block."""
        self.block(other.gap_before)
        for line in other.lines:
            self._line.append(line)
            self.break_line()
        self._want(other.gap_after)

    def mark(self) -> tuple[int, int]:
        """Where we are now: lines, and pieces of this line."""
        return len(self.lines), len(self._line)

    def replace_since(self, mark: tuple[int, int], text: str) -> None:
        """Put this in the place of all words since the mark, if they are in one line."""
        lines, pieces = mark
        if lines == len(self.lines):
            del self._line[pieces + (self._line[pieces : pieces + 1] == [" "]) :]
            self._line.append(text)

    def append_to_word(self, text: str) -> None:
        """Add this behind the last word, though its line may be over."""
        if self._line or not self.lines:
            self._line.append(text)
        else:
            self.lines[-1] += text

    def _want(self, gap: int) -> None:
        if not self._fresh:
            if gap > self.gap_after:
                self.gap_after, self._gap_marks = gap, len(self._marks)
        elif not self.lines:
            self.gap_before = max(self.gap_before, gap)

    def _write(self) -> bool:
        """End the line; false when there was nothing in it."""
        text = "".join(self._line).rstrip()
        self._line.clear()
        self._space = False
        if not text:
            return False
        marks = self._marks[:_MAX_MARKS]
        if self.gap_after and self.lines:
            self.lines.append("".join(mark.rest for mark in marks[: self._gap_marks]).rstrip())
        self.lines.append("".join(map(_take, marks)) + text)
        self.gap_after = 0
        self._fresh = False
        return True


def _take(mark: _Mark) -> str:
    first, mark.first = mark.first, None
    return mark.rest if first is None else first
