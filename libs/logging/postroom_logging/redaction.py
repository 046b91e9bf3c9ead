"""What must never reach a line: addresses, contents of mail, secrets.

Two rules. Values under a telling key are masked whole. Any other text is searched for what looks like an address or
a secret, because libraries put both into their messages and exceptions.
"""

import re

MASK = "***"

_KEYS = frozenset(
    {
        "address",
        "addresses",
        "authorization",
        "bcc",
        "body",
        "cc",
        "content",
        "cookie",
        "cookies",
        "credentials",
        "from",
        "headers",
        "html",
        "key",
        "keys",
        "password",
        "raw",
        "recipient",
        "recipients",
        "reply_to",
        "secret",
        "secrets",
        "sender",
        "signature",
        "subject",
        "text",
        "to",
        "token",
        "tokens",
    }
)
_ENDINGS = ("_address", "_cookie", "_html", "_key", "_password", "_secret", "_subject", "_text", "_token")

# Ids, times and numbers are most of what is logged, and this test costs a tenth of the next one.
_PLAIN = re.compile(r"[0-9a-f.:-]{0,40}")
# Nearly every other text passes this one search and is done.
_SUSPECT = re.compile(
    r"@|%40|://|re_|whsec_|AKIA|ASIA|Duplicate entry|\[parameters"
    r"|(?i:passw|pwd|secret|token|key|auth|bearer|cookie|signature|credential|subject)|[A-Za-z0-9+/]{80}"
)
_QUOTED = r"b?'[^'\n]{0,4096}'?|b?\"[^\"\n]{0,4096}\"?"
# Every repetition is bounded, so that no text can make a search slow.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Of SQLAlchemy's errors: the values of a statement.
    (re.compile(r"\[parameters: .*?\](?=\s*$|\n)", re.DOTALL), f"[parameters: {MASK}]"),
    # Of MySQL's error 1062: the value of a column.
    (re.compile(r"(Duplicate entry ').*?('(?= for key)|$)", re.DOTALL), rf"\1{MASK}\2"),
    # User and password of a URL. Greedy up to the last @, because passwords may hold / and @.
    (re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}://)\S{0,2048}@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{4,}"), rf"\1 {MASK}"),
    # name=value, 'name': 'value' and the like. Headers go to the end of their line, the others to the end of the word.
    (
        re.compile(
            r"(?i)\b((?:[a-z0-9]{1,20}[-_]){0,4}(?:authorization|cookie|subject)['\"]?\s{0,4}[=:]\s{0,4})"
            rf"(?:{_QUOTED}|[^\n]{{1,4096}})"
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"(?i)\b((?:[a-z0-9]{1,20}[-_]){0,4}"
            r"(?:password|passwd|pwd|secret|token|api_?key|access_?key|key_?id|auth|signature|credential)"
            r"(?:[-_][a-z0-9]{1,20}){0,2}['\"]?\s{0,4}[=:]\s{0,4})"
            rf"(?:{_QUOTED}|[^\s,;&'\"]{{1,4096}})"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?<![A-Za-z0-9_])(re|whsec)_[A-Za-z0-9_+/=-]{6,}"), rf"\1_{MASK}"),
    (re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12,}"), rf"\1{MASK}"),
    # Addresses; not what is left of a URL above.
    (re.compile(r"[^\s@<>\"'(),:;=\[\]\\]{1,64}(?:(?<!/\*\*\*)@|%40)[\w-][\w.-]{0,254}"), MASK),
    # Long runs of base64: attachments and whole messages in what SDKs print.
    (re.compile(r"[A-Za-z0-9+/]{80,}={0,2}"), MASK),
)


def is_telling(key: str) -> bool:
    """Whether the name says that its value is private."""
    plain = key.lower().replace("-", "_")
    return plain in _KEYS or plain.endswith(_ENDINGS)


def redact(text: str) -> str:
    """The text with everything masked that looks like an address or a secret."""
    if _PLAIN.fullmatch(text) or not _SUSPECT.search(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
