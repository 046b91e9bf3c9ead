"""Values never leave: not in a report, not in a traceback, not in a dump."""

import pickle
import subprocess
import sys
import textwrap
import traceback

import pytest

from postroom_config.blocks import BLOCKS
from postroom_config.errors import ConfigError
from postroom_config.load import load
from postroom_config.settings import Settings
from postroom_config.variable import is_secret, variable_of

SECRET = "Pl4nted"


class Everything(Settings):
    __annotations__ = {f"block_{place}": block for place, block in enumerate(BLOCKS)}


GOOD = {
    "POSTROOM_DATABASE_URL": f"mysql://u:{SECRET}@db/x",
    "POSTROOM_REDIS_URL": f"redis://:{SECRET}@cache",
    "POSTROOM_MAIL_URL": f"smtp://u:{SECRET}@relay",
    "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{SECRET}",
    "POSTROOM_SECRET_KEY": f"{SECRET}-and-then-enough-to-be-a-secret-key",
}


def test_the_good_settings_hold_the_secrets_and_never_show_them() -> None:
    settings = load(Everything, GOOD)
    secrets = [
        getattr(block, name).get_secret_value()
        for _, block in settings
        for name, field in type(block).model_fields.items()
        if is_secret(field)
    ]
    assert sorted(secrets) == sorted(GOOD.values())
    shown = [repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()]
    shown += [str(block) for _, block in settings]
    assert not [text for text in shown if SECRET in text]
    assert SECRET.encode() in pickle.dumps(settings)  # so the search above would have found them


@pytest.mark.parametrize("name", [variable_of(field).name for block in BLOCKS for field in block.model_fields.values()])
def test_a_malformed_value_of_any_variable_is_not_shown(name: str) -> None:
    for value in (f"{SECRET} value", f"{SECRET}://{SECRET}", f"mysql://u:{SECRET}/@x", f"ses://{SECRET}@x?y"):
        try:
            # With an endpoint all that is said of traces is judged.
            load(Everything, {**GOOD, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", name: value})
        except ConfigError as error:
            text = "".join(traceback.format_exception(error))
            assert name in text
            assert SECRET not in text
        else:
            assert name in {"POSTROOM_RELEASE", "POSTROOM_COMMIT"}  # these take any visible word


def run(code: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    path = {"PYTHONPATH": ":".join(entry for entry in sys.path if entry)}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**path, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


START = """
    from postroom_config.blocks import BLOCKS
    from postroom_config.load import load_or_exit
    from postroom_config.settings import Settings

    class Everything(Settings):
        __annotations__ = {f"block_{place}": block for place, block in enumerate(BLOCKS)}

    load_or_exit(Everything)
    print("started")
"""


def test_a_bad_environment_ends_the_process_with_78_and_one_report() -> None:
    done = run(
        START,
        {
            "POSTROOM_DATABASE_URL": f"mysql://u:{SECRET}",
            "POSTROOM_LOG_LEVEL": SECRET,
            "POSTROOM_SECRET": SECRET,
            "POSTROOM_MAIL_URL": "inbox:",
        },
    )
    assert done.returncode == 78
    assert done.stdout == ""
    assert SECRET not in done.stderr
    assert done.stderr.splitlines()[0] == "Postroom cannot start: 5 problems in its environment variables."
    for name in (
        "POSTROOM_DATABASE_URL",
        "POSTROOM_REDIS_URL",
        "POSTROOM_LOG_LEVEL",
        "POSTROOM_SECRET",
        "POSTROOM_SECRET_KEY",
    ):
        assert f"  {name}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_good_environment_starts() -> None:
    done = run(START, GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "started\n", "")


def test_importing_opens_nothing() -> None:
    code = """
        import sys

        opened = []

        def watch(event, arguments):
            if event.startswith("socket."):
                opened.append(event)
            if event == "open" and not str(arguments[0]).endswith((".py", ".pyc", ".so", ".txt", "METADATA")):
                opened.append(str(arguments[0]))

        import pydantic_settings
        sys.addaudithook(watch)
        import postroom_config.blocks
        import postroom_config.load
        print([name for name in opened if "/" in name or "socket" in name])
    """
    done = run(code, {"POSTROOM_PORT_FILE": "/nonexistent"})
    assert (done.stdout, done.stderr) == ("[]\n", "")
