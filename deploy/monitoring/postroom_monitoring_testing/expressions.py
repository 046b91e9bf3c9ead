"""What a PromQL expression names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser
from promql_parser import AggregateExpr, BinaryExpr, MatchOp, VectorSelector

OF_PROMETHEUS = {"up": frozenset({"job", "instance"})}
_OF_A_TARGET = frozenset({"job", "instance", "le"})


def find_strangers(expression: str, series: Mapping[str, frozenset[str]]) -> list[str]:
    """What it names that does not exist: metrics, and labels that no metric of the expression has.

    Raises:
        ValueError: it is no PromQL.
    """
    nodes: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), nodes.append)
    known = dict(series) | OF_PROMETHEUS
    strangers: list[str] = []
    labels: set[str] = set(_OF_A_TARGET)
    for node in nodes:
        if isinstance(node, VectorSelector):
            name = str(node.name)
            if name not in known:
                strangers.append(name)
                continue
            labels |= known[name]
            strangers += [f"{name}{{{label}}}" for label in _matched(node) if label not in known[name] | _OF_A_TARGET]
    for node in nodes:
        strangers += [f"by ({label})" for label in _grouped(node) if label not in labels]
    return strangers


def find_matchers(expression: str) -> list[tuple[str, str, str]]:
    """What it asks of labels: the name of the metric, the label, and a regular expression that its value must match.

    What must not be so, any series may be.
    """
    nodes: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), nodes.append)
    return [
        (str(node.name), matcher.name, matcher.value if matcher.op == MatchOp.Re else re.escape(matcher.value))
        for node in nodes
        if isinstance(node, VectorSelector)
        for matcher in node.matchers.matchers
        if matcher.op in (MatchOp.Equal, MatchOp.Re)
    ]


def _matched(selector: VectorSelector) -> Iterator[str]:
    for matcher in selector.matchers.matchers:
        yield matcher.name


def _grouped(node: Any) -> Iterator[str]:
    if isinstance(node, AggregateExpr) and node.modifier is not None:
        yield from node.modifier.labels
    if isinstance(node, BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
        yield from node.modifier.matching.labels
