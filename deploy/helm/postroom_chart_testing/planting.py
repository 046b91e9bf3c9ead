import shutil
from pathlib import Path


def plant(chart: Path, folder: Path, file: str, right: str, wrong: str) -> Path:
    """A copy of the chart, in a folder, in which one text stands for another, everywhere in one file."""
    copy = folder / chart.name
    if not copy.exists():
        shutil.copytree(chart, copy)
    text = (copy / file).read_text("utf-8")
    if right not in text:
        raise LookupError(f"{file} does not hold {right!r}")
    (copy / file).write_text(text.replace(right, wrong), "utf-8")
    return copy
