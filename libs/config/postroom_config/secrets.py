from typing import Annotated

from pydantic import AfterValidator, SecretStr

from postroom_config.settings import Block
from postroom_config.variable import Variable

_SHORTEST = 32
_EXAMPLE = "an-example-that-everybody-knows-0000"


def _check(text: SecretStr) -> SecretStr:
    for place, key in enumerate(text.get_secret_value().split(","), start=1):
        if len(key.strip()) < _SHORTEST:
            raise ValueError(f"key {place} of the list is shorter than {_SHORTEST} characters")
        if not key.isascii() or not key.strip().isprintable():
            raise ValueError(f"key {place} of the list holds more than visible ASCII characters")
    return text


class SecretSettings(Block):
    """Secrets of Postroom's own."""

    keys: Annotated[
        SecretStr,
        AfterValidator(_check),
        Variable(
            "POSTROOM_SECRET_KEY",
            expected=f"{_SHORTEST} or more random characters, such as `openssl rand -hex 32` prints; several with a"
            " comma between them",
            about="Signs links and encrypts what must be kept secret at rest. The first key signs and encrypts, all"
            " verify and decrypt: put a new one in front to rotate. The same for all services.",
            example=_EXAMPLE,
        ),
    ]

    def read(self) -> tuple[str, ...]:
        """The keys, the newest first."""
        return tuple(key.strip() for key in self.keys.get_secret_value().split(","))

    @property
    def hold_example(self) -> bool:
        """Whether one of them is that of `.env.example`, which everybody knows."""
        return _EXAMPLE in self.read()
