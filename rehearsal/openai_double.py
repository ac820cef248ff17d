"""A double of servers of OpenAI's dialect: llama.cpp, LM Studio, vLLM, Ollama's /v1, and one that knows the least.

What each accepts, refuses and says was read in their sources and threads (docs/design-notes.md, 7.10). It looks at
pixels, records what came, and plays faults on demand. It proves wiring and rules, never the quality of a model.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from PIL import Image

from . import ollama_rules as rules
from .ollama_connection import distorted
from .ollama_pixels import SMALL_DOUBT, Spoken, pixel_judge
from .ollama_rules import RefusalError
from .ollama_tokens import logprobs
from .ollama_wire import Record, SentImage
from .server_connection import ServerConnection
from .server_thread import ServerThread

Dialect = Literal["llama.cpp", "lm studio", "vllm", "ollama", "least"]
DIALECTS: tuple[Dialect, ...] = ("llama.cpp", "lm studio", "vllm", "ollama", "least")
Fault = Literal[
    "ok", "loading", "busy", "rate_limit", "load_fail", "oom", "overflow", "bad_schema", "forbidden_empty", "html_502",
    "redirect", "not_json", "error_list", "error_in_200", "drop", "drop_mid", "hang_headers", "hang_body", "too_long",
    "no_choices", "null_content", "length", "thought_out", "json_in_thinking", "fenced", "prose", "trailing_comma",
    "think_tag", "endless_spaces", "format_ignored",
]  # fmt: skip
Speaker = Callable[[dict[str, Any], list[bytes]], str]

MODEL = "qwen3-vl-8b-instruct"
BLIND_MODEL = "text-only"
_OWNER = {"llama.cpp": "llamacpp", "lm studio": "organization_owner", "vllm": "vllm", "ollama": "library"}
_GIVES_LOGPROBS = {"llama.cpp", "vllm"}  # on /v1 Ollama was reported to leave them out (ollama/ollama #16117)
_ENFORCES = {"llama.cpp", "lm studio", "vllm", "ollama"}
_FIELDS = {"model", "messages", "stream", "temperature", "max_tokens"}
_BLIND = {
    "llama.cpp": (
        500,
        "image input is not supported - hint: you may need to provide the mmproj",
    ),
    "lm studio": (400, "Model does not support images. Please use a model that does."),
    "vllm": (400, f"{BLIND_MODEL} is not a multimodal model"),
    "ollama": (500, "this model is missing data required for image input"),
}
_LONGEST = 600.0


@dataclass
class Said:
    """What one chat request gets. content: the model's text as it is; None: what the double's speaker says."""

    kind: Fault = "ok"
    content: str | None = None
    thinking: str = ""
    raw: tuple[int, bytes] | None = None


class OpenAIDouble(ServerThread):
    """`with OpenAIDouble("vllm") as double:` ... double.url, double.requests, double.script.

    models: whether each sees, by name. speaker: of the request, in Ollama's form, and its pictures. key: demanded.
    silent_blindness: a model that cannot see answers all the same. most_listed: of alternatives for a token.
    doubt: of the pixel judge.
    """

    def __init__(
        self,
        dialect: Dialect,
        models: Mapping[str, bool] | None = None,
        speaker: Speaker = pixel_judge,
        *,
        key: str = "",
        silent_blindness: bool = False,
        most_listed: int = 20,
        doubt: float = SMALL_DOUBT,
    ) -> None:
        super().__init__()
        self.dialect, self.key = dialect, key
        self.models = dict(models or {MODEL: True, BLIND_MODEL: False})
        if dialect == "llama.cpp":
            self.models = dict(list(self.models.items())[:1])  # it serves one
        self.speaker = partial(pixel_judge, doubt=doubt) if speaker is pixel_judge else speaker
        self.silent_blindness, self.most_listed = silent_blindness, most_listed
        self.script: deque[Said] = deque()
        self.redirect_to = "http://127.0.0.1:9/v1/chat/completions"

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Connection(self, reader, writer).serve()

    def chats(self, pictures: bool = True) -> list[Record]:
        """The requests that asked a model something; pictures: but those that only asked whether it sees."""
        chats = [r for r in list(self.requests) if r.path == "/v1/chat/completions"]
        return [r for r in chats if "<task>sight</task>" not in json.dumps(r.body)] if pictures else chats

    def next_said(self) -> Said:
        return self.script.popleft() if self.script else Said()


class _Connection(ServerConnection):
    def _told(self, refusal: RefusalError) -> dict[str, Any]:
        return _error(self.double.dialect, refusal)

    async def _route(self, record: Record) -> bool | None:
        double, dialect = self.double, self.double.dialect
        if double.key and record.headers.get("authorization") != f"Bearer {double.key}":
            raise RefusalError(401, "Invalid API Key")
        if (record.method, record.path) == ("GET", "/v1/models"):
            return self.wire.send(200, self._models())
        if (record.method, record.path) == ("GET", "/api/v0/models") and dialect == "lm studio":
            kinds = [{"id": name, "type": "vlm" if sees else "llm"} for name, sees in double.models.items()]
            return self.wire.send(200, {"object": "list", "data": kinds})
        if (record.method, record.path) != ("POST", "/v1/chat/completions"):
            return self.wire.send(404, raw=b"404 page not found", kind="text/plain")
        if not isinstance(record.body, dict):
            raise RefusalError(400, "invalid JSON in the request body")
        return await self._chat(record.body)

    def _models(self) -> dict[str, Any]:
        double = self.double
        owner = _OWNER.get(double.dialect, "somebody")
        data = [{"id": n, "object": "model", "created": int(time.time()), "owned_by": owner} for n in double.models]
        listed: dict[str, Any] = {"object": "list", "data": data}
        if double.dialect == "llama.cpp":
            data[0]["meta"] = {"n_params": 8_000_000_000, "size": 5_000_000_000}
            can = ["completion", *(["multimodal"] if next(iter(double.models.values())) else [])]
            listed["models"] = [{"name": n, "model": n, "capabilities": can} for n in double.models]
        return listed

    async def _chat(self, body: dict[str, Any]) -> bool | None:
        double, dialect = self.double, self.double.dialect
        name = str(body.get("model"))
        if dialect == "llama.cpp":
            name = next(iter(double.models))
        elif name not in double.models:
            raise RefusalError(404, f"The model `{name}` does not exist.")
        if dialect == "least" and (unknown := set(body) - _FIELDS):
            raise RefusalError(422, f"Extra inputs are not permitted: {sorted(unknown)[0]}")
        listed = body.get("top_logprobs") or 0
        if listed > double.most_listed:
            raise RefusalError(
                400, f"Requested sample logprobs of {listed}, which is greater than max allowed logprobs"
            )
        text, pictures = _read_messages(body.get("messages") or [])
        self.wire.record.images = [SentImage(p, len(p), hashlib.sha256(p).hexdigest()) for p in pictures]
        if pictures and not double.models[name]:
            if dialect in _BLIND and not double.silent_blindness:
                raise RefusalError(*_BLIND[dialect])
            pictures = []
        said = Said() if "<task>sight</task>" in text else double.next_said()
        if (stays := await self._broken(said)) is not None:
            return stays
        content = said.content if said.content is not None else await self._spoken(body, text, pictures)
        return self._speak(name, said, body, content)

    async def _spoken(self, body: dict[str, Any], text: str, pictures: list[bytes]) -> str:
        if "<task>sight</task>" in text:
            return _colours(pictures)
        options = {"temperature": body.get("temperature"), "seed": body.get("seed")}
        asked = {"messages": [{"role": "user", "content": text}], "options": options}
        spoken = await self.wire.while_connected(asyncio.ensure_future(self._looking(asked, pictures)))
        schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
        if schema is None or self.double.dialect not in _ENFORCES:
            return spoken
        try:
            value = json.loads(spoken)
        except ValueError:
            value = None
        fitted = json.dumps(rules.fit(schema, value), sort_keys=self.double.dialect == "ollama")
        return Spoken(fitted, spoken.beliefs) if isinstance(spoken, Spoken) else fitted

    async def _looking(self, asked: dict[str, Any], pictures: list[bytes]) -> str:
        return await asyncio.to_thread(self.double.speaker, asked, pictures)

    def _speak(self, name: str, said: Said, body: dict[str, Any], content: str) -> None:
        beliefs = getattr(content, "beliefs", {})
        text, thinking, reason = distorted(content, said.kind), said.thinking, "stop"
        if said.kind == "json_in_thinking":
            text, thinking = "", content
        if said.kind == "thought_out":
            text, thinking, reason = "", "Let me look at every corner of the picture. " * 40, "length"
        if said.kind in ("length", "endless_spaces"):
            reason = "length"
        message: dict[str, Any] = {"role": "assistant", "content": None if said.kind == "null_content" else text}
        message |= {"reasoning_content": thinking} if thinking else {}
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        if body.get("logprobs") and self.double.dialect in _GIVES_LOGPROBS and text:
            listed = logprobs(text, beliefs, int(body.get("top_logprobs") or 0))
            choice["logprobs"] = {"content": [{"top_logprobs": [], **entry} for entry in listed]}
        choices = [] if said.kind == "no_choices" else [choice]
        self.wire.send(200, {"id": "x", "object": "chat.completion", "model": name, "choices": choices, "usage": {}})

    async def _broken(self, said: Said) -> bool | None:
        """Plays a fault; None when there is none to play here, else whether the connection stays open."""
        if said.raw is not None:
            self.wire.send(said.raw[0], raw=said.raw[1])
            return True
        refusals = {
            "loading": (503, "Loading model"),
            "busy": (503, "server is busy, try again later"),
            "rate_limit": (429, "Too many requests"),
            "load_fail": (500, "Failed to load model: exit code 1"),
            "oom": (500, "CUDA out of memory. Tried to allocate 2.00 GiB"),
            "overflow": (400, "the request exceeds the available context size (4096 tokens), try increasing it"),
            "bad_schema": (400, "Failed to parse grammar from json_schema"),
        }
        if said.kind in refusals:
            raise RefusalError(*refusals[said.kind])
        match said.kind:
            case "forbidden_empty":
                self.wire.send(403, raw=b"")
            case "html_502":
                self.wire.send(502, raw=b"<html><body><h1>502 Bad Gateway</h1></body></html>", kind="text/html")
            case "redirect":
                self.wire.send(307, raw=b"", headers=f"Location: {self.double.redirect_to}\r\n")
            case "not_json":
                self.wire.send(200, raw=b"hello")
            case "error_list":
                self.wire.send(500, raw=b'["x"]')
            case "error_in_200":
                self.wire.send(200, {"error": {"message": "the model crashed"}})
            case "too_long":
                self.wire.send(200, raw=b" " * (5 * 2**20) + b"{}")
            case "drop":
                return False
            case "drop_mid":
                self.wire.send(200, raw=b'{"choices": [{"message": {"con', missing=400)
                return False
            case "hang_headers":
                await self.wire.wait(_LONGEST)
                return False
            case "hang_body":
                self.wire.send(200, raw=b"", missing=400)
                await self.wire.writer.drain()
                await self.wire.wait(_LONGEST)
                return False
            case _:
                return None
        return True


def _error(dialect: Dialect, refusal: RefusalError) -> dict[str, Any]:
    """The shape in which each tells an error."""
    if dialect == "lm studio":
        return {"error": refusal.text}
    if dialect == "least":
        return {"detail": refusal.text}
    return {"error": {"code": refusal.status, "message": refusal.text, "type": "invalid_request_error"}}


def _read_messages(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[bytes]]:
    """All texts, and the decoded pictures. Raises RefusalError for a picture that is none."""
    texts, pictures = [], []
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            if part.get("type") == "text":
                texts.append(str(part.get("text")))
                continue
            head, _, data = str((part.get("image_url") or {}).get("url")).partition(",")
            if head != "data:image/jpeg;base64":
                raise RefusalError(400, "invalid image url")
            pictures.append(base64.b64decode(data, validate=True))
    return "\n".join(texts), pictures


def _colours(pictures: Sequence[bytes]) -> str:
    """The colours of the four quarters, as a model that sees names them; always the same without a picture."""
    said = ["red", "red", "red", "red"]
    if pictures:
        picture = Image.open(io.BytesIO(pictures[-1])).convert("RGB")
        near = {"red": (214, 32, 32), "green": (24, 150, 48), "blue": (28, 60, 214), "yellow": (246, 214, 20)}
        wide, high = picture.size
        for at in range(4):
            pixel = picture.getpixel((wide // 4 + at % 2 * wide // 2, high // 4 + at // 2 * high // 2))
            far = {name: sum((a - b) ** 2 for a, b in zip(rgb, pixel, strict=True)) for name, rgb in near.items()}
            said[at] = min(far, key=far.__getitem__)
    keys = ("a_top_left", "b_top_right", "c_bottom_left", "d_bottom_right")
    return json.dumps(dict(zip(keys, said, strict=True)))
