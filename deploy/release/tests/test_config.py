from pathlib import Path

import pytest

from postroom_release.config import OPTIONS, Config, read_config
from postroom_release.errors import EX_CONFIG, Refused

LEAST = "API_PUBLISH=127.0.0.1:8000\nWORKER_REPLICAS=2\n"


def read(tmp_path: Path, text: str, *secrets: str) -> Config:
    file = tmp_path / "config.env"
    file.write_text(text)
    return read_config(file, list(secrets))


def refusal(tmp_path: Path, text: str, *secrets: str) -> str:
    with pytest.raises(Refused) as refused:
        read(tmp_path, text, *secrets)
    assert refused.value.exit_code == EX_CONFIG
    return str(refused.value)


def test_values_are_taken_as_they_stand(tmp_path: Path) -> None:
    config = read(tmp_path, f"# a comment\n\n{LEAST}POSTROOM_PUBLIC_URL=https://example.com/a=b#$c\n")

    assert config.values == {
        "API_PUBLISH": "127.0.0.1:8000",
        "WORKER_REPLICAS": "2",
        "POSTROOM_PUBLIC_URL": "https://example.com/a=b#$c",
    }


def test_an_empty_value_counts_as_not_set(tmp_path: Path) -> None:
    assert "DATABASE_IMAGE" not in read(tmp_path, f"{LEAST}DATABASE_IMAGE=\n").values


def test_services_get_variables_and_paths_of_secrets_and_no_options(tmp_path: Path) -> None:
    config = read(tmp_path, f"{LEAST}AWS_REGION=eu-west-1\n", "aws_credentials", "database_password", "secret_key")

    assert config.environment == {
        "AWS_REGION": "eu-west-1",
        "AWS_SHARED_CREDENTIALS_FILE": "/etc/postroom/secrets/aws_credentials",
        "POSTROOM_SECRET_KEY_FILE": "/etc/postroom/secrets/secret_key",
        "POSTROOM_INBOX_EXPOSED": "true",
    }


@pytest.mark.parametrize(
    ("publish", "exposed"),
    [("127.0.0.1:80", True), ("127.1.2.3:80", True), ("[::1]:80", True), ("0.0.0.0:80", False), ("[::]:80", False)],
)
def test_the_inbox_is_shown_to_this_machine_only(tmp_path: Path, publish: str, *, exposed: bool) -> None:
    """Elsewhere the image's own check refuses `inbox:`, unless the operator says so."""
    config = read(tmp_path, f"API_PUBLISH={publish}\nWORKER_REPLICAS=1\n")

    assert ("POSTROOM_INBOX_EXPOSED" in config.environment) is exposed


def test_what_the_operator_says_of_the_inbox_stands(tmp_path: Path) -> None:
    config = read(tmp_path, f"{LEAST}POSTROOM_INBOX_EXPOSED=false\n")

    assert config.environment["POSTROOM_INBOX_EXPOSED"] == "false"


@pytest.mark.parametrize(("drain", "grace"), [("", 35), ("POSTROOM_DRAIN_SECONDS=0.5\n", 11)])
def test_a_container_has_longer_to_end_than_it_drains(tmp_path: Path, drain: str, grace: int) -> None:
    assert read(tmp_path, LEAST + drain).grace_seconds == grace


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("POSTROOM_SECRET_KEY=hush-hush", "secret_key"),
        ("POSTROOM_DATABASE_URL=mysql://user:hush-hush@db/postroom", "database_url"),
        ("POSTROOM_DATABASE_URL=mysql://user@db/postroom?password=hush-hush", "database_url"),
        ("POSTROOM_REDIS_URL=redis://:hush-hush@redis/0", "redis_url"),
        ("POSTROOM_MAIL_URL=smtp://user:hush-hush@mail:587", "mail_url"),
        ("POSTROOM_MAIL_URL=smtp://user:hush-hush@[mail:587", "mail_url"),
        ("AWS_SECRET_ACCESS_KEY=hush-hush", "aws_credentials"),
    ],
)
def test_a_secret_is_sent_to_its_file_and_not_repeated(tmp_path: Path, line: str, file: str) -> None:
    told = refusal(tmp_path, f"{LEAST}{line}\n")

    assert f"line 3: {line.partition('=')[0]}: it holds a secret, which goes into secrets/{file}" in told
    assert "hush" not in told


@pytest.mark.parametrize("url", ["ses://eu-west-1?configuration_set=postroom", "inbox:", "smtp://mail.example.com"])
def test_a_url_without_a_secret_may_stand_there(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, f"{LEAST}POSTROOM_MAIL_URL={url}\n").values["POSTROOM_MAIL_URL"] == url


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("export X=1", "line 3: expected NAME=VALUE, or # at its beginning"),
        ("X=1", "line 3: X: unknown; expected POSTROOM_..., AWS_... or one of API_PUBLISH"),
        ("WORKER_REPLICAS=3", "line 3: WORKER_REPLICAS: set twice"),
        ("POSTROOM_RELEASE=7", "line 3: POSTROOM_RELEASE: it is the number of the release"),
        ("POSTROOM_PORT=80", "line 3: POSTROOM_PORT: it is a container's own; API_PUBLISH says"),
        ('POSTROOM_PUBLIC_URL="https://example.com"', "line 3: POSTROOM_PUBLIC_URL: no quotes and no spaces"),
        ("POSTROOM_PUBLIC_URL= https://example.com", "line 3: POSTROOM_PUBLIC_URL: no quotes and no spaces"),
        ("POSTROOM_MAIL_URL=inbox:", "line 3: POSTROOM_MAIL_URL: set twice: secrets/mail_url is there"),
        ("POSTROOM_MAIL_URL_FILE=/mail", "line 3: POSTROOM_MAIL_URL_FILE: secrets/mail_url is mounted by itself"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    assert complaint in refusal(tmp_path, f"{LEAST}{line}\n", "mail_url")


@pytest.mark.parametrize("publish", ["8000", "localhost:8000", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1"])
def test_an_address_is_an_address_and_a_port(tmp_path: Path, publish: str) -> None:
    told = refusal(tmp_path, f"API_PUBLISH={publish}\nWORKER_REPLICAS=1\n")

    assert "line 1: API_PUBLISH: expected ADDRESS:PORT, such as 127.0.0.1:8000" in told


@pytest.mark.parametrize("count", ["0", "-1", "100", "two"])
def test_workers_are_counted(tmp_path: Path, count: str) -> None:
    told = refusal(tmp_path, f"API_PUBLISH=127.0.0.1:80\nWORKER_REPLICAS={count}\n")

    assert "line 2: WORKER_REPLICAS: expected a whole number from 1 to 99" in told


def test_a_bundled_database_needs_its_passwords(tmp_path: Path) -> None:
    told = refusal(tmp_path, f"{LEAST}DATABASE_IMAGE=mariadb:10.11\n", "database_password")

    assert told.splitlines()[1:] == ["  DATABASE_IMAGE: it needs secrets/database_root_password"]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = refusal(tmp_path, "nonsense\nX=1\n")

    assert told.splitlines()[1:] == [
        "  line 1: expected NAME=VALUE, or # at its beginning",
        f"  line 2: X: unknown; expected POSTROOM_..., AWS_... or one of {', '.join(OPTIONS)}",
        "  API_PUBLISH: missing",
        "  WORKER_REPLICAS: missing",
    ]
