from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from postroom_config.numbers import Decimal, Whole
from postroom_config.settings import Block
from postroom_config.urls import read_query, require_host, split_url
from postroom_config.variable import Variable

_SCHEMES = ("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql", "sqlite")


def _check(url: SecretStr) -> SecretStr:
    parts = split_url(url, schemes=_SCHEMES)
    has_path = len(parts.path) > 1
    if parts.scheme == "sqlite":
        if parts.netloc or not has_path:
            raise ValueError("it names no file: sqlite:/// and then the path")
        return url
    if "unix_socket" not in read_query(parts):
        require_host(parts)
    if not has_path:
        raise ValueError("it names no database after the host")
    return url


class DatabaseSettings(Block):
    """The database: the truth about every email."""

    url: Annotated[
        SecretStr,
        AfterValidator(_check),
        Variable(
            "POSTROOM_DATABASE_URL",
            platform_name="DATABASE_URL",
            expected="mysql+pymysql://USER:PASSWORD@HOST/NAME (or mysql, mariadb, mariadb+pymysql), or sqlite:///PATH",
            about="MySQL 8 or MariaDB in production, a SQLite file in the embedded default."
            " Options of PyMySQL, TLS among them, go into the query.",
            example="sqlite:///postroom.db",
        ),
    ]
    pool_size: Annotated[
        Whole,
        Field(ge=1, le=100),
        Variable(
            "POSTROOM_DATABASE_POOL_SIZE",
            unit="connections",
            about="Connections that one process keeps; as many again are opened under load.",
        ),
    ] = 10
    timeout_seconds: Annotated[
        Decimal,
        Field(ge=0.1, le=600),
        Variable(
            "POSTROOM_DATABASE_TIMEOUT_SECONDS",
            about="How long to wait for a connection, and for one answer.",
        ),
    ] = 10.0
