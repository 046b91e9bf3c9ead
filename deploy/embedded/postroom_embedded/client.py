"""From the runner's Python to a client of what `run` started: a module that runs in the environment of the lock."""

import os
from pathlib import Path
from typing import NoReturn

from postroom_embedded.errors import Refused
from postroom_embedded.readiness import get_status
from postroom_embedded.services import find_code
from postroom_embedded.setting import ROOT, read_setting


def become_client(module: str) -> NoReturn:
    """Go on as a module of this package; its argument is where the api answers.

    Raises:
        Refused: nothing answers, or nothing is installed.
    """
    setting = read_setting(os.environ)
    address = setting.address
    if get_status(address.reachable_host, address.port, "/livez") is None:
        raise Refused(f"nothing answers at {address.url}: start it with make run")
    setting.installation.demand()
    command = [str(setting.installation.python), "-P", "-m", f"postroom_embedded.{module}", address.url]
    # The client would ask a proxy of the machine for what is right here.
    code = f"{Path(__file__).parent.parent}:{find_code(ROOT)}"
    env = {**os.environ, "PYTHONPATH": code, "NO_PROXY": address.reachable_host}
    os.execve(command[0], command, env)  # noqa: S606 - our own program, no shell wanted
