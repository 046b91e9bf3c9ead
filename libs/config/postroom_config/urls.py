"""What all URLs of backing services have in common. No message ever holds a piece of the URL."""

from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import SecretStr


def split_url(url: SecretStr, *, schemes: tuple[str, ...]) -> SplitResult:
    """Take a URL apart; raises ValueError that says what is wrong with it, without quoting it."""
    text = url.get_secret_value()
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("it holds a space, a line break or an invisible character")
    scheme = text.partition(":")[0]
    if scheme not in schemes:
        raise ValueError(f"it must begin with one of: {', '.join(schemes)}")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        # "from None": urllib puts pieces of the URL into its message.
        raise ValueError(
            "it cannot be taken apart; in user and password, characters such as / # ? @ : [ ] are written"
            " as %2F and so on"
        ) from None
    if parts.fragment:
        raise ValueError("it holds a #; in user and password that is written as %23")
    return parts


def require_host(parts: SplitResult) -> None:
    if not parts.hostname:
        raise ValueError("it names no host")


def read_query(parts: SplitResult) -> dict[str, str]:
    """The parameters; raises ValueError when one is empty or given twice."""
    fields = parse_qs(parts.query, keep_blank_values=True)
    if any(len(values) > 1 or not values[0] for values in fields.values()):
        raise ValueError("a parameter after the ? is empty or given twice")
    return {name: values[0] for name, values in fields.items()}


def check_public(url: str | None) -> str | None:
    """An address that links begin with, without a slash at its end; raises ValueError that says what is wrong."""
    if url is None:
        return None
    parts = split_url(SecretStr(url), schemes=("http", "https"))
    require_host(parts)
    if parts.username is not None or parts.query:
        raise ValueError("it holds a user or a query")
    return url.rstrip("/")
