"""Servers to fail against: the Ollama double, and one that answers with whatever bytes a test wants."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator

import pytest
from pack.engine.judge.vision_model import Question
from pack.ollama_client import Connection, OllamaVisionModel, vision_model
from pack.rehearsal.ollama_double import OllamaDouble, Reply

MODEL = "qwen2.5vl:7b"
ANSWER = '{"done": true, "changes": {}, "reason": "ok"}'
SCHEMA = {
    "type": "object",
    "properties": {"q01": {"type": "string", "enum": ["yes", "no"]}, "a": {"type": "integer"}},
    "required": ["q01", "a"],
    "additionalProperties": False,
}
QUESTION = Question(system="Judge.", text="What is it?", jpeg=b"\xff\xd8 a picture", schema=SCHEMA, seed=5)


class Stopped(BaseException):
    """What ComfyUI's interrupt is since 0.20: no Exception."""


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    vision_model._checked.clear()
    vision_model._digests.clear()
    vision_model._without_probabilities.clear()
    vision_model._one_picture.clear()
    for name in ("OLLAMA_HOST", "OLLAMA_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def double() -> Iterator[OllamaDouble]:
    with OllamaDouble() as server:
        server.default = Reply(content=ANSWER)
        yield server


@pytest.fixture
def model_on():
    """model_on(url, name, keep_alive=300, interrupted=..., timeout=...): the model under test."""

    def make(url, name=MODEL, keep_alive=300, interrupted=lambda: False, timeout=10.0, **connection):
        place = url if isinstance(url, Connection) else Connection("test", url, **connection)
        return OllamaVisionModel(place, name, keep_alive, interrupted, Stopped, timeout)

    return make


class RawServer:
    """Answers each path with (status, body); every path not named gets the one of "". Remembers what came.

    seconds_per_byte: above 0 the body trickles.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {"": (404, b"")}
        self.headers: dict[str, str] = {}
        self.paths: list[str] = []
        self.seconds_per_byte = 0.0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.paths.append(self.path)
                status, body = outer.answers.get(self.path, outer.answers[""])
                self.send_response(status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                step = 1 if outer.seconds_per_byte else len(body) + 1
                with contextlib.suppress(ConnectionError):
                    for place in range(0, len(body), step):
                        time.sleep(outer.seconds_per_byte)
                        self.wfile.write(body[place : place + step])

            do_GET = do_POST  # noqa: N815 - the base class names it

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def raw() -> Iterator[RawServer]:
    server = RawServer()
    yield server
    server.server.shutdown()
    server.server.server_close()
