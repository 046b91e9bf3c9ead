from pathlib import Path

import pytest

from postroom_release.build import Build
from postroom_release.config import Config
from postroom_release.folder import DeployFolder
from postroom_release.secrets import make_secrets


@pytest.fixture
def build() -> Build:
    images = {"api": f"sha256:{'a' * 64}", "worker": f"sha256:{'b' * 64}", "scheduler": f"sha256:{'c' * 64}"}
    return Build(version="0.1.0", commit="0" * 40, modified=False, images=images)


@pytest.fixture
def config() -> Config:
    values = {"API_PUBLISH": "127.0.0.1:8000", "WORKER_REPLICAS": "1", "POSTROOM_MAIL_URL": "inbox:"}
    return Config(values, ("database_url", "secret_key"))


@pytest.fixture
def deploy(tmp_path: Path) -> DeployFolder:
    """A deploy as `new` makes it."""
    folder = DeployFolder(tmp_path / "shop")
    folder.path.mkdir(mode=0o700)
    folder.releases.mkdir(mode=0o700)
    folder.certificates.mkdir()
    make_secrets(folder.secrets)
    folder.config.write_text("API_PUBLISH=127.0.0.1:8000\nWORKER_REPLICAS=1\nPOSTROOM_MAIL_URL=inbox:\n")
    return folder
