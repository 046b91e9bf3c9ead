"""Templates: what they say, and the email that they become."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from postroom_domain.errors import InvalidTemplate, UndeclaredVariable
from postroom_domain.limits import MAX_TEMPLATE_BYTES
from postroom_domain.template_text import TemplateText, find_wrong_placeholder
from postroom_domain.template_variables import Variable, write_values


@dataclass(frozen=True, slots=True)
class TemplateContent:
    """What one version says. None: left to the email that uses it.

    Every field may hold placeholders. An empty ``text`` says that there shall be none; None, that it follows from the
    HTML.
    """

    sender: str | None = None
    subject: str | None = None
    reply_to: tuple[str, ...] = ()
    html: str = ""
    text: str | None = None
    variables: tuple[Variable, ...] = ()

    def check(self) -> None:
        """Refuse what could not be rendered later.

        Raises:
            InvalidTemplate: too large, no text, or a placeholder that nothing could take the place of.
            UndeclaredVariable: a placeholder without its variable.
        """
        for field, source in self.sources():
            reason = find_wrong_placeholder(source)
            if reason is not None:
                raise InvalidTemplate(field, reason)
        if len(self.html.encode()) + len((self.text or "").encode()) > MAX_TEMPLATE_BYTES:
            field = "html" if len(self.html) >= len(self.text or "") else "text"
            raise InvalidTemplate(
                field, f"It is larger than {MAX_TEMPLATE_BYTES // 1024 // 1024} MB, HTML and text together."
            )
        declared = {variable.key for variable in self.variables}
        for _, source in self.sources():
            for key in TemplateText(source).keys:
                if key not in declared:
                    raise UndeclaredVariable(key)

    def sources(self) -> Iterator[tuple[str, str]]:
        """Every text by the name of its field."""
        for field, source in (
            ("html", self.html),
            ("text", self.text),
            ("subject", self.subject),
            ("from", self.sender),
            *(("reply_to", address) for address in self.reply_to),
        ):
            if source is not None:
                yield field, source


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template with its values. What came out is not checked: it is whatever the values made of it."""

    sender: str | None
    subject: str | None
    reply_to: tuple[str, ...]
    html: str
    text: str | None


class Rendering:
    """A version, taken apart for any number of emails."""

    def __init__(self, content: TemplateContent) -> None:
        self._variables = content.variables
        self._sender = _prepare(content.sender)
        self._subject = _prepare(content.subject)
        self._reply_to = [TemplateText(address) for address in content.reply_to]
        self._html = TemplateText(content.html)
        self._text = _prepare(content.text)

    def values(self, given: Mapping[str, object]) -> dict[str, str]:
        """What takes the place of each variable.

        Raises:
            InvalidValue: naming the first variable whose value is wrong.
            MissingValues: naming all that have neither a value nor a fallback.
        """
        return write_values(self._variables, given)

    def size(self, values: Mapping[str, str]) -> int:
        """Bytes of the HTML and the text that would come out."""
        return self._html.size(values) + (0 if self._text is None else self._text.size(values))

    def render(self, values: Mapping[str, str]) -> Rendered:
        return Rendered(
            sender=None if self._sender is None else self._sender.write(values),
            subject=None if self._subject is None else self._subject.write(values),
            reply_to=tuple(address.write(values) for address in self._reply_to),
            html=self._html.write(values),
            text=None if self._text is None else self._text.write(values),
        )


def _prepare(source: str | None) -> TemplateText | None:
    return None if source is None else TemplateText(source)
