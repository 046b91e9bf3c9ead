"""Prints what CHANGELOG.md tells of a release: `release_notes.py v1.2.3`.

A tag that the code or the changelog does not bear out is refused: postroom_config/version.py must name the same
version, and the changelog must have a section `## 1.2.3 - YYYY-MM-DD` with something in it.
"""  # noqa: INP001 - a script

import datetime as dt
import re
import sys
from pathlib import Path

from build_manifest import EX_DATAERR, EX_USAGE, fail
from build_names import read_version

_TAG = re.compile(r"v([0-9]+\.[0-9]+\.[0-9]+)")
_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)


def main(arguments: list[str]) -> int:
    tag = _TAG.fullmatch(arguments[0]) if len(arguments) == 1 else None
    if tag is None:
        fail("release_notes: expected one tag, such as v1.2.3", EX_USAGE)
    version = tag[1]
    if (coded := read_version(Path())) != version:
        fail(f"version.py names {coded}, the tag {version}: they must be the same", EX_DATAERR)
    try:
        sys.stdout.write(find_notes(Path("CHANGELOG.md").read_text("utf-8"), version))
    except ValueError as error:
        fail(f"CHANGELOG.md: {error}", EX_DATAERR)
    return 0


def find_notes(changelog: str, version: str) -> str:
    """The section of a version, without its title. Raises ValueError when there is none that could be released."""
    titles = list(_SECTION.finditer(changelog))
    for title, following in zip(titles, [*titles[1:], None], strict=True):
        name, _, date = title["title"].partition(" - ")
        if name != version:
            continue
        _check_date(version, date)
        notes = changelog[title.end() : following.start() if following else None].strip()
        if not notes:
            raise ValueError(f"the section of {version} is empty")
        return f"{notes}\n"
    raise ValueError(f"expected a section '## {version} - YYYY-MM-DD', found none")


def _check_date(version: str, date: str) -> None:
    try:
        if dt.date.fromisoformat(date).isoformat() == date:
            return
    except ValueError:
        pass
    raise ValueError(f"expected '## {version} - YYYY-MM-DD', the day of the release; found {date!r} for the day")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
