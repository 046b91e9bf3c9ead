"""Images with planted faults, each started, and found."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import build_manifest
import pytest
import smoke_images

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# What a service is to an orchestrator, and what each fault leaves out.
SERVICE = """
import http.server, json, os, signal, sys

fault = os.environ["FAULT"]
if "POSTROOM_DATABASE_URL" not in os.environ:
    sys.stderr.write("nothing" if fault == "silent" else "POSTROOM_DATABASE_URL: missing")
    sys.exit(0 if fault == "unconfigured" else 78)
if fault == "dying":
    sys.exit("I cannot go on")
if fault == "writing":
    open("/note", "w")
version = {"version": "9.9.9" if fault == "old" else "0.1.0", "commit": "f" * 40 if fault == "other" else "COMMIT"}
pages = {"/livez": {"status": "dead" if fault == "dead" else "alive"}, "/version": version}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(pages[self.path]).encode())

signal.signal(signal.SIGTERM, lambda *_: os._exit(3 if fault == "rough" else 0))
http.server.HTTPServer(("127.0.0.1", int(os.environ["POSTROOM_PORT"])), Handler).serve_forever()
""".replace("COMMIT", COMMIT)
FAULTS = {
    "unconfigured": "without a config it ended with 0",
    "silent": "without a config it ended with 78: nothing",
    "dying": "it did not come to life:\nI cannot go on",
    "writing": "Read-only file system",
    "old": "/version tells version 9.9.9, not 0.1.0",
    "other": f"/version tells commit {'f' * 40}, not {COMMIT}",
    "dead": "/livez tells {'status': 'dead'}",
    "rough": "told to end, it ended with 3",
}


def docker(*arguments: str | Path) -> str:
    return subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("image")
    (folder / "service.py").write_text(SERVICE)
    made = {}
    for fault in ("none", *FAULTS):
        (folder / "Dockerfile").write_text(
            f"FROM {os.environ['BASE_IMAGE']}\n"
            f"LABEL of={uuid.uuid4()}\nCOPY service.py /\nENV FAULT={fault}\n"
            'USER 65532\nENTRYPOINT ["python3.11", "/service.py"]\n'
        )
        made[fault] = docker("build", "--quiet", folder)
    yield made
    docker("image", "rm", "--force", *made.values())


def smoke(folder: Path, images: dict[str, str]) -> subprocess.CompletedProcess[str]:
    references = {service: {"reference": image} for service, image in images.items()}
    build = {"version": "0.1.0", "commit": COMMIT, "modified": False, "base": "python:3.11", "images": references}
    (folder / "build.json").write_text(json.dumps(build))
    command = [sys.executable, smoke_images.__file__, str(folder / "build.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_fault_is_found_and_no_container_is_left(images: dict[str, str], tmp_path: Path) -> None:
    done = smoke(tmp_path, images)

    assert done.returncode == build_manifest.EX_DATAERR
    told = {part.partition(":")[0]: part for part in done.stderr.split("smoke: ")[1:]}
    assert set(told) == set(FAULTS)
    for fault, problem in FAULTS.items():
        assert problem in told[fault]
    left = [docker("ps", "--all", "--quiet", "--filter", f"ancestor={image}") for image in images.values()]
    assert left == [""] * len(images)


def test_a_good_image_passes(images: dict[str, str], tmp_path: Path) -> None:
    done = smoke(tmp_path, {"api": images["none"]})

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
