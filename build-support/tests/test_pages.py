"""What pages tell their readers to type: it is there, it agrees with the rest, and leaves nothing where git sees it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import publish_images
import pytest

PAGES = [
    *sorted(Path("docs").glob("*/*.md")),
    *map(Path, ("README.md", "CONTRIBUTING.md", "deploy/helm/postroom/README.md")),
]
KUBERNETES, AWS = Path("docs/how-to/deploy-kubernetes.md"), Path("docs/how-to/deploy-aws.md")
_FENCE = re.compile(r"^```(?:sh)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_NAMESPACE = re.compile(r"(?:--namespace|(?:create|label) namespace) (\S+)")


def read_commands(page: Path) -> list[str]:
    """The lines of its samples, those that go on in the next joined."""
    samples = _FENCE.findall(page.read_text("utf-8"))
    return [line for sample in samples for line in re.sub(r"\\\n\s*", "", sample).splitlines()]


def read_inline(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in _INLINE.findall(text)]


def find_namespaces(page: Path) -> Iterator[str]:
    """Of each command for a cluster; none: what stands there instead."""
    commands = [line for line in read_commands(page) if re.search(r"\b(?:kubectl|helm) [a-z-]", line)]
    commands += [span for span in read_inline(page) if span.startswith("kubectl ")]
    for command in commands:
        found = _NAMESPACE.search(command)
        yield found[1] if found else command


def test_every_target_of_make_that_a_page_names_is_there() -> None:
    targets = re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE)
    told = [
        (page.name, target)
        for page in PAGES
        for text in (*read_commands(page), *read_inline(page))
        for target in re.findall(r"(?:^|[;&] *)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text)
    ]

    assert ("cut-a-release.md", "package") in told
    assert [(page, target) for page, target in told if target not in targets] == []


def test_pages_and_example_name_one_namespace() -> None:
    example = Path("deploy/terraform/examples/eks/variables.tf").read_text()
    (namespace,) = re.findall(r'variable "namespace" \{.*?default += "(.+?)"', example, re.DOTALL)
    told = {page.name: set(find_namespaces(page)) for page in PAGES if page.parent.name != "adr"}

    assert {name: found for name, found in told.items() if found - {namespace}} == {}
    assert {KUBERNETES.name, AWS.name, "README.md"} <= {name for name, found in told.items() if found}


def test_a_cluster_is_given_what_was_published() -> None:
    """References that it can pull: what `make package` writes has none."""
    given = [file for page in PAGES for file in re.findall(r"jq '\{build: \.\}' (\S+)", page.read_text("utf-8"))]

    assert given == [str(publish_images.PUBLISHED)] * 2


def test_what_aws_needs_is_written_where_no_repository_is() -> None:
    """Or into a file of Terraform's that git passes over."""
    written = [
        file
        for line in read_commands(AWS)
        for file in re.findall(r"(?<![0-9&>])>>? ?(\S+?)\)?$", line.partition("   #")[0])
    ]

    assert len(written) > 5
    assert [
        file for file in written if not file.startswith(('"$KEEP/', '"$secrets/', '"$MODULE/terraform.tfvars"'))
    ] == []


def test_each_terraform_says_where() -> None:
    calls = [line for line in read_commands(AWS) if re.search(r"\bterraform [a-z-]", line)]

    assert len(calls) > 10
    assert [line for line in calls if re.search(r"\bterraform (?!-chdir=)[a-z-]", line)] == []


@pytest.mark.parametrize(
    "file",
    [
        *("build.values.json", "postroom.values.yaml"),
        *(f"deploy/terraform/{one}" for one in ("terraform.tfvars", "terraform.tfstate", "terraform.tfstate.backup")),
        *(f"deploy/terraform/examples/rds/{one}" for one in (".terraform/x", ".terraform.lock.hcl")),
    ],
)
def test_what_following_a_page_leaves_in_a_checkout_changes_no_build(tmp_path: Path, file: str) -> None:
    """A file that git would add makes a build `modified`, and that is not published."""
    (tmp_path / ".gitignore").write_bytes(Path(".gitignore").read_bytes())
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    told = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"], cwd=tmp_path, stdout=subprocess.PIPE, check=True
    )

    assert told.stdout == b"?? .gitignore\n"
