import pytest

from postroom_config.blocks import BLOCKS, TOOL_VARIABLES
from postroom_config.errors import ConfigError
from postroom_config.listen import ListenSettings
from postroom_config.load import load
from postroom_config.settings import Settings
from postroom_config.unknown import known_names
from postroom_config.variable import variable_of


class Listening(Settings):
    listen: ListenSettings


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("POSTROOM_DATABSE_URL", "unknown; did you mean POSTROOM_DATABASE_URL?"),
        ("POSTROOM_DATABASE_URL_FIEL", "unknown; did you mean POSTROOM_DATABASE_URL_FILE?"),
        ("POSTROOM_ZZZ", "unknown"),
        ("POSTROOM_", "unknown"),
        ("postroom_port", "unknown; did you mean POSTROOM_PORT? Names are case-sensitive"),
        ("POSTROOM_PORT_FILE_FILE", "unknown; did you mean POSTROOM_PORT_FILE?"),
    ],
)
def test_a_slip_in_a_name_is_reported(name: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(Listening, {name: "value"})
    assert [(problem.variable, problem.complaint) for problem in caught.value.problems] == [(name, complaint)]


def test_names_without_the_prefix_are_no_business_of_ours() -> None:
    load(Listening, {"HOME": "/", "POSTROOMX": "1", "MY_POSTROOM_PORT": "1", "postroom_something": "1"})


def test_every_name_of_the_release_is_known_to_every_process() -> None:
    environ = dict.fromkeys(known_names() - {"POSTROOM_PORT", "POSTROOM_HOST", "POSTROOM_INBOX_EXPOSED"}, "x")
    mine = {"POSTROOM_PORT_FILE", "POSTROOM_HOST_FILE", "POSTROOM_INBOX_EXPOSED_FILE"}
    load(Listening, {name: text for name, text in environ.items() if name not in mine})


def test_tools_are_known() -> None:
    load(Listening, dict.fromkeys(TOOL_VARIABLES, "x"))


def test_no_two_fields_share_a_name() -> None:
    variables = [variable_of(field) for block in BLOCKS for field in block.model_fields.values()]
    names = [name for one in variables for name in (one.name, one.platform_name) if name]
    assert len(names) == len(set(names))
    assert all(one.name.startswith(("POSTROOM_", "OTEL_")) for one in variables)


SERVICE_LINKS = {
    # A Service named "postroom" with one port.
    "POSTROOM_SERVICE_HOST": "10.0.0.1",
    "POSTROOM_SERVICE_PORT": "80",
    "POSTROOM_SERVICE_PORT_HTTP": "80",
    "POSTROOM_PORT": "tcp://10.0.0.1:80",
    "POSTROOM_PORT_80_TCP": "tcp://10.0.0.1:80",
    "POSTROOM_PORT_80_TCP_PROTO": "tcp",
    "POSTROOM_PORT_80_TCP_PORT": "80",
    "POSTROOM_PORT_80_TCP_ADDR": "10.0.0.1",
    # One named "postroom-api", and one named "postroom-health" on IPv6.
    "POSTROOM_API_SERVICE_HOST": "10.0.0.2",
    "POSTROOM_API_PORT": "tcp://10.0.0.2:8000",
    "POSTROOM_API_PORT_8000_TCP_ADDR": "10.0.0.2",
    "POSTROOM_HEALTH_PORT": "udp://[fd00::1]:53",
}


def test_what_kubernetes_adds_is_ignored() -> None:
    assert load(Listening, SERVICE_LINKS).listen.port == 8000
    assert load(Listening, {**SERVICE_LINKS, "PORT": "5000"}).listen.port == 5000


@pytest.mark.parametrize("text", ["tcp://", "tcp:8000", "http://10.0.0.1:80"])
def test_a_port_that_only_resembles_a_service_link_is_malformed(text: str) -> None:
    with pytest.raises(ConfigError, match="POSTROOM_PORT: malformed"):
        load(Listening, {"POSTROOM_PORT": text})
