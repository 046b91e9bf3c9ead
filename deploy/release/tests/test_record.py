import json
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom_release.build import Build
from postroom_release.config import Config
from postroom_release.errors import EX_DATAERR, EX_NOINPUT, Refused
from postroom_release.record import Records, fingerprint
from postroom_release_testing.records import add_record


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path)


def test_a_record_is_read_as_it_was_written(records: Records, build: Build, config: Config) -> None:
    written = add_record(records, build, config)

    assert records.read(1) == written
    assert written.created_at == "2026-01-02T03:04:05Z"
    assert written.images == build.images | {"redis": f"sha256:{'d' * 64}"}


def test_a_record_holds_all_that_it_was_made_of(records: Records, build: Build, config: Config, tmp_path: Path) -> None:
    add_record(records, build, config)

    told = json.loads((tmp_path / "000001.json").read_text())
    assert told["config"] == config.values
    assert told["secrets"] == ["secrets/database_url", "secrets/secret_key"]
    assert told["config_fingerprint"] == fingerprint({"secrets": config.secrets, "values": config.values})
    assert (told["commit"], told["version"], told["compose"]) == (build.commit, build.version, "services: {}\n")


def test_only_the_owner_reads_a_record_and_nothing_else_is_left(
    records: Records, build: Build, config: Config, tmp_path: Path
) -> None:
    add_record(records, build, config)

    assert [file.name for file in tmp_path.iterdir()] == ["000001.json"]
    assert stat.S_IMODE((tmp_path / "000001.json").stat().st_mode) == 0o600


def test_many_at_once_get_numbers_of_their_own(records: Records, build: Build, config: Config) -> None:
    threads = [threading.Thread(target=add_record, args=(records, build, config)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert records.numbers() == list(range(1, 21))
    assert [record.release for record in records.read_all()] == records.numbers()


def test_a_number_that_is_taken_stays_as_it_is(
    records: Records, build: Build, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another process takes it after this one looked."""
    add_record(records, build, config)
    monkeypatch.setattr(records, "numbers", list)

    later = add_record(records, replace(build, version="0.2.0"), config)

    assert later.release == 2
    assert records.read(1).version == "0.1.0"


def test_equal_configs_have_one_fingerprint(records: Records, build: Build, config: Config) -> None:
    first = add_record(records, build, config)
    turned = replace(config, values=dict(reversed(config.values.items())))
    second = add_record(records, replace(build, version="0.2.0"), turned)
    third = add_record(records, build, replace(config, values=config.values | {"WORKER_REPLICAS": "2"}))

    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != third.fingerprint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("release", 2),
        ("commit", "1" * 40),
        ("images", {"api": f"sha256:{'e' * 64}"}),
        ("config", {"API_PUBLISH": "0.0.0.0:80"}),
        ("secrets", []),
        ("config_fingerprint", "sha256:0"),
        ("compose", "services: {api: {}}\n"),
        ("more", 1),
    ],
)
def test_an_altered_record_is_refused(
    records: Records, build: Build, config: Config, tmp_path: Path, name: str, value: Any
) -> None:
    add_record(records, build, config)
    file = tmp_path / "000001.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: value}))

    with pytest.raises(Refused, match=r"000001\.json: the record was altered") as refused:
        records.read(1)
    assert refused.value.exit_code == EX_DATAERR


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"text"'])
def test_what_is_no_record_is_refused(records: Records, tmp_path: Path, text: str) -> None:
    (tmp_path / "000001.json").write_text(text)

    with pytest.raises(Refused) as refused:
        records.read(1)
    assert refused.value.exit_code == EX_DATAERR


def test_a_record_under_another_number_is_refused(
    records: Records, build: Build, config: Config, tmp_path: Path
) -> None:
    add_record(records, build, config)
    (tmp_path / "000001.json").rename(tmp_path / "000007.json")

    with pytest.raises(Refused, match=r"000007\.json"):
        records.read(7)


def test_a_number_that_is_not_there_is_told_with_those_that_are(records: Records, build: Build, config: Config) -> None:
    with pytest.raises(Refused, match="there is no release 1; there are: none; `make release` makes one"):
        records.read(1)
    add_record(records, build, config)
    add_record(records, build, config)

    with pytest.raises(Refused, match=r"there is no release 3; there are: 1, 2$") as refused:
        records.read(3)
    assert refused.value.exit_code == EX_NOINPUT
