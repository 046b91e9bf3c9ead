"""What the chart's templates may not ask: whatever answers differently the next time."""

import re
from collections.abc import Mapping

_CHANGING = re.compile(
    r"(?<![.$\w])(now|date|ago|lookup|getHostByName|env|expandenv|uuidv4|rand\w+|gen(?:CA|PrivateKey|SelfSigned|Signed)\w*"
    r"|htpasswd|bcrypt|derivePassword|shuffle)\b"
)
_ACTION = re.compile(r"{{-?(?!-?\s*/\*)(.*?)-?}}", re.DOTALL)
_TEXT = re.compile(r'"[^"]*"|`[^`]*`')


def find_changing(templates: Mapping[str, str]) -> list[str]:
    """Calls in the templates, given by name."""
    return [
        f"{name}: {word}"
        for name, source in templates.items()
        for action in _ACTION.findall(source)
        for word in _CHANGING.findall(_TEXT.sub('""', action))
    ]
