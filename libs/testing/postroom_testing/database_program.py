"""Which server the tests start: Debian's MariaDB, or the MySQL that POSTROOM_TEST_MYSQLD names."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from postroom_testing.server import ServerError, find_binary

VARIABLE = "POSTROOM_TEST_MYSQLD"
_PACKAGE = "mariadb-server"


@dataclass(frozen=True, slots=True)
class DatabaseProgram:
    """What differs between the two. Both take the same options for folders, sockets, ports and durability.

    Args:
        server: path of the program that serves.
        server_options: that only this one has, or needs.
        installer: path of the program that makes an empty data folder, whose root needs no password.
        installer_options: likewise.
    """

    server: str
    server_options: tuple[str, ...]
    installer: str
    installer_options: tuple[str, ...]


def find_program(environment: Mapping[str, str] = os.environ) -> DatabaseProgram:
    """Raises ServerError when it is not there: the tests are not run with another than the one that was asked for."""
    mysqld = environment.get(VARIABLE)
    if not mysqld:
        return DatabaseProgram(
            server=find_binary("mariadbd", package=_PACKAGE),
            server_options=(),
            installer=find_binary("mariadb-install-db", package=_PACKAGE),
            installer_options=("--auth-root-authentication-method=normal", "--skip-test-db"),
        )
    if shutil.which(mysqld) is None:
        raise ServerError(f"{VARIABLE} must be the path of MySQL's mysqld; {mysqld} is no program that can be run")
    return DatabaseProgram(
        server=mysqld,
        # Its second protocol would listen on one port of the machine, whatever else runs there.
        server_options=("--mysqlx=OFF",),
        installer=mysqld,
        installer_options=("--initialize-insecure",),
    )
