from pathlib import Path

import pytest
from pydantic import ValidationError

from postroom_config.database import DatabaseSettings
from postroom_config.egress import EgressSettings
from postroom_config.errors import ConfigError
from postroom_config.listen import ListenSettings
from postroom_config.load import load
from postroom_config.log import LogSettings
from postroom_config.mail import MailSettings
from postroom_config.redis import RedisSettings
from postroom_config.settings import Settings
from postroom_config.worker import WorkerSettings


class Everything(Settings):
    database: DatabaseSettings
    redis: RedisSettings
    mail: MailSettings
    listen: ListenSettings
    log: LogSettings
    worker: WorkerSettings
    egress: EgressSettings


class Listening(Settings):
    listen: ListenSettings


REQUIRED = {
    "POSTROOM_DATABASE_URL": "mysql://app:s3cret@db/postroom",
    "POSTROOM_REDIS_URL": "redis://:s3cret@cache:6379/0",
    "POSTROOM_MAIL_URL": "smtp://app:s3cret@relay:587",
}


def complaints(settings: type[Settings], environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(settings, environ)
    return {problem.variable: problem.complaint for problem in caught.value.problems}


def test_values_and_defaults() -> None:
    settings = load(Everything, {**REQUIRED, "POSTROOM_WORKER_THREADS": "3", "POSTROOM_LOG_LEVEL": "debug"})
    assert settings.database.url.get_secret_value() == REQUIRED["POSTROOM_DATABASE_URL"]
    assert settings.worker.threads == 3
    assert settings.worker.lease_seconds == 120
    assert settings.log.level == "debug"
    assert settings.listen.port == 8000
    assert settings.listen.host is None
    assert settings.egress.allow == ()


def test_one_report_names_every_offender() -> None:
    found = complaints(
        Everything,
        {
            "POSTROOM_DATABASE_URL": "postgres://db/postroom",
            "POSTROOM_WORKER_THREADS": "65",
            "POSTROOM_LOG_LEVEL": "loud",
            "POSTROOM_INBOX_EXPOSED": "perhaps",
            "POSTROOM_EGRESS_ALLOW": "10.0.0.0/8,nowhere",
            "POSTROOM_WORKER_TREADS": "4",
            "POSTROOM_REDIS_URL_FILE": "/nonexistent",
        },
    )
    assert found["POSTROOM_DATABASE_URL"].startswith("malformed: it must begin with one of: mysql")
    assert found["POSTROOM_WORKER_THREADS"] == "malformed; expected a whole number from 1 to 64"
    assert found["POSTROOM_LOG_LEVEL"] == "malformed; expected one of: debug, info, warning, error"
    assert found["POSTROOM_INBOX_EXPOSED"] == "malformed; expected true or false"
    assert found["POSTROOM_EGRESS_ALLOW"].startswith("malformed: entry 2 of the list is not a network")
    assert found["POSTROOM_MAIL_URL"].startswith("missing; expected ses://")
    assert found["POSTROOM_WORKER_TREADS"] == "unknown; did you mean POSTROOM_WORKER_THREADS?"
    assert found["POSTROOM_REDIS_URL_FILE"] == "its file cannot be read: No such file or directory"
    assert len(found) == 8


def test_the_platforms_name_is_read_where_the_prefixed_one_is_absent() -> None:
    assert load(Listening, {"PORT": "5000"}).listen.port == 5000
    assert load(Listening, {"PORT": "5000", "POSTROOM_PORT": "6000"}).listen.port == 6000
    assert load(Listening, {"PORT": "5000", "POSTROOM_PORT": ""}).listen.port == 5000
    assert load(Listening, {"PORT": "nonsense", "POSTROOM_PORT": "6000"}).listen.port == 6000
    assert "PORT" in complaints(Listening, {"PORT": "nonsense"})


def test_a_missing_variable_tells_the_platforms_name_too() -> None:
    found = complaints(Everything, {name: text for name, text in REQUIRED.items() if "REDIS" not in name})
    assert found["POSTROOM_REDIS_URL"].endswith("(REDIS_URL is read as well)")


def test_empty_counts_as_absent() -> None:
    assert load(Listening, {"POSTROOM_PORT": "", "POSTROOM_HOST": ""}).listen.port == 8000
    assert complaints(Everything, {**REQUIRED, "POSTROOM_MAIL_URL": ""})["POSTROOM_MAIL_URL"].startswith("missing")


@pytest.mark.parametrize(
    "text", [" 8", "8 ", "1_0", "8.0", "1e1", "0x8", "+8", "٨", "inf", "nan", "eight", "-1", "0", "65536", "9" * 5000]
)
def test_a_bad_number_is_refused_and_never_becomes_the_default(text: str) -> None:
    assert complaints(Listening, {"POSTROOM_PORT": text}).keys() == {"POSTROOM_PORT"}


@pytest.mark.parametrize("text", ["nan", "inf", "1e9", ".5", "5.", "-1", "0", "601", " 1", "1,5"])
def test_a_bad_decimal_is_refused(text: str) -> None:
    environ = {**REQUIRED, "POSTROOM_MAIL_TIMEOUT_SECONDS": text}
    assert complaints(Everything, environ).keys() == {"POSTROOM_MAIL_TIMEOUT_SECONDS"}


def test_networks() -> None:
    settings = load(Everything, {**REQUIRED, "POSTROOM_EGRESS_ALLOW": "10.1.0.0/16, fd00::/8"})
    assert [str(network) for network in settings.egress.allow] == ["10.1.0.0/16", "fd00::/8"]


def test_what_another_process_reads_is_known_but_not_checked() -> None:
    assert load(Listening, {"POSTROOM_WORKER_THREADS": "not for me"}).listen.port == 8000


def test_a_file_holds_the_value(tmp_path: Path) -> None:
    file = tmp_path / "port"
    for content in (b"9000", b"9000\n", b"9000\r\n"):
        file.write_bytes(content)
        assert load(Listening, {"POSTROOM_PORT_FILE": str(file), "PORT": "1"}).listen.port == 9000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "its file is empty"),
        (b"\n", "its file is empty"),
        (b"\xff\xfe", "its file is not UTF-8 text"),
        (b"9" * 70_000, "its file is longer than 65536 bytes"),
        (b"9000\n\n", "malformed: not a whole number; expected a whole number from 1 to 65535"),
    ],
)
def test_a_file_that_does_not_do(tmp_path: Path, content: bytes, complaint: str) -> None:
    file = tmp_path / "port"
    file.write_bytes(content)
    assert complaints(Listening, {"POSTROOM_PORT_FILE": str(file)}) == {"POSTROOM_PORT_FILE": complaint}


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    found = complaints(Listening, {"POSTROOM_PORT_FILE": str(tmp_path)})
    assert found == {"POSTROOM_PORT_FILE": "its file cannot be read: Is a directory"}


def test_value_and_file_at_once() -> None:
    found = complaints(Listening, {"POSTROOM_PORT": "1", "POSTROOM_PORT_FILE": "/dev/null"})
    assert found == {"POSTROOM_PORT": "set twice: POSTROOM_PORT_FILE is set as well"}


def test_settings_do_not_change() -> None:
    settings = load(Listening, {})
    with pytest.raises(ValidationError):
        settings.listen.port = 1


def test_a_block_made_by_hand_does_not_look_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_PORT", "9999")
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("port", "9999")
    assert ListenSettings().port == 8000
    assert ListenSettings(port=1).port == 1
