from typing import Any

import pytest

from postroom_config.errors import ConfigError
from postroom_config.load import load
from postroom_config.settings import Settings
from postroom_config.tracing import TracingSettings


class Alone(Settings):
    tracing: TracingSettings


def read(**variables: str) -> TracingSettings:
    return load(Alone, {f"OTEL_{name}": value for name, value in variables.items()}).tracing


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, None),
        ({"RESOURCE_ATTRIBUTES": "a=b", "SERVICE_NAME": "x"}, None),
        ({"EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "http://collector:4318/v1/traces"),
        ({"EXPORTER_OTLP_ENDPOINT": "https://collector/otlp/"}, "https://collector/otlp/v1/traces"),
        ({"EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector/t"}, "http://collector/t"),
        ({"TRACES_EXPORTER": "otlp"}, "http://localhost:4318/v1/traces"),
        ({"TRACES_EXPORTER": "none", "EXPORTER_OTLP_ENDPOINT": "http://collector"}, None),
        ({"SDK_DISABLED": "true", "EXPORTER_OTLP_ENDPOINT": "http://collector"}, None),
    ],
)
def test_traces_are_sent_only_where_a_variable_says_so(variables: dict[str, str], url: str | None) -> None:
    assert read(**variables).url == url


@pytest.mark.parametrize(
    ("variables", "share"),
    [
        ({}, 1.0),
        ({"TRACES_SAMPLER": "always_off"}, 0.0),
        ({"TRACES_SAMPLER": "parentbased_traceidratio", "TRACES_SAMPLER_ARG": "0.25"}, 0.25),
        ({"TRACES_SAMPLER": "always_on", "TRACES_SAMPLER_ARG": "0.25"}, 1.0),
    ],
)
def test_the_share_of_traces(variables: dict[str, str], share: float) -> None:
    assert read(**variables).share == share


def test_headers_are_pairs() -> None:
    assert read().read_headers() == {}
    text = "authorization=Bearer%20t0k%2Cen==, x-scope=a"
    assert read(EXPORTER_OTLP_HEADERS=text).read_headers() == {"authorization": "Bearer t0k,en==", "x-scope": "a"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("EXPORTER_OTLP_ENDPOINT", "http://user:secret@collector"),
        ("EXPORTER_OTLP_HEADERS", "Bearer token"),
        ("EXPORTER_OTLP_HEADERS", "a=b%0D%0Ac: d"),
        ("EXPORTER_OTLP_HEADERS", "na me=b"),
        ("EXPORTER_OTLP_HEADERS", "naïve=b"),
        ("EXPORTER_OTLP_HEADERS", "price=%E2%82%AC1"),
        ("EXPORTER_OTLP_HEADERS", "token=%FF"),
        ("RESOURCE_ATTRIBUTES", "production"),
        ("TRACES_SAMPLER", "jaeger_remote"),
        ("TRACES_SAMPLER_ARG", "2"),
        ("EXPORTER_OTLP_TIMEOUT", "0"),
    ],
)
def test_what_cannot_work_is_refused_by_its_name(name: str, value: str) -> None:
    variables: dict[str, Any] = {name: value}
    with pytest.raises(ConfigError) as problem:
        read(**variables)
    assert [one.variable for one in problem.value.problems] == [f"OTEL_{name}"]


def test_a_headers_value_may_be_latin() -> None:
    assert read(EXPORTER_OTLP_HEADERS="x-owner=Ren%C3%A9").read_headers() == {"x-owner": "René"}


FOR_OTHERS = [
    ("EXPORTER_OTLP_PROTOCOL", "grpc"),
    ("EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ("TRACES_EXPORTER", "console"),
    ("TRACES_EXPORTER", "otlp,console"),
]
"""What platforms and operators put into every process."""


@pytest.mark.parametrize(
    "off", [{}, {"SDK_DISABLED": "true"}, {"SDK_DISABLED": "true", "EXPORTER_OTLP_ENDPOINT": "http://collector:4317"}]
)
@pytest.mark.parametrize(("name", "value"), FOR_OTHERS)
def test_where_no_traces_are_sent_protocol_and_exporter_are_not_judged(
    name: str, value: str, off: dict[str, str]
) -> None:
    assert read(**{name: value}, **off).url is None


def test_with_exporter_none_no_protocol_is_judged() -> None:
    others = {"EXPORTER_OTLP_PROTOCOL": "grpc", "EXPORTER_OTLP_ENDPOINT": "http://collector:4317"}
    assert read(TRACES_EXPORTER="none", **others).url is None


@pytest.mark.parametrize("endpoint", ["EXPORTER_OTLP_ENDPOINT", "EXPORTER_OTLP_TRACES_ENDPOINT"])
@pytest.mark.parametrize(("name", "value"), FOR_OTHERS)
def test_where_traces_would_be_sent_they_are_refused_by_their_name_alone(name: str, value: str, endpoint: str) -> None:
    with pytest.raises(ConfigError) as problem:
        read(**{name: value, endpoint: "http://collector:4318"})
    [one] = problem.value.problems
    assert one.variable == f"OTEL_{name}"
    assert one.complaint.startswith("malformed: ")
    assert value not in one.complaint.partition(";")[0]


def test_both_are_told_in_one_report() -> None:
    with pytest.raises(ConfigError) as problem:
        read(TRACES_EXPORTER="console", EXPORTER_OTLP_PROTOCOL="grpc", EXPORTER_OTLP_ENDPOINT="http://collector:4317")
    assert [one.variable for one in problem.value.problems] == ["OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"]
