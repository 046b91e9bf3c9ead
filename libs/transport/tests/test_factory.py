import subprocess
import sys

import pytest

from postroom_testing.transports import MemoryStore
from postroom_transport.factory import open_transport

SECRET = "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "http://user:hunter2@host",
        "smtp://user:hunter2@host:99999",
        "smtp://user:hunter2@host:port",
        "smtp://user:hunter2@[host",
        "smtp://user:hunter2@",
        "smtp://user:hunter2@host?tls=hunter2",
        "smtp://user:hunter2@host?tls=implicit",
        "smtp://user:hunter2@host?hunter2=1",
        "smtp://user:hunter2@host?tls=off&tls=off",
        "smtps://user:hunter2@host?tls=required",
        "ses://",
        "ses://key:hunter2@eu-west-1",
        "ses://eu-west-1?hunter2=1",
        "ses://eu-west-1?configuration_set=",
        "inbox:",
    ],
)
def test_bad_url_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        open_transport(url, timeout_seconds=1, inbox_store=None)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_schemes_choose_transports() -> None:
    names = {
        url: open_transport(url, timeout_seconds=1, inbox_store=MemoryStore()).name
        for url in ("inbox:", "smtp://host", "smtps://user:pass@host:465", "ses://eu-west-1")
    }
    assert list(names.values()) == ["inbox", "smtp", "smtp", "ses"]


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://host", "opportunistic", 25),
        ("smtp://user:word@host", "required", 587),
        ("smtp://host:587", "required", 587),
        ("smtp://host:587?tls=off", "off", 587),
        ("smtp://host:2525?tls=required", "required", 2525),
        ("smtps://host", "implicit", 465),
        ("smtp://[::1]:2525", "opportunistic", 2525),
    ],
)
def test_encryption_and_port_by_default(url: str, tls: str, port: int) -> None:
    address = vars(open_transport(url, timeout_seconds=1, inbox_store=None))["_address"]
    assert (address.tls.value, address.port) == (tls, port)


@pytest.mark.parametrize(
    ("url", "absent"),
    [("smtp://host", "boto3"), ("inbox:", "boto3"), ("inbox:", "smtplib"), ("ses://eu-west-1", "smtplib")],
)
def test_only_the_used_provider_is_imported(url: str, absent: str) -> None:
    code = (
        "import sys\n"
        "from postroom_transport.factory import open_transport\n"
        f"open_transport({url!r}, timeout_seconds=1, inbox_store=object())\n"
        f"sys.exit({absent!r} in sys.modules)\n"
    )
    paths = repr([path for path in sys.path if path])
    subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {paths}\n{code}"], check=True)
