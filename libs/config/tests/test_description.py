from typing import Annotated

import pytest

from postroom_config.blocks import READERS
from postroom_config.description import describe, find
from postroom_config.load import load
from postroom_config.mail import MailSettings
from postroom_config.settings import Block, Settings
from postroom_config.variable import Variable, variable_of

EVERY = [describe(field, readers) for block, readers in READERS.items() for field in block.model_fields.values()]


class Anything(Settings):
    __annotations__ = {f"block_{place}": block for place, block in enumerate(READERS)}


def test_a_variable_is_described_whole() -> None:
    seconds = find("POSTROOM_LEASE_SECONDS")
    assert seconds is not None
    assert (seconds.type, seconds.unit, seconds.default, seconds.example) == ("whole number", "seconds", "120", "120")
    assert (seconds.readers, seconds.expected) == (("worker",), "a whole number from 1 to 86400")
    url = find("POSTROOM_DATABASE_URL")
    assert url is not None
    assert (url.type, url.unit, url.default, url.is_required, url.is_secret) == ("URL", "", None, True, True)
    assert (url.platform_name, url.example) == ("DATABASE_URL", "sqlite:///postroom.db")
    assert (find("DATABASE_URL"), find("POSTROOM_DATABASE_URL_FILE"), find("DATABASE")) == (url, url, None)


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("POSTROOM_INBOX_EXPOSED", "boolean"),
        ("POSTROOM_LOG_LEVEL", "choice"),
        ("POSTROOM_INTERACTIVE_SHARE", "number"),
        ("POSTROOM_EGRESS_ALLOW", "list"),
        ("POSTROOM_PUBLIC_URL", "URL"),
        ("POSTROOM_HOST", "text"),
        ("POSTROOM_SECRET_KEY", "text"),
    ],
)
def test_types_are_named_in_words(name: str, type_: str) -> None:
    found = find(name)
    assert found is not None
    assert found.type == type_


def test_every_variable_has_an_example_and_every_number_a_unit() -> None:
    assert [one.name for one in EVERY if not one.example] == []
    assert [one.name for one in EVERY if bool(one.unit) != ("number" in one.type)] == []


def test_the_examples_are_right() -> None:
    load(Anything, {one.name: one.example for one in EVERY} | {"POSTROOM_HOST": "::1"})


def test_a_number_whose_unit_nobody_says_is_a_mistake_of_ours() -> None:
    class Countless(Block):
        """Countless."""

        count: Annotated[int, Variable("POSTROOM_COUNT", about="How many.", expected="a number")] = 1

    with pytest.raises(TypeError, match="POSTROOM_COUNT: say what it counts"):
        describe(Countless.model_fields["count"], ())
    assert variable_of(MailSettings.model_fields["timeout_seconds"]).unit == ""
