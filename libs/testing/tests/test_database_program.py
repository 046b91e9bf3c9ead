"""Which server is started. Where POSTROOM_TEST_MYSQLD names a MySQL, every test with a database starts it."""

from pathlib import Path

import pytest

from postroom_testing.database_program import VARIABLE, find_program
from postroom_testing.mariadb import MariaDb
from postroom_testing.server import ServerError

# Takes MySQL's options, tells which, and lets MariaDB do the work.
STAND_IN = """#!/bin/bash
echo "$@" >>"${0}.calls"
PATH="${PATH}:/usr/sbin"
options=()
for option in "$@"; do
    [[ "${option}" == --initialize-insecure || "${option}" == --mysqlx=OFF ]] || options+=("${option}")
done
if [[ " $* " == *" --initialize-insecure "* ]]; then
    exec mariadb-install-db "${options[@]}" --auth-root-authentication-method=normal --skip-test-db
fi
exec mariadbd "${options[@]}"
"""


def test_mariadb_is_started_unless_another_is_named() -> None:
    program = find_program({})

    assert Path(program.server).name == "mariadbd"
    assert Path(program.installer).name == "mariadb-install-db"
    assert program == find_program({VARIABLE: ""})


def test_the_named_server_makes_its_data_and_serves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mysqld = tmp_path / "mysqld"
    mysqld.write_text(STAND_IN)
    mysqld.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(mysqld))

    with MariaDb() as server, server.connect(server.fresh_database()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == ((1,),)

    installed, served = (tmp_path / "mysqld.calls").read_text().splitlines()
    assert installed.startswith("--no-defaults ")
    assert "--initialize-insecure" in installed.split()
    assert "--skip-test-db" not in installed
    assert served.startswith("--no-defaults ")
    assert {"--mysqlx=OFF", "--skip-log-bin", "--skip-networking"} <= set(served.split())


@pytest.mark.parametrize("named", ["/nowhere/mysqld", "/etc", "/etc/passwd", "no-such-mysqld"])
def test_one_that_cannot_be_run_is_no_reason_to_take_another(named: str) -> None:
    with pytest.raises(ServerError, match=f"{VARIABLE} must be the path of MySQL's mysqld; {named} "):
        find_program({VARIABLE: named})
