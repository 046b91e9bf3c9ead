"""What code may not do with its environment: read it by itself, or do other things where it is called something."""

import ast
import re
from collections.abc import Iterable, Iterator

from postroom_conformance.sources import Sources

_READERS = {"environ", "environb", "getenv", "getenvb"}
ENVIRONMENTS = {"dev", "development", "prod", "production", "qa", "stage", "staging", "test", "uat"}
_KINDS = {"ENV", "ENVIRONMENT", "STAGE", "TIER"}


def find_readers(sources: Sources) -> list[str]:
    """Modules that read environment variables."""
    return [path for path, source in sorted(sources.items()) if any(map(_reads, ast.walk(ast.parse(source))))]


def find_named_environments(sources: Sources, variables: Iterable[str]) -> list[str]:
    """Variables, modules and branches that know what a deploy is called, such as `production`.

    A word that only stands in a text, or is printed, decides nothing.
    """
    findings = [f"{name} names an environment" for name in variables if _KINDS & set(name.split("_"))]
    for path, source in sorted(sources.items()):
        if ENVIRONMENTS & set(re.split(r"[/_.]", path)):
            findings.append(f"{path} is one environment's")
        findings += [
            f"{path}:{node.lineno} asks for {node.value}"
            for node in _deciding(ast.parse(source))
            if isinstance(node.value, str) and node.value.lower() in ENVIRONMENTS
        ]
    return findings


def _reads(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name):
            return name in _READERS
        case ast.ImportFrom(module="os", names=names):
            return bool(_READERS & {one.name for one in names})
    return False


def _deciding(tree: ast.AST) -> Iterator[ast.Constant]:
    """Literals that something is compared with, or found by."""
    for node in ast.walk(tree):
        parts: list[ast.AST] = []
        match node:
            case ast.Compare(left=left, comparators=comparators):
                parts = [left, *comparators]
            case ast.MatchValue(value=value):
                parts = [value]
            case ast.Subscript(slice=value):
                parts = [value]
            case ast.Dict(keys=keys):
                parts = [key for key in keys if key is not None]
            case ast.Call(func=ast.Attribute(attr="get" | "startswith" | "endswith"), args=arguments):
                parts = [*arguments]
        for part in parts:
            yield from (one for one in ast.walk(part) if isinstance(one, ast.Constant))
