"""What processes tell of themselves, against what pages, alerts and panels say that they tell."""

import re
from collections.abc import Iterable, Mapping

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from postroom_monitoring_testing.expressions import OF_PROMETHEUS, find_matchers, find_strangers
from postroom_monitoring_testing.inventory import Metric

Texts = Mapping[str, str]
"""What `GET /metrics` answers, by service."""


def read_samples(texts: Iterable[str]) -> list[Sample]:
    return [one for text in texts for family in text_string_to_metric_families(text) for one in family.samples]


def find_untold(texts: Texts, metrics: Iterable[Metric]) -> list[str]:
    """What a service does not tell although the page says so, and the other way round."""
    found = []
    for service, text in texts.items():
        types = set(re.findall(r"^# TYPE (postroom_\S+)", text, re.MULTILINE))
        told = {name for name in types if not name.endswith("_created")}
        declared = {metric.shown_name for metric in metrics if service in metric.services}
        found += [f"{service}: {name}" for name in sorted(told ^ declared)]
    return found


def find_unknown(expressions: Mapping[str, str], texts: Texts, metrics: Iterable[Metric]) -> dict[str, list[str]]:
    """Names and labels that an alert or a panel asks for and that no process tells, by where they stand."""
    series = dict(OF_PROMETHEUS)
    for text in texts.values():
        types = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
        for metric in metrics:
            if metric.shown_name in types:  # it may have no series yet
                series |= metric.series
        series |= {sample.name: frozenset(sample.labels) for sample in read_samples([text])}
    return {where: found for where, text in expressions.items() if (found := find_strangers(text, series))}


def find_unmatched(expressions: Iterable[str], samples: list[Sample]) -> set[tuple[str, str]]:
    """Values of labels that an expression asks for and that no series has: it would be silent for ever."""
    return {
        (name, value.replace("\\", ""))
        for expression in expressions
        for name, label, value in find_matchers(expression)
        if not any(one.name == name and re.fullmatch(value, one.labels.get(label, "")) for one in samples)
    }
