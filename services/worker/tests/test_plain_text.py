import re
import time
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom_testing.corpus import Mail, load
from postroom_worker.html_source import MAX_TAGS, is_parseable
from postroom_worker.link_address import says_the_same, shown_address
from postroom_worker.plain_text import MAX_CHARACTERS, plain_text

PADDING = "&#847;&zwnj;&nbsp;&#8199;&shy;&#65279;&#8203;" * 40


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>Hi</h1><p>one\n  two</p><p>three</p>", "Hi\n\none two\n\nthree"),
        ("<div>a</div><div>b<div>c</div></div>d", "a\nb\nc\nd"),
        ("a<b>b</b> <i> c</i> <em>d</em>!", "ab c d!"),
        ("one<br>two<br/><br>three<br><br><br><br>four<br>", "one\ntwo\n\nthree\n\nfour"),
        ("a<hr>b", "a\n\n--------------------\n\nb"),
        ("<p>a<p>b<p> <p>&nbsp;<p>c", "a\n\nb\n\nc"),
        ("&lt;b&gt; &amp;amp; caf&eacute; 19.00&nbsp;&euro; &#128640; &#x1F680;", "<b> &amp; café 19.00 € 🚀 🚀"),
        ("bare text", "bare text"),
        ("a\r\nb\rc", "a b c"),
        ("", ""),
        ("<p> &nbsp; </p>", ""),
    ],
)
def test_blocks_stand_apart_and_words_together(html: str, expected: str) -> None:
    assert plain_text(html) == (expected + "\n" if expected else "")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("x<ul><li>a<li>b</ul>y", "x\n\n- a\n- b\n\ny"),
        ('<ol><li>a<li>b</ol><ol start="9"><li>c<li>d</ol>', "1. a\n2. b\n\n9. c\n10. d"),
        ('<ol><li value="4">a<li>b</ol><ol start="x"><li>c</ol>', "4. a\n5. b\n\n1. c"),
        ("<ul><li>a<ul><li>b<li>c</ul><li>d</ul>", "- a\n  - b\n  - c\n- d"),
        ("<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>", "1. a\n\n   b\n\n2. c"),
        ("<ul><li>a<br>b</li><li></li><li>c</li></ul>", "- a\n  b\n- c"),
        ("a<blockquote><p>b</p><p>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n>\n> c\n>\n> > d\n\ne"),
        ("<blockquote><p>a</p></blockquote><blockquote>b</blockquote>", "> a\n\n> b"),
        ("<ul><li><blockquote>a</blockquote></ul>", "- > a"),
        ("<p>a</p><pre>\n  x  =  1\n\n\n\n\ty </pre>b", "a\n\n  x  =  1\n\n\ty\n\nb"),
        ("<pre>a <b>b\n  c</b></pre>", "a b\n  c"),
    ],
)
def test_lists_quotations_and_code_keep_their_shape(html: str, expected: str) -> None:
    assert plain_text(html) == expected + "\n"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('See <a href="https://e.org/a?b=1&amp;c=2">the docs</a>.', "See the docs (https://e.org/a?b=1&c=2)."),
        ('<a href="https://e.org/a">https://e.org/a</a>', "https://e.org/a"),
        ('at <a href="https://www.e.org/"> e.org </a> now', "at https://www.e.org/ now"),
        ('<a href="mailto:a@e.org?subject=x">a@e.org</a>', "a@e.org"),
        ('<a href="mailto:a%2Bb@e.org">Write</a>', "Write (a+b@e.org)"),
        ('<a href="tel:+4930123">+49 (30) 123</a> <a href="tel:+4930123">Call</a>', "+49 (30) 123 Call (+4930123)"),
        (
            '<a href="#top">Up</a> <a name="x">here</a> <a href="javascript:x()">do</a> <a href="">no</a>',
            "Up here do no",
        ),
        ('<a href="https://e.org"><img alt="Logo"></a>', "Logo (https://e.org)"),
        ('<a href="https://e.org"><img></a><a href="https://e.org/b"> </a>', "https://e.org"),
        ('<a href="https://e.org"><div>Go</div></a>now', "Go (https://e.org)\nnow"),
        ('<a href="https://e.org"><table><tr><td>Go</td></tr></table></a>', "Go (https://e.org)"),
        ('<a href="https://e.org">Go<ul><li></li></ul></a>', "Go (https://e.org)"),
        ('a<img src="x.png" alt=" a  cat ">b<img alt="">c', "a a cat bc"),
        (
            '<a href=" https://e.org/a\nb ">x</a> <a href="https://e.org/a b">y</a>',
            "x (https://e.org/ab) y (https://e.org/a%20b)",
        ),
    ],
)
def test_links_say_where_they_lead_and_images_what_they_show(html: str, expected: str) -> None:
    assert plain_text(html) == expected + "\n"


