import traceback

import pytest
from pydantic import SecretStr

from postroom_config.database import DatabaseSettings
from postroom_config.errors import ConfigError
from postroom_config.load import load
from postroom_config.mail import MailSettings
from postroom_config.redis import RedisSettings
from postroom_config.settings import Settings
from postroom_config.urls import split_url


class Database(Settings):
    database: DatabaseSettings


class Redis(Settings):
    redis: RedisSettings


class Mail(Settings):
    mail: MailSettings


CASES: dict[str, type[Settings]] = {
    "POSTROOM_DATABASE_URL": Database,
    "POSTROOM_REDIS_URL": Redis,
    "POSTROOM_MAIL_URL": Mail,
}


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("POSTROOM_DATABASE_URL", "mysql://db/postroom"),
        ("POSTROOM_DATABASE_URL", "mysql+pymysql://u:p%2Fw@db.example.com:3306/postroom?ssl_ca=/etc/ca.pem"),
        ("POSTROOM_DATABASE_URL", "mysql+pymysql://root@localhost/x?unix_socket=/tmp/s/mysqld.sock"),
        ("POSTROOM_DATABASE_URL", "mysql+pymysql://root@/x?unix_socket=/tmp/s/mysqld.sock"),
        ("POSTROOM_DATABASE_URL", "mariadb://u@[fd00::1]:3306/postroom"),
        ("POSTROOM_DATABASE_URL", "mariadb+pymysql://u@db/postroom"),
        ("POSTROOM_DATABASE_URL", "sqlite:///postroom.db"),
        ("POSTROOM_DATABASE_URL", "sqlite:////var/lib/postroom/postroom.db"),
        ("POSTROOM_REDIS_URL", "redis://localhost"),
        ("POSTROOM_REDIS_URL", "redis://:secret@localhost:6379/0?protocol=3"),
        ("POSTROOM_REDIS_URL", "rediss://u:p@cache.example.com:6380/2"),
        ("POSTROOM_REDIS_URL", "unix:///tmp/s/redis.sock"),
        ("POSTROOM_REDIS_URL", "unix:///tmp/s/redis.sock?db=1"),
        ("POSTROOM_MAIL_URL", "inbox:"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?configuration_set=postroom"),
        ("POSTROOM_MAIL_URL", "ses://us-gov-west-1"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?configuration_set=p&endpoint=http://127.0.0.1:4579"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?endpoint=https://[::1]:4579"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?endpoint=https://Ses.example.com/v2"),
        ("POSTROOM_MAIL_URL", "smtp://relay.example.com"),
        ("POSTROOM_MAIL_URL", "smtp://relay.example.com?tls=opportunistic"),
        ("POSTROOM_MAIL_URL", "smtp://u%40d:p@relay.example.com:587?tls=required"),
        ("POSTROOM_MAIL_URL", "smtps://u:p@relay.example.com"),
    ],
)
def test_accepted(name: str, url: str) -> None:
    load(CASES[name], {name: url})


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("POSTROOM_DATABASE_URL", "postgresql://h4dden@db/x", "it must begin with one of"),
        ("POSTROOM_DATABASE_URL", "h4dden", "it must begin with one of"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4dden@db", "it names no database"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4dden@/x", "it names no host"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4d/den@db/x", "it cannot be taken apart"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4d#den@db/x", "it cannot be taken apart"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4d[den@db/x", "it cannot be taken apart"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4dden@db:99999/x", "it cannot be taken apart"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4dden@db/x#y", "it holds a #"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4dden@db/x\n", "it holds a space, a line break"),
        ("POSTROOM_DATABASE_URL", " mysql://u:h4dden@db/x", "it holds a space, a line break"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4dden\u200b@db/x", "it holds a space, a line break"),
        ("POSTROOM_DATABASE_URL", "mysql://u:h4dden@db/x?a=1&a=2", "a parameter after the ?"),
        ("POSTROOM_DATABASE_URL", "sqlite://", "it names no file"),
        ("POSTROOM_DATABASE_URL", "sqlite://h4dden/x.db", "it names no file"),
        ("POSTROOM_REDIS_URL", "http://h4dden", "it must begin with one of"),
        ("POSTROOM_REDIS_URL", "redis://:h4dden@/0", "it names no host"),
        ("POSTROOM_REDIS_URL", "redis://cache/h4dden", "after the host only the number"),
        ("POSTROOM_REDIS_URL", "unix://", "it names no socket"),
        ("POSTROOM_MAIL_URL", "inbox:h4dden", "nothing follows inbox:"),
        ("POSTROOM_MAIL_URL", "ses://h4dden", "after ses:// stands an AWS region"),
        ("POSTROOM_MAIL_URL", "ses://AKIA:h4dden@eu-west-1", "credentials do not go into it"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?set=h4dden", "the parameters that it may have"),
        ("POSTROOM_MAIL_URL", "smtp://u:h4dden@", "it names no host"),
        ("POSTROOM_MAIL_URL", "smtp://relay/h4dden", "it has no path"),
        ("POSTROOM_MAIL_URL", "smtp://relay?tls=h4dden", "tls= is one of: required, opportunistic, off"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?endpoint=h4dden", "endpoint=: it must begin with one of: http, https"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?endpoint=http://", "endpoint=: its host is letters"),
        ("POSTROOM_MAIL_URL", "ses://eu-west-1?endpoint=http://h4d_den:80", "endpoint=: its host is letters"),
    ],
)
def test_refused_with_the_reason_and_without_the_value(name: str, url: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(CASES[name], {name: url})
    (problem,) = caught.value.problems
    assert problem.variable == name
    assert problem.complaint.startswith(f"malformed: {reason}")
    assert "h4d" not in repr(caught.value)


def test_not_even_the_cause_of_the_refusal_quotes_the_url() -> None:
    with pytest.raises(ValueError, match="taken apart") as caught:
        split_url(SecretStr("mysql://u:h4d/den@db/x"), schemes=("mysql",))
    assert "h4d" not in "".join(traceback.format_exception(caught.value)).replace('"mysql://u:h4d/den@db/x"', "")
