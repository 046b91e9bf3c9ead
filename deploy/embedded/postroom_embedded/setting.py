"""What all that is started here has in common: the checkout, the data folder, and the variables that follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from postroom_embedded import variables
from postroom_embedded.address import Address, read_address
from postroom_embedded.data_folder import find_data_folder
from postroom_embedded.installation import Installation
from postroom_embedded.preparation import Preparation
from postroom_embedded.secret_key import find_secret_key
from postroom_embedded.services import Services, find_code

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Setting:
    environ: Mapping[str, str]
    folder: Path
    installation: Installation
    address: Address

    @property
    def inbox(self) -> bool:
        return variables.uses_inbox(self.environ)

    @property
    def database_file(self) -> Path:
        """The SQLite file that is used when no database is named from outside."""
        return self.folder / "postroom.db"

    @property
    def preparation(self) -> Preparation | None:
        """Of our own database with its development key; None where every start has to ask."""
        if self.inbox and variables.read(self.environ, variables.DATABASE) is None:
            return Preparation(ROOT, self.folder, self.database_file)
        return None

    @property
    def needs_redis(self) -> bool:
        return variables.read(self.environ, variables.REDIS) is None

    def services(self, *, redis_url: str | None) -> Services:
        defaults = {
            variables.DATABASE: f"sqlite:///{self.database_file}",
            variables.MAIL: "inbox:",
            variables.HOST: self.address.host,
            variables.PORT: str(self.address.port),
            variables.HEALTH_HOST: variables.LOOPBACK,
            variables.SECRET_KEY: find_secret_key(self.folder),
            variables.VERIFIED_ONLY: "false",
            variables.COMMIT: variables.find_commit(ROOT),
        }
        if self.inbox:  # then nobody but this machine reaches the api; a client's webhook is here as well
            defaults[variables.EGRESS_ALLOW] = variables.LOOPBACK_NETWORKS
        if redis_url is not None:
            defaults[variables.REDIS] = redis_url
        env = variables.compose(self.environ, defaults, code=find_code(ROOT), bytecode=self.folder / "bytecode")
        return Services(self.installation.python, env)


def read_setting(environ: Mapping[str, str]) -> Setting:
    """Raises Refused for what cannot be meant."""
    folder = find_data_folder(environ, ROOT)
    lock = ROOT / "3rdparty" / "python" / "default.lock"
    return Setting(environ, folder, Installation(folder, lock), read_address(environ))
