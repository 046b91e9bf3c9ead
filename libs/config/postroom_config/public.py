from typing import Annotated

from pydantic import AfterValidator

from postroom_config.settings import Block
from postroom_config.urls import check_public
from postroom_config.variable import Variable


class PublicSettings(Block):
    """Where clients reach this deploy."""

    url: Annotated[
        str | None,
        AfterValidator(check_public),
        Variable(
            "POSTROOM_PUBLIC_URL",
            example="https://mail.example.com",
            expected="http://HOST or https://HOST, with a path where a proxy adds one",
            about="What links begin with. Without it, links begin with the host that the request named.",
        ),
    ] = None
