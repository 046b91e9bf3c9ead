"""An admin process with the settings of `run`, whether that runs now or not."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from postroom_embedded.errors import Refused
from postroom_embedded.redis import find_url
from postroom_embedded.saying import complain
from postroom_embedded.setting import read_setting


def main() -> None:
    try:
        _become_admin(sys.argv[1:])
    except Refused as refused:
        complain(str(refused))
        sys.exit(refused.exit_code)


def _become_admin(arguments: Sequence[str]) -> NoReturn:
    setting = read_setting(os.environ)
    setting.installation.demand()
    services = setting.services(redis_url=find_url(setting.folder) if setting.needs_redis else None)
    command = [*services.command("postroom_admin.main"), *arguments]
    os.execve(command[0], command, dict(services.env))  # noqa: S606 - our own program, no shell wanted


if __name__ == "__main__":
    main()