def row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<table>{row('a', 'b', 'c')}{row('d', '', 'f')}</table>", "a  b  c\nd  f"),
        ("<table><thead><tr><th><p>Item</p></th><th>Price</th></tr></thead></table>", "Item  Price"),
        (f"<table>{row('1', 'Seat<br><small>May</small>', '9')}</table>", "1  Seat - May  9"),
        (f"<table>{row('<h1>a</h1>')}{row('b')}{row('c')}{row('<p>d</p>')}</table>", "a\n\nb\nc\n\nd"),
        (f"x<table>{row('<table>' + row('a') + row('b') + '</table>')}{row('c')}</table>y", "x\n\na\nb\n\nc\n\ny"),
        (f"<table>{row('<p>a</p><p>b</p>', 'c')}</table>", "a\n\nb\n\nc"),
        (f"<table>{row('<ul><li>a</ul>', 'c')}</table>", "- a\n\nc"),
        (f"<ol><li>x<table>{row('a', 'b')}</table></ol>", "1. x\n\n   a  b"),
        (f"<table>{row(*['word ' * 50] * 2)}</table>", "  ".join(["word " * 49 + "word"] * 2)),
    ],
)
def test_tables_are_rows_where_they_hold_data_and_blocks_where_they_are_layout(html: str, expected: str) -> None:
    assert plain_text(html) == expected + "\n"


@pytest.mark.parametrize(
    "hidden",
    [
        "<head><title>x</title><style>p {}</style></head>",
        "<script>if (a < b) document.write('<p>x</p>')</script>",
        "<style>p::before { content: '<p>x' }</style>",
        "<template><p>x</p></template>",
        "<!-- <p>x</p> --><!--[if mso]><table><tr><td>x<![endif]--><![if !mso]><![endif]><?xml x ?><!-->",
        f'<div style="DISPLAY : none; max-height:0">x<p>x</p>{PADDING}</div>',
        '<span style="color:red;visibility:hidden">x</span>',
        '<div style="max-height:0px;overflow:hidden">x</div><span style="opacity : 0 !important">x</span>',
        "<div hidden>x</div>",
        "<p style='display:none!important'>x<table><tr><td>x</td></tr></table></p>",
        "<svg><title>x</title></svg><select><option>x</select><textarea>x</textarea><iframe>x</iframe>",
        f"<p>{PADDING}</p>",
        "<b style='display:none'>x</b>",
    ],
)
def test_what_is_not_shown_is_not_there(hidden: str) -> None:
    assert plain_text(f"{hidden}<p>a</p>{hidden}<p>b</p>{hidden}") == "a\n\nb\n"


def test_what_only_looks_hidden_is_there() -> None:
    html = '<p style="display:block" title="display:none">a</p><p style="x-display:none">b</p><noscript>c</noscript>'
    assert plain_text(html) == "a\n\nb\n\nc\n"
    html = '<p style="line-height:0">a</p><p style="max-height:0.5em">b</p><p style="opacity:0.9">c</p>'
    assert plain_text(html) == "a\n\nb\n\nc\n"


def test_a_button_that_outlook_is_given_otherwise_is_there() -> None:
    html = "<!--[if mso]><v:rect>Pay</v:rect><![endif]--><a href='https://e.org' style='color:red;mso-hide:all'>Pay</a>"
    assert plain_text(html) == "Pay (https://e.org)\n"


def test_a_tag_in_an_attribute_or_a_comment_is_no_tag() -> None:
    assert plain_text('a <img alt="<p title=\'x\'>1 > 0"> b <!-- <a title="--> c') == "a <p title='x'>1 > 0 b c\n"


@pytest.mark.parametrize(
    "text",
    [
        "مُحَمَّلٌ بِالتَّشْكِيلِ \u200fRTL\u200e",
        "می‌خواهم",  # spelled with a zero-width non-joiner
        "「髙」「﨑」「𠮷」第1便　東京",
        "🧑‍💻 👩‍🔧👨🏽‍🚀 ❤️‍🔥 🏳️‍🌈 🇪🇺",
        "क्‍ष",
    ],
)
def test_every_script_arrives(text: str) -> None:
    assert plain_text(f"<p>{text}</p>") == text + "\n"


@pytest.mark.parametrize("mail", load(), ids=lambda mail: mail.name)
def test_the_corpus_reads_like_text(mail: Mail) -> None:
    text = plain_text(mail.html)
    assert_clean(text)
    assert len(text) > 300
    assert "\u034f" not in text
    shown = re.sub("<!--.*?-->", "", mail.html, flags=re.DOTALL)
    for address in re.findall(r'href="(https?://[^"]+)"', shown):
        assert unescape(address) in text
    assert plain_text(mail.html.replace("\n", "\r\n")) == plain_text(mail.html.replace("\r\n", "\n"))


