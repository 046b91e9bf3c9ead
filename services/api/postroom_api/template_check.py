"""From what a client sent to a template that can be stored, or to an error that names the field."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import UNSET

from postroom_api.email_check import check_address, check_subject
from postroom_api.errors import MISSING_FIELD, UNDECLARED_VARIABLE, invalid, refuse
from postroom_api.names import read_name
from postroom_api.template_request import TemplateRequest, VariableRequest
from postroom_domain.errors import InvalidAlias, InvalidTemplate, InvalidVariable, UndeclaredVariable
from postroom_domain.headers import has_control
from postroom_domain.limits import MAX_ADDRESS, MAX_RECIPIENTS, MAX_TEMPLATE_NAME, MAX_VARIABLES
from postroom_domain.template_aliases import check_alias
from postroom_domain.template_text import TemplateText
from postroom_domain.template_variables import Variable, declare
from postroom_domain.templates import TemplateContent

EMPTY = TemplateContent()
"""What a new template is a change of."""


def new_name(asked: TemplateRequest, present: str | None = None) -> str:
    """The name after a change.

    Raises:
        ApiError: there is none, or it is wrong.
    """
    return read_name(present if asked.name is UNSET else asked.name, longest=MAX_TEMPLATE_NAME)


def new_alias(asked: TemplateRequest, present: str | None = None) -> str | None:
    """The alias after a change.

    Raises:
        ApiError: it is wrong.
    """
    if asked.alias is UNSET:
        return present
    if not asked.alias:
        return None
    try:
        check_alias(asked.alias)
    except InvalidAlias as problem:
        raise invalid("alias", problem) from None
    return asked.alias


def new_content(asked: TemplateRequest, present: TemplateContent = EMPTY) -> TemplateContent:
    """What a template says after a change.

    Raises:
        ApiError: naming the first field that is missing or wrong.
    """
    content = present
    if asked.html is not UNSET:
        content = replace(content, html=asked.html or "")
    if asked.text is not UNSET:
        content = replace(content, text=asked.text)
    if asked.from_ is not UNSET:
        content = replace(content, sender=asked.from_ or None)
    if asked.subject is not UNSET:
        content = replace(content, subject=asked.subject)
    if asked.reply_to is not UNSET:
        content = replace(content, reply_to=_reply_to(asked.reply_to))
    if asked.variables is not UNSET:
        content = replace(content, variables=_variables(asked.variables or []))
    _check(content)
    return content


def _check(content: TemplateContent) -> None:
    if not content.html:
        raise refuse(MISSING_FIELD, field="html")
    try:
        content.check()
    except InvalidTemplate as problem:
        raise invalid(problem.field, problem) from None
    except UndeclaredVariable as problem:
        raise refuse(UNDECLARED_VARIABLE, key=problem.key) from None
    if content.sender is not None:
        _check_address(content.sender, "from")
    for address in content.reply_to:
        _check_address(address, "reply_to")
    if content.subject is not None:
        check_subject(content.subject)


def _check_address(address: str, name: str) -> None:
    if not TemplateText(address).keys:
        check_address(address, name)
    elif len(address) > MAX_ADDRESS or has_control(address):  # the rest is known when it has its values
        raise invalid(name, f"It must be at most {MAX_ADDRESS} characters, without control characters.")


def _reply_to(value: str | list[str] | None) -> tuple[str, ...]:
    if not value:
        return ()
    addresses = (value,) if isinstance(value, str) else tuple(value)
    if len(addresses) > MAX_RECIPIENTS:
        raise invalid("reply_to", f"There are more than {MAX_RECIPIENTS}.")
    return addresses


def _variables(asked: Sequence[VariableRequest]) -> tuple[Variable, ...]:
    if len(asked) > MAX_VARIABLES:
        raise invalid("variables", f"There are more than {MAX_VARIABLES}.")
    variables: dict[str, Variable] = {}
    for index, one in enumerate(asked):
        place = f"variables[{index}]"
        if not one.key or not one.type:
            raise refuse(MISSING_FIELD, field=f"{place}.{'type' if one.key else 'key'}")
        fallback = one.fallback_value_camel if one.fallback_value is None else one.fallback_value
        try:
            variable = declare(one.key, one.type, fallback)
        except InvalidVariable as problem:
            raise invalid(f"{place}.{problem.part}", problem) from None
        if variable.key in variables:
            raise invalid(f"{place}.key", f"The variable `{variable.key}` is declared twice.")
        variables[variable.key] = variable
    return tuple(variables.values())
