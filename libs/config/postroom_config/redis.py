import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from postroom_config.settings import Block
from postroom_config.urls import read_query, require_host, split_url
from postroom_config.variable import Variable

_NUMBER = re.compile(r"/?[0-9]{0,5}", re.ASCII)


def _check(url: SecretStr) -> SecretStr:
    parts = split_url(url, schemes=("redis", "rediss", "unix"))
    read_query(parts)
    if parts.scheme == "unix":
        if not parts.path.startswith("/"):
            raise ValueError("it names no socket: unix:// and then its absolute path")
        return url
    require_host(parts)
    if not _NUMBER.fullmatch(parts.path):
        raise ValueError("after the host only the number of a Redis database may stand")
    return url


class RedisSettings(Block):
    """Redis: a bounded window on the truth, which may be lost at any moment."""

    url: Annotated[
        SecretStr,
        AfterValidator(_check),
        Variable(
            "POSTROOM_REDIS_URL",
            platform_name="REDIS_URL",
            expected="redis://HOST:PORT/0, rediss://USER:PASSWORD@HOST:PORT/0 or unix:///PATH",
            about="Where hints for the workers are kept. Needs no persistence; its eviction policy is noeviction.",
            example="redis://localhost:6379/0",
        ),
    ]
