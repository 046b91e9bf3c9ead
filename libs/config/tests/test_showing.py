from pathlib import Path

import pytest

from postroom_config.blocks import BLOCKS
from postroom_config.showing import MASK, Shown, mask_url, show

RIGHT = {
    "POSTROOM_DATABASE_URL": "mysql://app:s3cret@db:3306/postroom?ssl_ca=/ca.pem",
    "REDIS_URL": "redis://:s3cret@cache:6379/0",
    "POSTROOM_MAIL_URL": "ses://eu-west-1?configuration_set=main",
    "POSTROOM_SECRET_KEY": "s3cret-s3cret-s3cret-s3cret-s3cret",
}


def shown(environ: dict[str, str]) -> dict[str, Shown]:
    found = {one.name: one for one in show(environ)}
    assert "s3cret" not in repr(found)
    return found


def test_every_variable_is_shown_with_where_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "threads"
    file.write_text("4\n")
    found = shown(RIGHT | {"POSTROOM_WORKER_THREADS_FILE": str(file), "POSTROOM_PORT": "tcp://10.0.0.1:80"})
    assert len(found) == sum(len(block.model_fields) for block in BLOCKS)
    assert {name: (one.value, one.source) for name, one in found.items() if one.source != "default"} == {
        "POSTROOM_DATABASE_URL": (f"mysql://{MASK}@db:3306/postroom?ssl_ca={MASK}", "variable"),
        "POSTROOM_REDIS_URL": (f"redis://{MASK}@cache:6379/0", "REDIS_URL"),
        "POSTROOM_MAIL_URL": ("ses://eu-west-1?configuration_set=main", "variable"),
        "POSTROOM_SECRET_KEY": (MASK, "variable"),
        "POSTROOM_WORKER_THREADS": ("4", "POSTROOM_WORKER_THREADS_FILE"),
    }
    assert (found["POSTROOM_LEASE_SECONDS"].value, found["POSTROOM_LEASE_SECONDS"].readers) == ("120", ("worker",))
    assert (found["POSTROOM_PUBLIC_URL"].value, found["POSTROOM_PUBLIC_URL"].source) == (None, "default")


def test_what_is_missing_or_wrong_is_marked_and_never_shown() -> None:
    found = shown(
        {
            "POSTROOM_DATABASE_URL": "postgres://s3cret",
            "POSTROOM_SECRET_KEY": "s3cret",
            "POSTROOM_PORT": "s3cret",
            "POSTROOM_LOG_LEVEL": "s3cret",
            "POSTROOM_HOST": "a",
            "POSTROOM_HOST_FILE": "/nonexistent/s3cret",
        }
    )
    marked = {name: (one.value, one.source) for name, one in found.items() if one.source not in {"default", "variable"}}
    wrong = dict.fromkeys(
        (
            "POSTROOM_DATABASE_URL",
            "POSTROOM_SECRET_KEY",
            "POSTROOM_PORT",
            "POSTROOM_LOG_LEVEL",
            "POSTROOM_HOST",
        ),
        (None, "wrong"),
    )
    missing = dict.fromkeys(("POSTROOM_REDIS_URL", "POSTROOM_MAIL_URL"), (None, "missing"))
    assert marked == wrong | missing


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("sqlite:///data/postroom.db", "sqlite:///data/postroom.db"),
        ("inbox:", "inbox:"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("smtp://s3cret@relay:587?tls=off", f"smtp://{MASK}@relay:587?tls=off"),
        ("mysql://app:12/s3cret@db/postroom", MASK),
        ("redis://:s3?cret@cache/0", MASK),
        ("mysql://db/postroom?password=s3cret", f"mysql://db/postroom?password={MASK}"),
        ("mysql://app:s3@cret@db/postroom", f"mysql://{MASK}@db/postroom"),
        ("s3cret", MASK),
        ("http://[s3cret", MASK),
    ],
)
def test_a_url_shows_where_it_leads_and_not_who_may_go_there(url: str, masked: str) -> None:
    assert mask_url(url) == masked
