"""What a person would have written as the text of an email that has only HTML."""

import re

from postroom_worker.html_flattening import Flattening
from postroom_worker.html_source import is_parseable, simplify, strip_tags
from postroom_worker.text_lines import Lines

MAX_CHARACTERS = 200_000
"""What is behind them is left away: nobody reads that far, and the HTML is there."""

_CUT = "\n[...]\n"
_BLANK = re.compile(r"\n{3,}+")


def plain_text(html: str) -> str:
    """The text of an HTML body; empty when it shows none.

    Never raises, and takes a time in proportion to the length, whatever is in it. HTML with more tags than
    a mail has is not parsed: of it the words and the blocks are left.
    """
    source = html.encode(errors="replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    if is_parseable(source):
        lines = Flattening(2 * MAX_CHARACTERS).flatten(simplify(source))
    else:
        lines = _split(strip_tags(source))
    text = "\n".join(lines)
    if len(text) > MAX_CHARACTERS:
        return text[:MAX_CHARACTERS].rstrip() + _CUT
    return text + "\n" if text else ""


def _split(text: str) -> list[str]:
    target = Lines()
    left = MAX_CHARACTERS
    for line in _BLANK.sub("\n\n", text).split("\n"):
        if left < 0:
            break
        left -= len(line)
        target.words(line)
        target.break_line()
    return target.lines
