"""A double of Ollama's HTTP server: checks requests as it does, records them, looks at pixels, plays faults on demand.

It proves wiring and rules, never the quality of a model. Run it: python rehearsal/ollama_double.py --port 11999
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import math
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = "rehearsal"

from . import ollama_rules as rules
from .ollama_connection import Connection, Content, Reply
from .ollama_pixels import SMALL_DOUBT, Spoken, pixel_judge
from .ollama_wire import Record, SentImage
from .server_thread import ServerThread

__all__ = ["OllamaDouble", "Record", "Reply", "SentImage", "pixel_judge"]

log = logging.getLogger("rehearsal.ollama_double")

VISION = ("completion", "vision")
DEFAULT_MODELS: dict[str, tuple[str, ...]] = {
    "qwen3-vl:8b-instruct": VISION,
    "qwen2.5vl:7b": VISION,
    "gemma4:latest": (*VISION, "thinking"),
    "text-only:latest": ("completion",),
}


@dataclass
class LoadedModel:
    """A model in memory. until: time.time() at which it leaves. users: requests that it works on."""

    signature: tuple[Any, ...]
    context: int
    keep: float
    until: float
    users: int = 0
    leaving: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def taken(self) -> None:
        """One request more."""
        self.users += 1
        self.idle.clear()

    def given_back(self) -> None:
        """One request less."""
        self.users -= 1
        if not self.users:
            self.idle.set()


class OllamaDouble(ServerThread):
    """A server on its own thread. `with OllamaDouble() as double:` ... double.url, double.requests, double.script.

    models: capabilities by name. default: what is said when the script is empty, a text or a callable of the request
        body and its decoded pictures; None: a minimal answer that follows the request's format.
    unload_delay: seconds that an unloaded model stays listed. load_delay: seconds that loading takes.
    legacy_vision: a text model answers about a picture that it never saw, instead of an error.
    library: what can be pulled, and its bytes; pull_seconds: how long that takes.
    version: what the server says of itself; before 0.12.11 it gives no log-probabilities. logprobs: False leaves them
        out in any version. doubt: of the pixel judge, if that is the default, see SMALL_DOUBT.
    one_picture: more than one in a message is refused, as llama3.2-vision does.
    """

    def __init__(
        self,
        models: Mapping[str, Sequence[str]] | None = None,
        default: Reply | Content | None = None,
        *,
        unload_delay: float = 0.3,
        load_delay: float = 0.0,
        legacy_vision: bool = False,
        version: str = "0.32.15",
        logprobs: bool = True,
        doubt: float = SMALL_DOUBT,
        one_picture: bool = False,
    ) -> None:
        super().__init__()
        self.one_picture = one_picture
        self.models = {rules.full_name(n): tuple(c) for n, c in (models or DEFAULT_MODELS).items()}
        self.default = default
        self.unload_delay, self.load_delay = unload_delay, load_delay
        self.legacy_vision, self.version = legacy_vision, version
        self.logprobs, self.doubt = logprobs, doubt
        self.redirect_to = "http://127.0.0.1:9/api/chat"
        self.library = {"qwen3-vl:2b-instruct": 2 * 10**9, "qwen3-vl:4b-instruct": 3 * 10**9}
        self.pull_seconds = 0.2
        self.script: deque[Reply] = deque()
        self.loaded: dict[str, LoadedModel] = {}
        self.loads = 0
        self._loading: dict[str, asyncio.Lock] = {}

    # What a test asks

    def chats(self) -> list[Record]:
        """The requests that asked a model something or loaded it, by /api/chat."""
        return [r for r in list(self.requests) if r.path == "/api/chat"]

    # What a connection asks, on the server's thread

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(self, reader, writer).serve()

    def next_reply(self) -> Reply:
        return self.script.popleft() if self.script else self._default()

    def _default(self) -> Reply:
        return self.default if isinstance(self.default, Reply) else Reply(content=self.default)

    async def text_for(self, reply: Reply, body: dict[str, Any], pictures: list[bytes]) -> str:
        """The text that the model says, as Spoken where it says how sure it is."""
        source = self._default().content if reply.content is None else reply.content
        if isinstance(source, str):
            return source
        if source is pixel_judge:
            source = partial(pixel_judge, doubt=self.doubt)
        # Off the loop: looking at a picture takes a while, and other requests go on meanwhile.
        text = await asyncio.to_thread(source, body, pictures) if source else '{"analysis": "ok", "score": 7}'
        schema = rules.check_format(body.get("format"))
        if schema is None:
            return text
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        fitted = json.dumps(rules.fit(schema, value), sort_keys=True)
        return Spoken(fitted, text.beliefs) if isinstance(text, Spoken) else fitted

    def installed(self, name: Any) -> str:
        """The full name of an installed model. Raises RefusalError."""
        if not name:
            raise rules.RefusalError(400, "model is required")
        full = rules.full_name(str(name))
        if full not in self.models:
            raise rules.RefusalError(404, f"model '{name}' not found")
        return full

    def running(self) -> list[dict[str, Any]]:
        """The loaded models as /api/ps lists them."""
        now = [(n, m) for n, m in self.loaded.items() if m.users or m.until > time.time()]
        return [
            rules.listing(name)
            | {"expires_at": rules.timestamp(m.until), "size_vram": 6 * 10**9, "context_length": m.context}
            for name, m in now
        ]

    @contextlib.asynccontextmanager
    async def using(self, name: str, options: dict[str, Any], keep: float) -> AsyncIterator[None]:
        """Have the model in memory, loaded with these options, while one request uses it."""
        async with self._loading.setdefault(name, asyncio.Lock()):
            model = await self._load(name, options, keep)
            model.taken()
        try:
            yield
        finally:
            model.given_back()
            model.keep, model.until = keep, time.time() + keep
            if keep == 0:
                self.unload_soon(name)
            self.changed()

    async def _load(self, name: str, options: dict[str, Any], keep: float) -> LoadedModel:
        signature = tuple(options.get(key) for key in rules.RELOADING_OPTIONS)
        model = self.loaded.get(name)
        if model and model.signature == signature and not model.leaving and (model.users or model.until > time.time()):
            return model
        if model and model.users:
            await model.idle.wait()
        self.loaded.pop(name, None)
        await asyncio.sleep(self.load_delay)
        self.loads += 1
        model = LoadedModel(signature, options.get("num_ctx") or 4096, keep, time.time() + keep)
        self.loaded[name] = model
        self.changed()
        return model

    def unload_soon(self, name: str) -> None:
        """Let the model go when its last request is answered; it stays listed for a moment."""
        model = self.loaded.get(name)
        if model is None or model.leaving:
            return
        model.leaving, model.until = True, math.inf
        task = asyncio.ensure_future(self._unload(name, model))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _unload(self, name: str, model: LoadedModel) -> None:
        if model.users:
            await model.idle.wait()
        await asyncio.sleep(self.unload_delay)
        if self.loaded.get(name) is model:
            del self.loaded[name]
            self.changed()


def main() -> None:
    """Serve the pixel judge until Ctrl+C."""
    parser = argparse.ArgumentParser(description="A double of Ollama that judges pictures of the rehearsal world.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    double = OllamaDouble(default=pixel_judge).start(chosen.host, chosen.port)
    log.info("%s", double.url)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    double.stop()


if __name__ == "__main__":
    main()
