import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postroom_terraform_testing.module import Applied, Module
from postroom_terraform_testing.provider import Provider, running


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    # pytest's own folders can be too long for a socket.
    path = Path(tempfile.mkdtemp(prefix="tf-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session", autouse=True)
def provider(folder: Path) -> Iterator[Provider]:
    """Every Terraform of these tests talks to it, none to the network, none to what the user has configured."""
    (folder / "terraformrc").touch()
    with pytest.MonkeyPatch.context() as environment, running(folder) as provider:
        environment.setenv("CHECKPOINT_DISABLE", "1")
        environment.setenv("TF_CLI_CONFIG_FILE", str(folder / "terraformrc"))
        yield provider


@pytest.fixture(scope="session")
def module(folder: Path) -> Module:
    """To ask only."""
    return Module(folder / "module")


@pytest.fixture
def copy(tmp_path: Path) -> Module:
    """To plant faults in."""
    return Module(tmp_path)


@pytest.fixture(scope="session")
def applied(folder: Path) -> Applied:
    """The module with all that it can make."""
    return Module(folder / "all").apply(**ALL)


@pytest.fixture(scope="session")
def plain(folder: Path) -> Applied:
    """The module as it is without any variable."""
    return Module(folder / "plain").apply()


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Module]:
    return lambda name: Module(tmp_path / name, name)


ALL = {
    "name": "shop",
    "tags": {"team": "platform"},
    "public_url": "https://mail.example.com/postroom",
    "track_opens_and_clicks": True,
    "require_tls": True,
    "topic_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d",
    "alarm_topic_arns": ["arn:aws:sns:eu-west-1:123456789012:pagers"],
    "identity": {"domain": "example.com"},
}
"""Every variable with a value that is not its default, save those that take something away."""
