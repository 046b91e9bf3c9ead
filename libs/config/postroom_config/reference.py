"""Writes what people read about the variables, from the blocks themselves.

``python -m postroom_config.reference FOLDER`` writes `.env.example` and `docs/reference/configuration.md` into the
repository at FOLDER (`make docs`).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from postroom_config.blocks import BLOCKS, READERS, TOOL_VARIABLES
from postroom_config.description import Description, describe, show_default
from postroom_config.settings import Block
from postroom_config.variable import variable_of

_REMARK = "Generated from libs/config by `make docs`; do not edit."

_INTRODUCTION = """\
# Configuration

<!-- {remark} -->

Postroom is configured by environment variables alone. There are no settings files and no named environments: each
deploy sets its own variables. A process looks at them once, when it starts.

- A variable that is missing, malformed or unknown stops the start with exit code 78. One report on stderr names every
  such variable and what was expected, and never shows a value.
- Unknown is every name with the prefix `POSTROOM_` that no process of the release reads. So one env file can serve the
  api, the worker, the scheduler and the admin commands, and a slip of the pen does not pass unseen. A process checks
  the values only of what it uses itself; the admin command `config check` checks those of all processes at once.
- The admin command `config show` says what each variable is set to and where that comes from, without secrets, and
  `config explain NAME` what this page says. `admin` in the column "Read by" are the [admin commands](admin.md).
- Names are case-sensitive.
- An empty value counts as not set.
- Each variable has a second form, `NAME_FILE`: the path of a file that holds the value, as secret stores mount them.
  One line break at the end is taken off. Setting both forms is an error; so is a file that is empty or cannot be read.
- Where a platform injects a name of its own (`DATABASE_URL`, `REDIS_URL`, `PORT`), it is read when the prefixed
  variable is not set.
- Numbers are plain digits, `30` or `0.5`. No spaces, no `1e3`, no `1_000`.
- In URLs, characters such as `/ # ? @ :` in user or password are percent-encoded (`%2F`).
- The variables that Kubernetes adds for each Service (`POSTROOM_API_SERVICE_HOST`, `POSTROOM_PORT=tcp://10.0.0.1:80`)
  are ignored.
- `OTEL_*` are OpenTelemetry's standard names. Those below are read; others have no effect.
"""


def render_reference() -> str:
    parts = [_INTRODUCTION.format(remark=_REMARK)]
    parts += [_render_block(block, readers) for block, readers in READERS.items()]
    lines = [
        "## Tools",
        "",
        "Read by tools around the services, not by a service.",
        "",
        "| Variable | About |",
        "|---|---|",
    ]
    lines += [f"| `{name}` | {about} |" for name, about in TOOL_VARIABLES.items()]
    parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def render_env_example() -> str:
    remark = (
        f"# {_REMARK}\n"
        "# What has no default is set here to what a first try on one machine needs. What is commented out shows its\n"
        "# default. Each variable is explained in docs/reference/configuration.md.\n"
    )
    parts = [remark]
    for block in BLOCKS:
        lines = [f"# {_title(block)}"]
        for field in block.model_fields.values():
            variable = variable_of(field)
            if field.is_required():
                lines.append(f"{variable.name}={variable.example}")
            else:
                lines.append(f"#{variable.name}={show_default(field) or ''}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _render_block(block: type[Block], readers: Sequence[str]) -> str:
    columns = ("Variable", "Type", "Unit", "Expected", "Default", "Example", "Read by", "About")
    lines = [f"## {_title(block)}", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [_render_row(describe(field, readers)) for field in block.model_fields.values()]
    return "\n".join(lines) + "\n"


def _render_row(one: Description) -> str:
    names = f"`{one.name}`"
    if one.platform_name:
        names += f" or `{one.platform_name}`"
    if one.is_secret:
        names += " (secret)"
    default = "required" if one.is_required else f"`{one.default}`" if one.default else "none"
    cells = (names, one.type, one.unit, one.expected, default, f"`{one.example}`", ", ".join(one.readers), one.about)
    return f"| {' | '.join(cells)} |"


def _title(block: type[Block]) -> str:
    return (block.__doc__ or "").strip().removesuffix(".")


def main(folder: Path) -> None:
    (folder / ".env.example").write_text(render_env_example(), encoding="utf-8")
    page = folder / "docs" / "reference" / "configuration.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_reference(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
