from pathlib import Path

import pytest

from postroom_embedded.setting import read_setting

ALLOW = "POSTROOM_EGRESS_ALLOW"


def given(folder: Path, **environ: str) -> dict[str, str]:
    """What the services get."""
    setting = read_setting({"POSTROOM_DATA_DIR": str(folder)} | environ)
    return dict(setting.services(redis_url=None).env)


def test_webhooks_may_go_to_loopback_while_mail_is_captured(tmp_path: Path) -> None:
    assert given(tmp_path)[ALLOW] == "127.0.0.0/8,::1/128"
    assert given(tmp_path, POSTROOM_MAIL_URL="inbox:")[ALLOW] == "127.0.0.0/8,::1/128"


def test_what_is_set_outside_wins(tmp_path: Path) -> None:
    assert given(tmp_path, **{ALLOW: "10.0.0.0/8"})[ALLOW] == "10.0.0.0/8"


@pytest.mark.parametrize("url", ["smtp://mail.example.com", "ses://eu-west-1"])
def test_with_real_mail_nothing_private_may_be_reached(tmp_path: Path, url: str) -> None:
    assert ALLOW not in given(tmp_path, POSTROOM_MAIL_URL=url)
