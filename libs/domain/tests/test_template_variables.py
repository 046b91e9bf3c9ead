from typing import Any

import pytest

from postroom_domain.errors import InvalidValue, InvalidVariable, MissingValues
from postroom_domain.template_variables import RESERVED, Variable, VariableType, declare, write_values

NAME = Variable("NAME", VariableType.STRING)
TOTAL = Variable("TOTAL", VariableType.NUMBER)
PAID = Variable("PAID", VariableType.BOOLEAN)
LARGEST = 2**53 - 1


@pytest.mark.parametrize(
    ("key", "kind", "fallback", "variable"),
    [
        ("NAME", "string", None, NAME),
        ("name_1", "string", "", Variable("name_1", VariableType.STRING, "")),
        ("k" * 50, "string", "x" * 2000, Variable("k" * 50, VariableType.STRING, "x" * 2000)),
        ("TOTAL", "number", 0, Variable("TOTAL", VariableType.NUMBER, 0)),
        ("TOTAL", "number", -LARGEST, Variable("TOTAL", VariableType.NUMBER, -LARGEST)),
        ("TOTAL", "number", 2.5, Variable("TOTAL", VariableType.NUMBER, 2.5)),
        ("PAID", "boolean", False, Variable("PAID", VariableType.BOOLEAN, fallback=False)),
    ],
)
def test_declares(key: str, kind: str, fallback: object, variable: Variable) -> None:
    assert declare(key, kind, fallback) == variable


@pytest.mark.parametrize("key", ["", "k" * 51, "user-name", "a.b", "a b", "ä", "a\n", *sorted(RESERVED)])
def test_refuses_keys(key: str) -> None:
    with pytest.raises(InvalidVariable) as caught:
        declare(key, "string", None)
    assert caught.value.part == "key"


@pytest.mark.parametrize(("kind", "said"), [("object", "not supported"), ("list", "not supported"), ("text", "must")])
def test_refuses_types(kind: str, said: str) -> None:
    with pytest.raises(InvalidVariable, match=said) as caught:
        declare("NAME", kind, {"a": 1})
    assert caught.value.part == "type"


WRONG: dict[Variable, tuple[Any, ...]] = {
    NAME: (1, 1.5, True, [], {}, "x" * 2001),
    TOTAL: ("1", "", True, [], LARGEST + 1, -LARGEST - 1, 1e300),
    PAID: ("true", 0, 1, 0.0, []),
}


@pytest.mark.parametrize(("variable", "value"), [(variable, value) for variable in WRONG for value in WRONG[variable]])
def test_refuses_values_of_another_kind_or_size(variable: Variable, value: object) -> None:
    with pytest.raises(InvalidValue) as refused:
        write_values([variable], {variable.key: value})
    assert refused.value.key == variable.key
    with pytest.raises(InvalidVariable) as caught:
        declare(variable.key, variable.type.value, value)
    assert caught.value.part == "fallback_value"


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        (NAME, "<b>Ada</b> {{{TOTAL}}}", "<b>Ada</b> {{{TOTAL}}}"),
        (NAME, "", ""),
        (TOTAL, 25, "25"),
        (TOTAL, 25.0, "25"),
        (TOTAL, -0.0, "0"),
        (TOTAL, 19.99, "19.99"),
        (TOTAL, 1e-7, "0.0000001"),
        (TOTAL, 1e15, "1000000000000000"),
        (PAID, True, "true"),
        (PAID, False, "false"),
    ],
)
def test_writes_values(variable: Variable, value: object, text: str) -> None:
    assert write_values([variable], {variable.key: value}) == {variable.key: text}


def test_names_every_value_that_is_missing() -> None:
    variables = [NAME, TOTAL, Variable("CITY", VariableType.STRING, "here"), PAID]
    with pytest.raises(MissingValues, match="`NAME`, `PAID`") as caught:
        write_values(variables, {"TOTAL": 1, "PAID": None})
    assert caught.value.keys == ("NAME", "PAID")


def test_a_value_wins_over_its_fallback_and_what_nobody_asks_for_is_ignored() -> None:
    variables = [Variable("CITY", VariableType.STRING, "here"), Variable("ZERO", VariableType.NUMBER, 0)]
    assert write_values(variables, {"CITY": "there", "OTHER": ["x"]}) == {"CITY": "there", "ZERO": "0"}
