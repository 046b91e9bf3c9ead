"""Packs the chart with the images of one build as its defaults: `package_chart.py dist/published/build.json FOLDER`.

So an installed chart runs that build, and no other, unless its values say so. The same chart and the same build give
the same bytes. Runs in the environment of the deploy lock: `build-support/tools --of deploy python FILE`.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import helm_python
import yaml
from helm_python.chart import Chart

_CHART = Path(__file__).parent / "postroom"
_EX_USAGE = 64
_EX_DATAERR = 65
# 1980, as in the build's other archives.
_TIME = 315532800


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:  # noqa: PLR2004 - as the docstring shows
        sys.stderr.write("usage: package_chart.py BUILD_JSON FOLDER\n")
        return _EX_USAGE
    file, folder = map(Path, arguments)
    try:
        package = package_chart(_CHART, json.loads(file.read_text("utf-8")), folder)
    except (OSError, ValueError, helm_python.HelmError) as error:
        sys.stderr.write(f"package_chart: {file}: {error}\n")
        return _EX_DATAERR
    sys.stdout.write(f"{package}\n")
    return 0


def package_chart(chart: Path, build: Any, folder: Path) -> Path:
    """Return the archive. Raises HelmError when the chart refuses the build, ValueError for another version."""
    described = yaml.safe_load((chart / "Chart.yaml").read_text("utf-8"))
    if not isinstance(build, dict):
        raise ValueError("expected what `make publish` writes")  # noqa: TRY004 - a file's fault, not a caller's
    if build.get("version") != described["appVersion"]:
        raise ValueError(f"a build of version {build.get('version')}, but the chart is of {described['appVersion']}")
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "postroom"
        shutil.copytree(chart, copy)
        with (copy / "values.yaml").open("a", encoding="utf-8") as values:
            values.write("\n# The build that this chart was released with.\n")
            yaml.safe_dump({"build": build}, values, sort_keys=False)
        # Helm keeps the time of each file.
        for path in copy.rglob("*"):
            os.utime(path, (_TIME, _TIME))
        with Chart.load(copy) as loaded:
            loaded.render({}, name="postroom", namespace="default")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(helm_python.package(copy, destination=folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
