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
        ("TRACES_EXPORTER", "jaeger"),
        ("EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("EXPORTER_OTLP_ENDPOINT", "http://user:secret@collector"),
        ("EXPORTER_OTLP_HEADERS", "Bearer token"),
        ("EXPORTER_OTLP_HEADERS", "a=b%0D%0Ac: d"),
        ("EXPORTER_OTLP_HEADERS", "na me=b"),
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
