"""Nothing but libs/config reads the environment: neither our names nor OpenTelemetry's."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_READERS = {"environ", "environb", "getenv", "getenvb"}


def reads_environment(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in _READERS:
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os" and _READERS & {one.name for one in node.names}:
            return True
    return False


def test_only_config_reads_the_environment() -> None:
    sources = [
        path
        for top in ("services", "libs")
        for path in (ROOT / top).glob("*/postroom_*/**/*.py")
        if "_testing" not in str(path.relative_to(ROOT))
    ]
    found = {str(path.relative_to(ROOT)) for path in sources if reads_environment(path.read_text("utf-8"))}
    assert found == {f"libs/config/postroom_config/{name}.py" for name in ("check", "load", "showing")}


@pytest.mark.parametrize(
    "planted", ['import os\nos.environ["OTEL_X"]', "from os import getenv", "import os\ndef f():\n    os.getenv('X')"]
)
def test_a_planted_reading_is_found(planted: str) -> None:
    assert reads_environment(planted)
    assert not reads_environment("import os\nos._exit(0)")
