import re
from pathlib import Path

import pytest

from postroom_testing.corpus import FOLDER_VARIABLE, OWN, CorpusError, load, read_folder


def test_own_mails_are_long_and_awkward() -> None:
    mails = read_folder(OWN)
    html = "".join(mail.html for mail in mails)
    text = "".join(mail.text for mail in mails)
    assert len(mails) == 8
    assert all(10_000 <= len(mail.html.encode()) <= 25_000 for mail in mails)
    assert "<!--[if mso]>" in html
    assert max(len(line) for line in html.splitlines()) > 998
    assert max(len(line) for line in text.splitlines()) > 998
    assert "\n.\n" in text
    assert "\nFrom " in text
    assert " \n" in text
    assert "\n=\n" in text
    assert 'dir="rtl"' in html
    assert any("\r\n" in mail.html and re.search(r"[^\r]\n", mail.html) for mail in mails)
    assert any(not mail.text.endswith("\n") for mail in mails)
    assert "🎉" in text
    assert "発送" in text


def test_a_named_folder_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>\r\n\xc3\xa9\n")
    (tmp_path / "a.txt").write_bytes(b"")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    mails = load()
    assert (mails[-1].name, mails[-1].html, mails[-1].text) == ("a", "<p>\r\né\n", "")
    assert len(mails) == 9


@pytest.mark.parametrize("files", [(), ("a.html",), ("a.txt",), ("readme.md",)])
def test_a_named_folder_without_pairs_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...]
) -> None:
    for name in files:
        (tmp_path / name).write_text("x")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(CorpusError):
        load()


def test_a_missing_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(CorpusError):
        load()
