import pytest

from postroom_domain.errors import InvalidHeader, InvalidTag
from postroom_domain.headers import check_header, decode_words, has_control, unfold
from postroom_domain.tags import check_tag


@pytest.mark.parametrize("name", ["X-Entity-Ref-ID", "List-Unsubscribe", "In-Reply-To", "References", "Importance"])
def test_takes_what_clients_may_set(name: str) -> None:
    check_header(name, "<https://example.com/?a=b>, ünïcode\tand a tab")


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "to",
        "BCC",
        "Return-Path",
        "X-SES-Configuration-Set",
        "Content-Type",
        "Message-ID",
        "DKIM-Signature",
    ],
)
def test_refuses_what_the_service_owns(name: str) -> None:
    with pytest.raises(InvalidHeader, match="set by the service"):
        check_header(name, "x")


@pytest.mark.parametrize("name", ["", "A B", "A:B", "Ünï", "A\r\nB", "x" * 77])
def test_refuses_names_that_are_none(name: str) -> None:
    with pytest.raises(InvalidHeader, match="header name"):
        check_header(name, "x")


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\x00b", "a\x7fb", "a\u2028b", "a\x85b"])
def test_refuses_values_that_could_start_a_line(value: str) -> None:
    with pytest.raises(InvalidHeader, match="line break") as caught:
        check_header("X-Ref", value)
    assert "Bcc" not in str(caught.value)


def test_unfolds_what_was_folded_and_nothing_else() -> None:
    assert unfold("<mailto:a@example.com>,\r\n <https://example.com/u>\n\tx") == (
        "<mailto:a@example.com>, <https://example.com/u>\tx"
    )
    assert unfold("a\r\nBcc: x@example.com") == "a\r\nBcc: x@example.com"
    assert unfold("a\r\n") == "a\r\n"


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ("plain = ?", "plain = ?"),
        ("=?utf-8?Q?M=C3=BCnchen?= and =?utf-8?b?5bGx?= =?utf-8?q?=E7=94=B0?=", "München and 山田"),
        ("=?iso-8859-1?q?caf=E9?=", "café"),
    ],
)
def test_reads_encoded_words(value: str, decoded: str) -> None:
    assert decode_words(value) == decoded


@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?a=0D=0ABcc:_x@example.com?=",
        "=?utf-8?q?=00?=",
        "=?utf-8?q??=",
        "=?nosuch?q?a?=",
        "=?zlib?q?a?=",
        "=?utf-8?b?!?=",
        "=?utf-8?b?gICA?=",
        "=?utf-7?q?+2AA-?=",
        "=?",
        "=?=?=?",
        pytest.param("=?u?q?\t" * 100_000, id="long"),
    ],
)
def test_leaves_what_only_looks_like_encoded_words(value: str) -> None:
    assert decode_words(value) == value


def test_other_unprintable_text_is_no_control() -> None:
    assert not has_control("zero\u200bwidth, no-break\u00a0space, \U000e0041")


@pytest.mark.parametrize(
    ("name", "value"), [("a b", "x"), ("", "x"), ("a", ""), ("a", "ä"), ("a", "x" * 257), ("a", "x\n")]
)
def test_refuses_tags(name: str, value: str) -> None:
    with pytest.raises(InvalidTag):
        check_tag(name, value)


def test_takes_tags() -> None:
    check_tag("Category_1", "welcome-mail")
