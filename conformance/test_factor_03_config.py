"""What differs between deploys stands in the environment, and is judged before anything starts."""

import http.client
import json
import os
import secrets
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from postroom_conformance.answers import get
from postroom_conformance.claims import proves, violates
from postroom_conformance.config_report import find_report_faults
from postroom_conformance.env_example import find_example_faults
from postroom_conformance.environment import find_named_environments, find_readers
from postroom_conformance.fixtures import Evidence
from postroom_conformance.pex_file import PEX_FILES
from postroom_conformance.secrets_shown import find_saved, find_shown
from postroom_conformance.sources import Sources, read_sources
from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import docker
from postroom_images_testing.one_off import ADMIN, PYTHON, Ended, run, run_all
from postroom_images_testing.stack import PORTS, SERVICES, Stack
from postroom_testing.server import wait_until

PROCESSES = (*SERVICES, "admin")
REFUSED = http.HTTPStatus.SERVICE_UNAVAILABLE
JUDGED_WITH_OTHERS = {"OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"}
"""Platforms set them for other programs: they are wrong only where there is a right endpoint."""

DESCRIBE = """
import dataclasses, json
from postroom_config.blocks import READERS
from postroom_config.description import describe
print(json.dumps([
    dataclasses.asdict(describe(field, readers))
    for block, readers in READERS.items() for field in block.model_fields.values()
]))
"""
WATCH_SOCKETS = """
import contextlib, importlib, io, pkgutil, sys
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event.startswith("socket.") else None)
def tell(what):
    for event in opened:
        print(f"{what}: {event}")
    opened.clear()
import postroom_config
names = [f"postroom_config.{module.name}" for module in pkgutil.iter_modules(postroom_config.__path__)]
modules = sys.argv[1:]
for name in [*names, *modules]:
    importlib.import_module(name)
    tell(f"importing {name}")
for name in modules:
    if name.endswith(".main"):
        sys.argv = [name, "--version"]
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as printed:
            sys.modules[name].main()
        tell(f"{name} --version")
        if not printed.getvalue():
            print(f"{name} --version: it says nothing")
"""
DUMP = """
import logging, sys
from postroom_config.load import load_or_exit
from postroom_{service}.settings import {settings} as Settings
from postroom_logging.setup import configure
settings = load_or_exit(Settings)
print(repr(settings), settings, settings.model_dump(), settings.model_dump_json())
configure(service="{service}", release="r1", level="debug", format="json", buffer_lines=100)
url = settings.database.url.get_secret_value()
logging.getLogger("a.library").warning("cannot connect to %s", url)
raise RuntimeError(f"cannot connect to {{url}}")
"""
SETTINGS = {"api": "ApiSettings", "worker": "WorkerServiceSettings", "scheduler": "SchedulerServiceSettings"}


@pytest.fixture(scope="session")
def variables(names: dict[str, str]) -> list[dict[str, Any]]:
    """All that the release reads, as the classes in the worker's image say it."""
    code, stdout, stderr = run(names["worker"], "-c", DESCRIBE, entry_point=PYTHON)
    assert (code, stderr) == (0, "")
    described: list[dict[str, Any]] = json.loads(stdout)
    return described


@pytest.fixture
def planted(variables: list[dict[str, Any]]) -> dict[str, str]:
    """A wrong value for each variable, that nobody may see. No variable takes one with a space in it."""
    return {one["name"]: f"{secrets.token_hex(4)} {secrets.token_hex(4)}" for one in variables}


@pytest.fixture
def misspelt(variables: list[dict[str, Any]]) -> dict[str, str]:
    """A name that nobody reads for each variable of ours, each with a secret."""
    return {f"{one['name']}S": secrets.token_hex(8) for one in variables if one["name"].startswith("POSTROOM_")}


def start(names: Mapping[str, str], process: str, environ: Mapping[str, str]) -> Callable[[], Ended]:
    if process == "admin":
        return partial(run, names["worker"], "config", "check", entry_point=ADMIN, variables=environ)
    return partial(run, names[process], variables=environ)


