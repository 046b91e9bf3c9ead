import os

import pytest

from postroom_config.command_line import answer_arguments
from postroom_config.version import VERSION


def test_without_arguments_a_service_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    answer_arguments("api", [])

    assert capsys.readouterr() == ("", "")


def test_asked_for_its_version_it_tells_the_commit_and_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("POSTROOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("POSTROOM_COMMIT", "0123abcd")
    with pytest.raises(SystemExit) as ended:
        answer_arguments("api", ["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr() == (f"postroom {VERSION} (commit 0123abcd)\n", "")


@pytest.mark.parametrize("arguments", [["--verbose"], ["--version", "--version"], [""]])
def test_anything_else_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        answer_arguments("api", arguments)

    assert ended.value.code == 64
    assert capsys.readouterr().err.startswith("usage: api [--version]")
