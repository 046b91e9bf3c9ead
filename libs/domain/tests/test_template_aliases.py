from uuid import uuid4

import pytest

from postroom_domain.errors import InvalidAlias
from postroom_domain.ids import new_id
from postroom_domain.template_aliases import check_alias, parse_reference


@pytest.mark.parametrize("alias", ["a", "order-confirmation", "Order_2.v1", "0", "x" * 100, "publish", uuid4().hex])
def test_takes_what_can_stand_in_a_path(alias: str) -> None:
    check_alias(alias)
    assert parse_reference(alias) == alias


@pytest.mark.parametrize("alias", ["", "x" * 101, ".", "..", "-a", "_a", "a b", "a/b", "a%2f", "ä", "a\n", "a?b"])
def test_refuses_what_cannot(alias: str) -> None:
    with pytest.raises(InvalidAlias):
        check_alias(alias)
    assert parse_reference(alias) is None


def test_an_alias_is_never_taken_for_an_id() -> None:
    identity = new_id()
    for text in (str(identity), str(identity).upper()):
        with pytest.raises(InvalidAlias, match="look like an id"):
            check_alias(text)
        assert parse_reference(text) == identity
