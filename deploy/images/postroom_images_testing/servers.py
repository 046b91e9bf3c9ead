"""Servers that the services are run with, each in a container of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postroom_images_testing.container import Container


@contextmanager
def mariadb(image: str, network: str, *, alias: str, database: str, password: str) -> Iterator[Container]:
    """A MariaDB with one empty database, and a user of its name who may do everything there.

    It has begun to start: nobody knows yet whether it listens.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "password"
        file.write_text(password, encoding="utf-8")
        with Container(
            image,
            # Nobody here can tell it the names of its clients.
            *("mariadbd", "--skip-name-resolve"),
            variables={
                "MYSQL_DATABASE": database,
                "MYSQL_USER": database,
                "MYSQL_PASSWORD_FILE": "/run/secrets/password",
                # The public image asks for one way or another of having it.
                "MARIADB_RANDOM_ROOT_PASSWORD": "yes",
            },
            options=[f"--mount=type=bind,source={file},target=/run/secrets/password,readonly"],
            network=network,
            alias=alias,
        ) as container:
            yield container
