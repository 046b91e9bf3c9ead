"""The three services as programs, and the one-off process that prepares the database for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from postroom_embedded import variables
from postroom_embedded.address import Address, find_free_ports
from postroom_embedded.supervisor import Program

_PATH_OF_READINESS = "/readyz"


@dataclass(frozen=True, slots=True)
class Services:
    python: Path
    """The interpreter of the installed lock."""
    env: Mapping[str, str]
    """What all three have in common."""

    def programs(self, health_ports: Mapping[str, int]) -> list[Program]:
        programs = [Program("api", self.command("postroom_api.main"), self.env)]
        for name, port in health_ports.items():
            env = {**self.env, variables.HEALTH_PORT[0]: str(port)}
            env.pop(f"{variables.HEALTH_PORT[0]}_FILE", None)
            programs.append(Program(name, self.command(f"postroom_{name}.main"), env))
        return programs

    def command(self, module: str) -> list[str]:
        # -P: the folder that the runner was called in is none of the code.
        return [str(self.python), "-P", "-m", module]


def find_code(root: Path) -> str:
    """The PYTHONPATH: every component is a source root."""
    roots = [*sorted(root.glob("services/*/")), *sorted(root.glob("libs/*/"))]
    return ":".join(str(path) for path in roots if not path.name.startswith((".", "_")))


def choose_health_ports(environ: Mapping[str, str]) -> dict[str, int]:
    """For worker and scheduler: what is set outside and the next one, else any that are free."""
    text = variables.read(environ, variables.HEALTH_PORT)
    if text is None or not (text.isascii() and text.isdigit()):
        # What is no number is left to the services to refuse, together with all else that is wrong.
        worker, scheduler = find_free_ports(2)
    else:
        worker, scheduler = int(text), int(text) + 1
    return {"worker": worker, "scheduler": scheduler}


def readiness_places(
    address: Address, health_ports: Mapping[str, int], *, health_host: str, inbox: bool
) -> dict[str, tuple[str, int, str]]:
    """Where to ask whether a service is ready: host, port and path."""
    places = {"api": (address.reachable_host, address.port, _PATH_OF_READINESS)}
    if inbox:
        places["inbox"] = (address.reachable_host, address.port, "/inbox")
    reachable = Address(health_host, 0).reachable_host
    for name, port in health_ports.items():
        places[name] = (reachable, port, _PATH_OF_READINESS)
    return places
