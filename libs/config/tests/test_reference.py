from pathlib import Path

from postroom_config.blocks import BLOCKS
from postroom_config.load import load
from postroom_config.reference import main, render_env_example, render_reference
from postroom_config.settings import Settings
from postroom_config.variable import variable_of

ROOT = Path(__file__).parents[3]
WRITE = "run: make docs"


class Everything(Settings):
    __annotations__ = {f"block_{place}": block for place, block in enumerate(BLOCKS)}


def test_the_checked_in_example_is_what_the_blocks_generate() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == render_env_example(), WRITE


def test_the_checked_in_reference_is_what_the_blocks_generate() -> None:
    page = ROOT / "docs" / "reference" / "configuration.md"
    assert page.read_text(encoding="utf-8") == render_reference(), WRITE


def test_both_name_every_variable() -> None:
    for block in BLOCKS:
        for field in block.model_fields.values():
            name = variable_of(field).name
            assert f"{name}=" in render_env_example()
            assert f"`{name}`" in render_reference()


def test_the_example_starts_every_process_as_it_is_and_with_its_comments_taken_off() -> None:
    as_it_is = dict(
        line.split("=", 1) for line in render_env_example().splitlines() if line and not line.startswith("#")
    )
    in_full = dict(
        line.lstrip("#").split("=", 1)
        for line in render_env_example().splitlines()
        if line.lstrip("#").startswith(("POSTROOM_", "OTEL_"))
    )
    assert load(Everything, as_it_is) == load(Everything, in_full)


def test_main_writes_both(tmp_path: Path) -> None:
    main(tmp_path)
    assert (tmp_path / ".env.example").read_text(encoding="utf-8") == render_env_example()
    assert (tmp_path / "docs/reference/configuration.md").read_text(encoding="utf-8") == render_reference()
