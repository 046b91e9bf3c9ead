"""Addresses of backing services that stand in code instead of in the environment."""

import ast
import re

from postroom_conformance.sources import Sources

_URL = re.compile(
    r"(?:mysql|mariadb|redis|rediss|smtp|smtps|https?)(?:\+\w+)?://(?:[^/@\s]+@)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?:[:/?]\S*)?"
)
_EXAMPLES = ("postroom_config/", "example.com")
"""Of variables, in the module that explains them; and of addresses, for readers of the API."""


def find_literal_addresses(sources: Sources) -> list[str]:
    """Texts that are a URL as a whole. Words such as HOST in what is expected are none."""
    return [
        f"{path}:{node.lineno} is wired to {found['host']}"
        for path, source in sorted(sources.items())
        if not path.startswith(_EXAMPLES[0])
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (found := _URL.fullmatch(node.value))
        and not found["host"].endswith(_EXAMPLES[1])
    ]
