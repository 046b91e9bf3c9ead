import pytest

from postroom_domain.addresses import parse_mailbox
from postroom_domain.persons import Person

ONE = Person(parse_mailbox("One@例え.jp").address)


@pytest.mark.parametrize(
    "mailbox",
    ["one@例え.jp", "ONE@xn--r8jz45g.jp", "A Name <one@XN--R8JZ45G.JP>", '"o\\ne"@例え.jp', '"One, A." <One@例え.JP>'],
)
def test_somebody_owns_each_spelling_of_their_address(mailbox: str) -> None:
    assert ONE.owns(mailbox)
    assert ONE.is_among(["two@example.com", mailbox])
    assert ONE.without(["two@example.com", mailbox]) == ["two@example.com"]


@pytest.mark.parametrize(
    "mailbox", ["someone@例え.jp", "one@example.com", "one@例え.jp.example.com", "one@例え.jp <a@b.co>"]
)
def test_they_own_no_other(mailbox: str) -> None:
    assert not ONE.owns(mailbox)


def test_nobody_owns_a_list_that_is_not_there() -> None:
    assert (ONE.is_among(None), ONE.without(None)) == (False, [])


def test_words_may_hold_either_spelling_of_the_domain() -> None:
    assert ONE.spellings == ("one@xn--r8jz45g.jp", "one@例え.jp")
    assert Person("a@example.com").spellings == ("a@example.com",)
    assert Person("a@xn--.example").spellings == ("a@xn--.example",)
    assert ONE.marks == ("one@", '"@')


def test_they_are_not_named_by_accident() -> None:
    assert "one" not in repr(ONE)


def test_a_mailbox_that_cannot_be_read_is_theirs_when_it_holds_their_address() -> None:
    assert ONE.owns("<<one@例え.jp")
    assert not ONE.owns("<<two@例え.jp")