def read_by(process: str, variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a process judges; `config check` of the admin does it for all."""
    return [one for one in variables if process == "admin" or process in one["readers"]]


def required(process: str, variables: list[dict[str, Any]]) -> set[str]:
    return {one["name"] for one in read_by(process, variables) if one["is_required"]}


def malformed(process: str, variables: list[dict[str, Any]]) -> set[str]:
    return {one["name"] for one in read_by(process, variables)} - JUDGED_WITH_OTHERS


@proves(
    "Whatever is missing, malformed or unknown in the environment: each of the three services, and the admin, ends with"
    " exit code 78 and one report that names every such variable and shows no value."
)
def test_all_that_is_wrong_is_named_at_once(
    names: dict[str, str],
    variables: list[dict[str, Any]],
    planted: dict[str, str],
    misspelt: dict[str, str],
    evidence: Evidence,
) -> None:
    unset = run_all({process: start(names, process, misspelt) for process in PROCESSES})
    wrong = run_all({process: start(names, process, planted) for process in PROCESSES})

    faults = {}
    for process in PROCESSES:
        missing, bad = required(process, variables), malformed(process, variables)
        evidence(
            f"{process}: exit code {unset[process][0]}, {len(missing)} missing and {len(misspelt)} unknown variables"
            f" named; exit code {wrong[process][0]}, {len(bad)} malformed ones named"
        )
        faults[process] = [
            *find_report_faults(unset[process], missing | set(misspelt), misspelt.values()),
            *find_report_faults(wrong[process], bad, [part for text in planted.values() for part in text.split()]),
        ]
    assert faults == {process: [] for process in PROCESSES}


DEFAULT_SECRET = """
import postroom_config.secrets as module
from typing import Annotated
from pydantic import SecretStr
class SecretSettings(module.SecretSettings):
    keys: Annotated[SecretStr, *module.SecretSettings.model_fields["keys"].metadata] = SecretStr("0" * 32)
module.SecretSettings = SecretSettings
"""
DEFAULT_FOR_WHAT_IS_WRONG = """
import postroom_config.numbers as module
from typing import Annotated
from pydantic import BeforeValidator
module.Whole = Annotated[int, BeforeValidator(lambda text: int(text) if str(text).isdigit() else 8)]
"""
UNKNOWN_IS_IGNORED = """
import postroom_config.unknown as module
module.find_unknown = lambda given: ()
"""
VALUES_ARE_QUOTED = """
import os
import postroom_config.load as module
from postroom_config.errors import Problem
module._malformed = lambda source, field, context: Problem(source, f"malformed: {os.environ[source]}")
"""
ONE_AT_A_TIME = """
import postroom_config.load as module
whole = module.format_report
module.format_report = lambda problems: whole(problems[:1])
"""
START = """
from postroom_config.load import load_or_exit
from postroom_worker.settings import WorkerServiceSettings
load_or_exit(WorkerServiceSettings)
"""


@violates(
    test_all_that_is_wrong_is_named_at_once,
    "a secret with a default; numbers that fall back to a default; names that are ignored; a report that quotes"
    " values; a report that names the first offender only",
)
def test_a_lenient_class_of_settings_is_found(
    names: dict[str, str], variables: list[dict[str, Any]], planted: dict[str, str], misspelt: dict[str, str]
) -> None:
    programs = {
        "a default": (DEFAULT_SECRET, misspelt),
        "a fallback": (DEFAULT_FOR_WHAT_IS_WRONG, planted),
        "ignored": (UNKNOWN_IS_IGNORED, misspelt),
        "quoted": (VALUES_ARE_QUOTED, planted),
        "one": (ONE_AT_A_TIME, misspelt),
    }
    ended = run_all(
        {
            kind: partial(run, names["worker"], "-c", program + START, entry_point=PYTHON, variables=environ)
            for kind, (program, environ) in programs.items()
        }
    )
    missing, bad = [*required("worker", variables), *misspelt], malformed("worker", variables)
    shown = [part for text in planted.values() for part in text.split()]
    assert find_report_faults(ended["a default"], missing, ()) == ["POSTROOM_SECRET_KEY is not named"]
    assert "POSTROOM_WORKER_THREADS is not named" in find_report_faults(ended["a fallback"], bad, ())
    assert find_report_faults(ended["ignored"], missing, ()) == [f"{name} is not named" for name in misspelt]
    assert find_report_faults(ended["quoted"], bad, shown) == [f"{2 * len(bad)} values are shown"]
    assert len(find_report_faults(ended["one"], missing, ())) == len(missing) - 1


def watch_sockets(names: Mapping[str, str], service: str, *modules: str) -> Callable[[], Ended]:
    return partial(run, names[service], "-c", WATCH_SOCKETS, *modules, entry_point=PYTHON)


@proves("Importing the config, the settings and all else of a service opens no socket, and neither does `--version`.")
def test_importing_opens_no_socket(names: dict[str, str], evidence: Evidence) -> None:
    modules = {service: [f"postroom_{service}.settings", f"postroom_{service}.main"] for service in SERVICES}
    modules["worker"] += ["postroom_admin.settings", "postroom_admin.main"]
    ended = run_all({service: watch_sockets(names, service, *modules[service]) for service in SERVICES})

    for service, (code, stdout, _) in ended.items():
        evidence(f"{service}: {code}; postroom_config.*, {', '.join(modules[service])}, --version: {stdout or 'none'}")
    assert ended == dict.fromkeys(SERVICES, (0, "", ""))


@violates(test_importing_opens_no_socket, "a library that looks, when it is imported, whether IPv6 works")
def test_a_socket_while_importing_is_found(names: dict[str, str]) -> None:
    assert "importing urllib3: socket.bind" in watch_sockets(names, "worker", "urllib3")()[1]


@proves("No module of any artifact reads the environment, but the three of postroom_config whose work it is.")
def test_only_config_reads_environment_variables(evidence: Evidence) -> None:
    found = {}
    for process, pex in PEX_FILES.items():
        sources = read_sources(pex)
        found[process] = find_readers(sources)
        evidence(f"{pex.name}: of {len(sources)} modules {', '.join(found[process])}")
    readers = [f"postroom_config/{name}.py" for name in ("check", "load", "showing")]
    # The api and the scheduler ship what they load only.
    assert found == {
        process: [path for path in readers if path in read_sources(pex)] for process, pex in PEX_FILES.items()
    }


@pytest.fixture
def spoilt(tmp_path: Path) -> Sources:
    """What is read of a PEX file that ships more modules."""
    pex = Path(shutil.copy(PEX_FILES["scheduler"], tmp_path))
    with zipfile.ZipFile(pex, "a") as archive:
        archive.writestr("postroom_scheduler/one.py", "import os\nos.environ['OTEL_X']")
        archive.writestr("postroom_scheduler/two.py", "from os import getenv")
        archive.writestr("postroom_scheduler/three.py", "import os\ndef f():\n    os.getenv('X')")
        archive.writestr("postroom_scheduler/settings_production.py", "")
        archive.writestr("postroom_scheduler/sizes.py", "THREADS = {'staging': 1, 'other': 8}")
        archive.writestr("postroom_scheduler/four.py", "def f(name):\n    return 2 if name == 'production' else 1")
    return read_sources(pex)


@violates(test_only_config_reads_environment_variables, "modules that read one, in three ways")
def test_a_module_that_reads_one_is_found(spoilt: Sources) -> None:
    planted = [f"postroom_scheduler/{name}.py" for name in ("one", "three", "two")]
    assert [path for path in find_readers(spoilt) if not path.startswith("postroom_config/")] == planted


@proves("There are no named environments: no variable, no module and no branch asks what a deploy is called.")
def test_no_environment_has_a_name(variables: list[dict[str, Any]], evidence: Evidence) -> None:
    names = [one["name"] for one in variables]
    sources = {path: text for pex in PEX_FILES.values() for path, text in read_sources(pex).items()}
    found = find_named_environments(sources, names)
    evidence(f"{len(names)} variables, {len(sources)} modules: {found or 'none'}")
    assert found == []


@violates(
    test_no_environment_has_a_name,
    "a module settings_production, a comparison with `production`, a table with a row for `staging`, a variable"
    " POSTROOM_ENVIRONMENT",
)
def test_a_named_environment_is_found(spoilt: Sources) -> None:
    assert find_named_environments(spoilt, ["POSTROOM_PORT", "POSTROOM_ENVIRONMENT"]) == [
        "POSTROOM_ENVIRONMENT names an environment",
        "postroom_scheduler/four.py:2 asks for production",
        "postroom_scheduler/settings_production.py is one environment's",
        "postroom_scheduler/sizes.py:1 asks for staging",
    ]


@proves("`.env.example` is what the classes in the artifact generate.")
def test_the_example_is_what_the_artifact_reads(variables: list[dict[str, Any]], evidence: Evidence) -> None:
    faults = find_example_faults(Path(".env.example").read_text(), variables)
    evidence(f"{len(variables)} variables in the worker's image; differences: {faults or 'none'}")
    assert faults == []


@violates(test_the_example_is_what_the_artifact_reads, "an example with a line missing, and one with another default")
def test_a_stale_example_is_found(variables: list[dict[str, Any]]) -> None:
    text = Path(".env.example").read_text()
    assert find_example_faults(text.replace("#POSTROOM_PORT=8000\n", ""), variables)[0].endswith("#POSTROOM_PORT=8000")
    assert find_example_faults(text.replace("#POSTROOM_PORT=8000", "#POSTROOM_PORT=80"), variables) == [
        "#POSTROOM_PORT=80, not #POSTROOM_PORT=8000"
    ]


@pytest.fixture
def secret(stack: Stack) -> dict[str, str]:
    """What the running stack was given, and what is planted into processes that do not reach their databases."""
    return {
        "the database's password": stack.variables["POSTROOM_DATABASE_URL"].partition("@")[0].rpartition(":")[2],
        "the secret key": stack.variables["POSTROOM_SECRET_KEY"],
        "the secret of AWS": stack.variables["AWS_SECRET_ACCESS_KEY"],
        "an API key": stack.key,
        "a wrong password of the database": secrets.token_hex(12),
        "a wrong password of Redis": secrets.token_hex(12),
    }


@pytest.fixture
def mistaken(stack: Stack, secret: dict[str, str]) -> dict[str, str]:
    """The stack's variables, with passwords that its backing services refuse."""
    database, redis = secret["a wrong password of the database"], secret["a wrong password of Redis"]
    return stack.variables | {
        "POSTROOM_DATABASE_URL": f"mysql+pymysql://postroom:{database}@mariadb/postroom",
        "POSTROOM_REDIS_URL": f"redis://postroom:{redis}@redis:6379/0",
    }


def aborted(stack: Stack, names: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """All that each service says that is refused everywhere and is then made to dump all of its stacks."""
    with ExitStack() as exit_stack:
        containers = {
            service: exit_stack.enter_context(
                Container(
                    names[service],
                    *("-X", "faulthandler", "/app/pex"),
                    variables=environ,
                    options=[*LOCKED, f"--entrypoint={PYTHON}"],
                    network=stack.network,
                )
            )
            for service in SERVICES
        }
        for service, container in containers.items():
            port = PORTS[service]
            wait_until(lambda: container.ask(port, "/readyz") == REFUSED, seconds=60, what=f"{service} to be refused")  # noqa: B023 - waited for at once
            wait_until(lambda: container.has_told("service.went_down"), seconds=60, what=f"{service} to tell it")  # noqa: B023
            yield f"/readyz of the {service}, refused", get(container, port, "/readyz").body.decode()
            container.signal("ABRT")
            # It is dumped, and goes on: the kernel ends no first process of a container for that.
            wait_until(lambda: "Fatal Python error: Aborted" in container.output()[1], seconds=60, what="the dump")  # noqa: B023
            yield f"{service}, refused and aborted", "".join(container.output())


@proves(
    "Secrets of the environment never reach stdout, stderr, an answer, a traceback, a dump of the settings or of a"
    " process that is aborted, or the admin's output."
)
def test_a_secret_stays_in_the_environment(
    stack: Stack, names: dict[str, str], secret: dict[str, str], mistaken: dict[str, str], evidence: Evidence
) -> None:
    dumps = run_all(
        {
            service: partial(
                run,
                names[service],
                *("-c", DUMP.format(service=service, settings=SETTINGS[service])),
                entry_point=PYTHON,
                variables=mistaken,
            )
            for service in SERVICES
        }
    )
    told = {service: stdout + stderr for service, (_, stdout, stderr) in dumps.items()}
    assert all('"event": "process.crashed"' in text and '"traceback"' in text for text in told.values())
    texts = {f"a dump of the {service}": text for service, text in told.items()}
    texts |= dict(aborted(stack, names, mistaken))
    for service in SERVICES:
        container = stack.containers[service]
        texts[f"output of the {service}"] = "".join(container.output())
        for path in ("/livez", "/readyz", "/metrics", "/version"):
            texts[f"{path} of the {service}"] = get(container, PORTS[service], path).body.decode()
    texts["config show"] = stack.admin("config", "show", "--json")
    texts["doctor"] = "".join(map(str, stack.run("worker", "doctor", variables=mistaken, entry_point=ADMIN)))

    found = find_shown(texts, secret)
    size = sum(map(len, texts.values()))
    evidence(f"{len(secret)} secrets, {len(texts)} outputs, answers and dumps of {size} characters: {found or 'none'}")
    assert found == []
    assert all(texts.values())


PRINTS = """
import os
print(os.environ["POSTROOM_SECRET_KEY"])
"""
TRACEBACK = """
raise RuntimeError("cannot connect to " + os.environ["POSTROOM_DATABASE_URL"])
"""


@violates(test_a_secret_stays_in_the_environment, "a line that shows one, and an exception that quotes a URL")
def test_a_shown_secret_is_found(names: dict[str, str]) -> None:
    secret = {"a key": secrets.token_hex(16), "a password": secrets.token_hex(12)}
    variables = {
        "POSTROOM_SECRET_KEY": secret["a key"],
        "POSTROOM_DATABASE_URL": f"mysql://postroom:{secret['a password']}@mariadb/postroom",
    }
    program = PRINTS + TRACEBACK
    _, stdout, stderr = run(names["worker"], "-c", program, entry_point=PYTHON, variables=variables)
    assert find_shown({"stdout": stdout, "stderr": stderr}, secret) == ["stdout shows a key", "stderr shows a password"]


@pytest.fixture
def secret_of_the_build() -> dict[str, str]:
    """What build-support/run_tests.py put into the environment of Pants, which built the images."""
    return {"the secret of the build": os.environ["POSTROOM_SECRET_KEY"]}


@proves("A secret in the environment of the build is in no layer of an image, nor in its history and labels.")
def test_no_layer_holds_a_secret(
    names: dict[str, str], secret_of_the_build: dict[str, str], evidence: Evidence
) -> None:
    found = find_saved([names[service] for service in SERVICES], secret_of_the_build)
    evidence(f"in all that `docker save` writes of {', '.join(SERVICES)}: {found or 'none'}")
    assert found == []


@pytest.fixture
def leaking(names: dict[str, str], secret_of_the_build: dict[str, str]) -> Iterator[str]:
    """A layer holds it, in a file that the next one removes; so do a variable and a label."""
    [secret] = secret_of_the_build.values()
    recipe = f"""
        FROM {names["scheduler"]}
        USER root
        RUN ["{PYTHON}", "-c", "open('/app/key', 'w').write('{secret[:9]}' + '{secret[9:]}')"]
        RUN ["{PYTHON}", "-c", "import os; os.remove('/app/key')"]
        LABEL key={secret}
    """
    name = f"postroom-leaking:{uuid.uuid4().hex}"
    docker("build", "--quiet", "--tag", name, "-", stdin=recipe.encode())
    yield name
    docker("image", "rm", "--force", name)


@violates(test_no_layer_holds_a_secret, "an image with a secret in a file that its next layer removes, and in a label")
def test_a_secret_in_a_layer_is_found(leaking: str, secret_of_the_build: dict[str, str]) -> None:
    found = find_saved([leaking], secret_of_the_build)
    assert len([one for one in found if "layer.tar" in one]) == 1, found
    assert len([one for one in found if ".json" in one or "/json" in one]) >= 1, found
