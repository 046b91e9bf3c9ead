import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom_domain.template_text import TemplateText, find_wrong_placeholder

KEYS = ("A", "NAME", "x_1")
PLACEHOLDER = re.compile(r"\{\{\{\s*(A|NAME|x_1)\s*\}\}\}")
LITERAL = st.text() | st.sampled_from(["{", "{{", "{{{", "}", "}}", "}}}", "{{A}}", "{A}", " A ", "\\", "$1", "%s"])
PIECE = st.sampled_from(KEYS).map(lambda key: ("key", key)) | LITERAL.map(lambda text: ("literal", text))
VALUE = st.text() | st.sampled_from(["{{{NAME}}}", "{{{ A }}}", "}}}", "{{{", "<b>&amp;</b>", "\\1", "\\g<0>"])
VALUES = st.fixed_dictionaries(dict.fromkeys(KEYS, VALUE))
SPACE = st.sampled_from(["", " ", "   ", "\n"])


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("", ""),
        ("no placeholder", "no placeholder"),
        ("{{{NAME}}}", "Ada"),
        ("{{{ NAME  }}}", "Ada"),
        ("Hi {{{NAME}}}, {{{NAME}}}{{{A}}}!", "Hi Ada, Ada{{{NAME}}}!"),
        ("{{{{NAME}}}}", "{Ada}"),
        ("{{NAME}} {NAME} {{{name}} {{{NAME}}", "{{NAME}} {NAME} {{{name}} {{{NAME}}"),
    ],
)
def test_values_take_the_place_of_placeholders(source: str, written: str) -> None:
    assert TemplateText(source).write({"NAME": "Ada", "A": "{{{NAME}}}"}) == written


@given(st.lists(PIECE), VALUES, SPACE)
def test_each_value_stands_where_its_placeholder_stood(
    pieces: list[tuple[str, str]], values: dict[str, str], space: str
) -> None:
    """Values appear literally, in one pass, and all else stays. Only literals that form no placeholder are joined."""
    source, expected = "", ""
    for kind, text in pieces:
        if kind == "key":
            source += f"{{{{{{{space}{text}{space}}}}}}}"
            expected += values[text]
        else:
            plain = text.replace("{", "").replace("}", "")
            source += plain
            expected += plain
    taken = TemplateText(source)
    assert taken.write(values) == expected
    assert set(taken.keys) == {text for kind, text in pieces if kind == "key"}
    assert taken.size(values) == len(expected.encode())


@given(st.lists(PIECE).map(lambda pieces: "".join(f"{{{{{{{t}}}}}}}" if k == "key" else t for k, t in pieces)), VALUES)
def test_it_is_one_replacement_of_whatever_a_scan_finds(source: str, values: dict[str, str]) -> None:
    """With any braces around: the same as looking once from left to right."""
    text = TemplateText(source)
    values |= {key: "" for key in text.keys if key not in values}
    expected = re.sub(r"\{\{\{\s*([A-Za-z0-9_]{1,50})\s*\}\}\}", lambda found: values[found[1]], source)
    assert text.write(values) == expected
    assert text.size(values) == len(expected.encode())


@given(st.lists(PIECE).map(lambda pieces: "".join(f"{{{{{{{t}}}}}}}" if k == "key" else t for k, t in pieces)))
def test_no_placeholder_remains(source: str) -> None:
    """Of a source that is in order, with values that hold no braces."""
    if find_wrong_placeholder(source) is not None:
        return
    text = TemplateText(source)
    written = text.write(dict.fromkeys(text.keys, "value"))
    assert not PLACEHOLDER.search(written)
    assert find_wrong_placeholder(written) is None


@pytest.mark.parametrize("source", ["", "{{{A}}}", "{{{ a_1 }}}", "{{A}}", "{{{ {a} }}}", "a{b{c{}}}", "{{{", "}}}"])
def test_finds_nothing_wrong(source: str) -> None:
    assert find_wrong_placeholder(source) is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{{contact.first_name}}}", "no variable"),
        ("{{{FIRST_NAME|there}}}", "no variable"),
        ("{{{#if A}}}", "no variable"),
        ("{{{}}}", "no variable"),
        ("ok {{{A}}} but {{{a-b}}}", "a-b"),
        (f"{{{{{{{'k' * 51}}}}}}}", "no variable"),
        ("{{{FIRST_NAME}}}", "reserved"),
        ("{{{ RESEND_UNSUBSCRIBE_URL }}}", "reserved"),
        ("{{{this}}}", "reserved"),
    ],
)
def test_finds_what_a_reader_would_see_as_braces(source: str, said: str) -> None:
    assert said in (find_wrong_placeholder(source) or "")


@pytest.mark.parametrize("source", ["{{{" * 300_000, "{{{" + " " * 1_000_000, "{{{ " * 250_000, "{" * 1_000_000])
def test_no_text_takes_long(source: str) -> None:
    begun = time.perf_counter()
    find_wrong_placeholder(source)
    TemplateText(source).size({})
    assert time.perf_counter() - begun < 2
