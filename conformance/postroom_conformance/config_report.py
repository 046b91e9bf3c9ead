"""How a process must end whose environment is wrong."""

from collections import Counter
from collections.abc import Collection

from postroom_config.errors import EX_CONFIG

_ENTRY = "  "


def find_report_faults(ended: tuple[int, str, str], offenders: Collection[str], secrets: Collection[str]) -> list[str]:
    """What is wrong with the end of a process, and with its one report; no value is in what is found.

    Args:
        ended: exit code, stdout, stderr.
        offenders: all variables that the report must name, and no other.
        secrets: values that were planted.
    """
    code, stdout, stderr = ended
    named = Counter(
        line.removeprefix(_ENTRY).partition(":")[0] for line in stderr.splitlines() if line.startswith(_ENTRY)
    )
    faults = [] if code == EX_CONFIG else [f"it ended with {code}"]
    faults += ["it wrote to stdout"] if stdout else []
    faults += ["it shows a traceback"] if "Traceback" in stderr else []
    faults += [f"{name} is not named" for name in offenders if name not in named]
    faults += [f"{name} is named, and right" for name in named if name not in offenders]
    faults += [f"{name} is named {count} times" for name, count in named.items() if count > 1]
    shown = sum(secret in stdout + stderr for secret in secrets)
    return faults + ([f"{shown} values are shown"] if shown else [])