def assert_clean(text: str) -> None:
    lines = text.split("\n")
    assert "\r" not in text
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in lines)
    assert text == "" or (lines[0] and lines[-1] == "" and lines[-2])


TAGS = (
    *(
        "p",
        "div",
        "span",
        "b",
        "a",
        "table",
        "tr",
        "td",
        "th",
        "tbody",
        "ul",
        "ol",
        "li",
        "pre",
        "blockquote",
        "br",
        "hr",
    ),
    *("img", "style", "script", "title", "template", "h1", "svg", "math", "select", "option", "form", "button", "body"),
    *("html", "head", "frameset", "noscript", "textarea", "plaintext", "x-y", "dl", "dd"),
)
PIECES = (
    *(f"<{slash}{tag}>" for tag in TAGS for slash in ("", "/")),
    *('<a href="http://x/">', "<a href='mailto:", '<img alt="', "<p hidden>", "<li value=9>", "<ol start=-3>"),
    *("<!--", "-->", "<![CDATA[", "]]>", "<!", "</", "<", ">", "&", "&#", "&#x110000;", "&#0;", "\0", "\r", "\n"),
    *("\u200c", "\u200d", "\xa0", "\u3000", "\ufeff", "\u2028", "\ud800", '"', "'", "=", "/", "  ", "x"),
)
SOUP = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=60).map("".join)


@settings(max_examples=500)
@given(SOUP)
def test_any_soup_becomes_clean_text(html: str) -> None:
    assert_clean(plain_text(html))


@settings(max_examples=200)
@given(SOUP)
def test_any_soup_that_is_too_much_becomes_clean_text(html: str) -> None:
    assert_clean(plain_text("<i>" * (MAX_TAGS + 1) + html))


def test_what_is_too_much_to_parse_keeps_its_words_and_blocks() -> None:
    html = "<title>x</title><p>a &amp; b<br>c</p><table><tr><td>d</td><td>e</td></tr></table><p>f</p>"
    assert not is_parseable(html + "<i>" * MAX_TAGS)
    assert plain_text(html + "<i>" * MAX_TAGS) == "a & b\nc\n\nd e\n\nf\n"
    assert plain_text("<div>" * 100_000 + "deep" + "</div>" * 100_000) == "deep\n"
    assert plain_text("<i>" * (MAX_TAGS + 1) + "&#" + "9" * 10_000 + "; x") == "\ufffd x\n"


def test_very_long_text_is_cut() -> None:
    text = plain_text("<p>word</p>" * 5_000 + "<p>" + "long " * 100_000)
    assert text.startswith("word\n\nword")
    assert text.endswith("long\n[...]\n")
    assert MAX_CHARACTERS - 100 < len(text) <= MAX_CHARACTERS + 10


SIZE = 2_000_000
HALF = MAX_TAGS // 2 - 10


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * (2 * HALF),
        "<span>" * HALF + "</x>" * HALF,
        "<a>" + "<div>" * HALF + "</a><a>" * (HALF // 2),
        "".join(f"<b a={n}>" for n in range(HALF)) + "<p>x" * HALF,
        "<p " + " ".join(f"a{n}" for n in range(SIZE // 8)) + ">x",
        "<p " + 'a="<" b c ' * HALF + "q " * (SIZE // 2) + ">x",
        "<script></script " * (SIZE // 17),
        "<!--" * (SIZE // 4),
        '<a href="' * (SIZE // 9),
        "<" * SIZE,
        "<p>x" * (SIZE // 4),
        "<table><tr><td>" * 30 + "<pre>" + "x\n" * (SIZE // 2),
        "<blockquote>x" * (2 * HALF),
        "<p style='display" + " " * SIZE + "'>x",
        "&#" + "9" * SIZE + ";",
    ],
    ids=lambda html: html[:20],
)
def test_no_html_takes_long(html: str) -> None:
    started = time.process_time()
    text = plain_text(html)
    assert time.process_time() - started < 4  # what is quadratic takes minutes
    assert len(text) <= MAX_CHARACTERS + 10


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://e.org", "https://e.org"),
        ("{{action_url}}", "{{action_url}}"),
        ("//e.org/x", "//e.org/x"),
        ("/x", ""),
        ("CID:logo", ""),
        ("MAILTO:a@e.org", "a@e.org"),
        ("mailto:?subject=x", ""),
        ("mailto:a%0Ab%FF", "ab\ufffd"),
        ("https://e.org/" + "x" * 8_000, ""),
    ],
)
def test_an_address_is_what_a_reader_can_use(href: str, expected: str) -> None:
    assert shown_address(href) == expected


def test_a_text_that_is_the_address_needs_no_other() -> None:
    assert says_the_same("E.org/a", "https://www.e.org/a/")
    assert not says_the_same("e.org/b", "https://e.org/a")
    assert not says_the_same("Call", "+49")
    assert not says_the_same("...", "https://e.org")
