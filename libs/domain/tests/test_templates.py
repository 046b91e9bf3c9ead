from dataclasses import replace
from typing import Any

import pytest

from postroom_domain.errors import InvalidTemplate, UndeclaredVariable
from postroom_domain.limits import MAX_TEMPLATE_BYTES
from postroom_domain.template_variables import Variable, VariableType
from postroom_domain.templates import Rendering, TemplateContent

NAME = Variable("NAME", VariableType.STRING)
CONTENT = TemplateContent(
    sender="{{{NAME}}} <orders@example.com>",
    subject="Hi {{{NAME}}}",
    reply_to=("{{{NAME}}}@example.com", "b@example.com"),
    html="<p>{{{NAME}}}</p>",
    text="{{{NAME}}}",
    variables=(NAME,),
)


def test_every_text_is_rendered() -> None:
    CONTENT.check()
    rendering = Rendering(CONTENT)
    values = rendering.values({"NAME": "Ada"})
    rendered = rendering.render(values)
    assert rendered.sender == "Ada <orders@example.com>"
    assert rendered.subject == "Hi Ada"
    assert rendered.reply_to == ("Ada@example.com", "b@example.com")
    assert (rendered.html, rendered.text) == ("<p>Ada</p>", "Ada")
    assert rendering.size(values) == len("<p>Ada</p>Ada")


def test_what_is_left_to_the_email_stays_so() -> None:
    rendered = Rendering(TemplateContent(html="<p>Hi</p>")).render({})
    assert (rendered.sender, rendered.subject, rendered.reply_to, rendered.text) == (None, None, (), None)
    assert Rendering(TemplateContent(html="<p>Hi</p>", text="")).render({}).text == ""


FIELDS = {"sender": "from", "subject": "subject", "html": "html", "text": "text", "reply_to": "reply_to"}


@pytest.mark.parametrize("attribute", FIELDS)
def test_each_text_is_checked(attribute: str) -> None:
    def content(text: str) -> TemplateContent:
        changes: dict[str, Any] = {attribute: (text,) if attribute == "reply_to" else text}
        return replace(CONTENT, **changes)

    with pytest.raises(UndeclaredVariable) as undeclared:
        content("{{{OTHER}}}").check()
    assert undeclared.value.key == "OTHER"
    with pytest.raises(InvalidTemplate) as wrong:
        content("{{{contact.name}}}").check()
    assert wrong.value.field == FIELDS[attribute]


def test_html_and_text_together_are_bounded() -> None:
    half = "é" * (MAX_TEMPLATE_BYTES // 4)
    TemplateContent(html=half, text=half).check()
    with pytest.raises(InvalidTemplate, match="1 MB") as caught:
        TemplateContent(html=half, text=half + "x").check()
    assert caught.value.field == "text"
