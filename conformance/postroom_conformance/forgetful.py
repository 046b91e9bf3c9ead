"""An api as it should not be: it answers as ours does, and keeps all that it knows in itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from postroom_images_testing.container import Container
from postroom_images_testing.one_off import PYTHON
from postroom_images_testing.stack import PORTS
from postroom_testing.server import wait_until

_LATER_SECONDS = 30
PROGRAM = f"""
import json, threading, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

emails, keys = {{}}, {{}}

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = urlsplit(self.path).path
        if path != "/emails":
            email = emails.get(path.split("/")[2])
            if email:
                email["last_event"] = "canceled"
            return self.answer(email)
        key = self.headers.get("idempotency-key") or str(uuid.uuid4())
        if key not in keys:
            one = keys[key] = str(uuid.uuid4())
            emails[one] = json.loads(body) | {{"id": one, "last_event": "scheduled"}}
            open(f"/tmp/{{one}}", "wb").write(body)
            threading.Timer({_LATER_SECONDS}, print, [one], {{"flush": True}}).start()  # when it would be on its way
        self.answer({{"id": keys[key]}})

    def do_GET(self):
        asked = urlsplit(self.path)
        if asked.path != "/emails":
            return self.answer(emails.get(asked.path.split("/")[2]))
        newest = list(emails)[::-1]
        after = parse_qs(asked.query).get("after", [None])[0]
        if after and after not in newest:
            return self.answer(None)
        start = newest.index(after) + 1 if after else 0
        self.answer({{"data": [{{"id": one}} for one in newest[start:start + 2]]}})

    def answer(self, body):
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

ThreadingHTTPServer(("", {PORTS["api"]}), Handler).serve_forever()
"""


@contextmanager
def forgetful_api(image: str, network: str) -> Iterator[Container]:
    """One of its processes, in the image of our own; it may write to its disk."""
    with Container(image, "-c", PROGRAM, options=[f"--entrypoint={PYTHON}"], network=network) as container:
        wait_until(lambda: container.ask(PORTS["api"], "/emails") is not None, seconds=20, what="it to answer")
        yield container
