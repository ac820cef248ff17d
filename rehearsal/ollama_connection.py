"""What the Ollama double answers on a connection: routes, chats and faults."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from . import ollama_rules as rules
from .ollama_rules import RefusalError
from .ollama_tokens import logprobs, supported
from .ollama_wire import Record, SentImage
from .server_connection import ServerConnection

Kind = Literal[
    "ok", "busy", "load_fail", "oom", "load_timeout", "overflow", "bad_schema", "forbidden_empty", "html_502",
    "redirect", "not_json", "error_list", "drop", "drop_mid", "hang_headers", "hang_body", "mid_error", "blank_line",
    "ticker", "length", "no_done", "json_in_thinking", "fenced", "prose", "trailing_comma", "think_tag",
    "endless_spaces", "format_ignored",
]  # fmt: skip
Content = str | Callable[[dict[str, Any], list[bytes]], str]

_REFUSALS = {
    "busy": (503, "server busy, please try again.  maximum pending requests exceeded"),
    "load_fail": (500, "llama-server process has terminated: exit status 1"),
    "oom": (500, "llama-server reported out-of-memory during startup"),
    "load_timeout": (500, "timed out waiting for llama-server to start"),
    "overflow": (
        400,
        rules.nested_error(
            400,
            "request (4165 tokens) exceeds the available context size (4096 tokens)",
            type="exceed_context_size_error",
            n_prompt_tokens=4165,
            n_ctx=4096,
        ),
    ),
    "bad_schema": (400, rules.nested_error(400, "JSON schema conversion failed")),
}
_DIED = "an error was encountered while running the model: unexpected EOF"
_BLIND = "I'm sorry, but I don't see any image."
_NUMBERS = {
    "total_duration": 2_345_678_901,
    "load_duration": 123_456_789,
    "prompt_eval_count": 1187,
    "prompt_eval_duration": 345_678_901,
    "eval_count": 96,
    "eval_duration": 1_876_543_211,
}
_LONGEST = 600.0
_PULLED_IN = 20
_POSTS = ("/api/chat", "/api/generate", "/api/show", "/api/pull")


@dataclass
class Reply:
    """What one call of /api/chat or /api/generate gets.

    kind: "ok" or the fault played. content: the model's text, said as it is, or a callable of the request body and
    its decoded pictures, whose text is made to follow the request's format; None: the double's default.
    delay: seconds before the answer, for "ticker" between tokens. pieces: number of chunks when streaming.
    """

    kind: Kind = "ok"
    content: Content | None = None
    delay: float = 0.0
    thinking: str = ""
    done_reason: str = "stop"
    pieces: int = 4


class Connection(ServerConnection):
    """A connection of an OllamaDouble."""

    def _told(self, refusal: RefusalError) -> dict[str, Any]:
        return {"error": refusal.text}

    # Routes

    async def _route(self, record: Record) -> bool | None:
        double, path, method, body = self.double, record.path, record.method, record.body
        text = {"kind": "text/plain; charset=utf-8"}
        if path == "/" and method in ("GET", "HEAD"):
            return self.wire.send(200, raw=b"Ollama is running", **text)
        if (method, path) == ("GET", "/api/version"):
            return self.wire.send(200, {"version": double.version})
        if (method, path) == ("GET", "/api/tags"):
            tags = [rules.listing(name) | {"capabilities": list(can)} for name, can in double.models.items()]
            return self.wire.send(200, {"models": tags})
        if (method, path) == ("GET", "/api/ps"):
            return self.wire.send(200, {"models": double.running()})
        if not (method == "POST" and path in _POSTS) and (method, path) != ("DELETE", "/api/delete"):
            return self.wire.send(404, raw=b"404 page not found", **text)
        if body == {}:
            raise RefusalError(400, "missing request body")
        if not isinstance(body, dict):
            raise RefusalError(400, "invalid character in request body")
        if path == "/api/pull":
            return await self._pull(body)
        if path in ("/api/chat", "/api/generate"):
            rules.check_top_logprobs(body.get("top_logprobs") if self._gives_logprobs("") else None)
        name = double.installed(body.get("model") or body.get("name"))
        if path == "/api/delete":
            del double.models[name]
            return self.wire.send(200, raw=b"")
        if path == "/api/show":
            shown = {"modelfile": "", "template": "{{ .Prompt }}", "model_info": {}, "modified_at": rules.timestamp()}
            shown |= {"details": rules.listing(name)["details"], "capabilities": list(double.models[name])}
            return self.wire.send(200, shown | rules.remote(name))
        return await self._answer(name, body)

    async def _pull(self, body: dict[str, Any]) -> None:
        """What the library has is installed at its end; a model that is there already needs no bytes."""
        name = rules.full_name(body.get("model") or body.get("name") or "")
        size = self.double.library.get(name, 0)
        known = name in self.double.models or size > 0
        last = {"status": "success"} if known else {"error": "pull model manifest: file does not exist"}
        if not body.get("stream", True):
            return self.wire.send(200 if known else 500, last)
        self.wire.open_stream()
        await self.wire.chunk({"status": "pulling manifest"})
        digest = rules.listing(name)["digest"]
        layer = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": size}
        for piece in range(_PULLED_IN + 1 if size else 0):
            await self.wire.chunk(layer | ({"completed": size * piece // _PULLED_IN} if piece else {}))
            await self.wire.wait(self.double.pull_seconds / _PULLED_IN)
        if known:
            self.double.models.setdefault(name, ("completion", "vision"))
        await self.wire.chunk(last)
        return await self.wire.end_stream()

    async def _answer(self, name: str, body: dict[str, Any]) -> bool | None:
        double, chat = self.double, self.wire.record.path == "/api/chat"
        keep = rules.keep_alive_seconds(body.get("keep_alive"))
        messages = rules.check_messages(body.get("messages")) if chat else [body]
        pictures = [p for message in messages for p in rules.decode_images(message.get("images"))]
        self.wire.record.images = [SentImage(p, len(p), hashlib.sha256(p).hexdigest()) for p in pictures]
        double.changed()
        empty = not messages if chat else not body.get("prompt")
        if empty and keep == 0:
            double.unload_soon(name)
            return self.wire.send(200, self._message(name, done_reason="unload"))
        thinks = rules.check_think(body.get("think"), name, double.models[name])
        options = rules.check_options(body.get("options"))
        rules.check_format(body.get("format"))
        reply = Reply() if empty else double.next_reply()
        if reply.kind in _REFUSALS:
            raise RefusalError(*_REFUSALS[reply.kind])
        if (stays := await self._broken_http(reply)) is not None:
            return stays
        async with double.using(name, options, keep):
            if empty:
                return self.wire.send(200, self._message(name, done_reason="load"))
            if pictures and "vision" not in double.models[name]:
                if not double.legacy_vision:
                    unsupported = "image input is not supported - hint: if this is unexpected, provide the mmproj"
                    raise RefusalError(500, rules.nested_error(500, unsupported, type="server_error"))
                reply = Reply(content=_BLIND)
            if double.one_picture and len(pictures) > 1:
                raise RefusalError(500, "vision model only supports a single image per message")
            if reply.kind != "ticker":
                await self.wire.wait(reply.delay)
            if (stays := await self._broken_speech(name, reply, body)) is not None:
                return stays
            return await self._speak(name, reply, body, pictures, thinks)

    def _message(
        self, name: str, content: str = "", thinking: str = "", done: bool = True, done_reason: str | None = None
    ) -> dict[str, Any]:
        said: dict[str, Any] = {"model": name, "created_at": rules.timestamp()} | rules.remote(name)
        if self.wire.record.path == "/api/chat":
            said["message"] = {"role": "assistant", "content": content} | ({"thinking": thinking} if thinking else {})
        else:
            said |= {"response": content} | ({"thinking": thinking} if thinking else {})
        return said | {"done": done} | ({"done_reason": done_reason} if done_reason else {})

    def _gives_logprobs(self, name: str) -> bool:
        """Cloud models give none."""
        return self.double.logprobs and supported(self.double.version) and not rules.remote(name)

    def _entries(self, name: str, body: dict[str, Any], text: str, beliefs: dict[str, Any]) -> list[dict[str, Any]]:
        """The log-probabilities of a text, none if not asked for."""
        if not (body.get("logprobs") and self._gives_logprobs(name)):
            return []
        return logprobs(text, beliefs, rules.check_top_logprobs(body.get("top_logprobs")))

    async def _speak(
        self, name: str, reply: Reply, body: dict[str, Any], pictures: list[bytes], thinks: bool
    ) -> bool | None:
        content = said = await self.wire.while_connected(
            asyncio.ensure_future(self.double.text_for(reply, body, pictures))
        )
        thinking = reply.thinking or ("Let me look at the picture." if thinks else "")
        if reply.kind == "json_in_thinking":
            content, thinking = "", content
        beliefs = getattr(said, "beliefs", {})
        content = distorted(content, reply.kind)
        thought, told = (self._entries(name, body, part, beliefs) for part in (thinking, content))
        cut = reply.kind in ("length", "endless_spaces")
        last = {"done": True, "done_reason": "length" if cut else reply.done_reason} | _NUMBERS
        if reply.kind == "no_done":
            last = {"done": False}
        if not body.get("stream", True):
            # What was thought was generated too, and comes first.
            return self.wire.send(200, self._message(name, content, thinking) | last | _with(thought + told))
        self.wire.open_stream()
        if thinking:
            await self.wire.chunk(self._message(name, "", thinking, done=False) | _with(thought))
        parts = told or content
        step = max(1, -(-len(parts) // max(1, reply.pieces)))
        for start in range(0, len(parts), step):
            part = parts[start : start + step]
            text = "".join(entry["token"] for entry in part) if told else part
            await self.wire.chunk(self._message(name, text, done=False) | (_with(part) if told else {}))
        if last["done"]:
            await self.wire.chunk(self._message(name) | last)
        return await self.wire.end_stream()

    # Faults. Each returns None when it is not its to play, else whether the connection stays open.

    async def _broken_http(self, reply: Reply) -> bool | None:
        match reply.kind:
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
            case "drop":
                return False
            case "hang_headers":
                await self.wire.wait(_LONGEST)
                return False
            case _:
                return None
        return True

    async def _broken_speech(self, name: str, reply: Reply, body: dict[str, Any]) -> bool | None:
        if reply.kind not in ("drop_mid", "hang_body", "mid_error", "blank_line", "ticker"):
            return None
        token = self._message(name, "a ", done=False)
        if not body.get("stream", True):
            return await self._broken_whole(name, reply)
        self.wire.open_stream()
        if reply.kind == "hang_body":
            await self.wire.writer.drain()
            await self.wire.wait(_LONGEST)
            return False
        await self.wire.chunk(token)
        if reply.kind == "drop_mid":
            return False
        if reply.kind == "mid_error":
            await self.wire.chunk({"error": _DIED})
        elif reply.kind == "blank_line":
            await self.wire.chunk(raw=b"\n")
        else:
            end = time.monotonic() + _LONGEST
            while time.monotonic() < end:
                await self.wire.wait(reply.delay or 0.1)
                await self.wire.chunk(token)
        await self.wire.end_stream()
        return True

    async def _broken_whole(self, name: str, reply: Reply) -> bool:
        """The same faults in an answer that does not stream: there the tokens stay inside the server."""
        if reply.kind == "mid_error":
            raise RefusalError(500, _DIED)
        if reply.kind == "blank_line":
            self.wire.send(200, raw=b"\n")
            return True
        if reply.kind == "drop_mid":
            self.wire.send(200, raw=rules.encode(self._message(name, "a"))[:40], missing=400)
            return False
        if reply.kind == "hang_body":
            self.wire.send(200, raw=b"", missing=400)
            await self.wire.writer.drain()
        await self.wire.wait(_LONGEST)
        return False


def _with(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The field, left out when empty as the server does."""
    return {"logprobs": entries} if entries else {}


def distorted(content: str, kind: str) -> str:
    """A model's answer as a careless model would give it."""
    match kind:
        case "length":
            return content[: len(content) // 2]
        case "fenced":
            return f"```json\n{content}\n```"
        case "prose":
            return f"Sure! Here is my assessment of the picture:\n\n{content}\n\nLet me know if you need more."
        case "trailing_comma":
            return content.rstrip().removesuffix("}") + ",}"
        case "think_tag":
            return f'<think>The picture {{"seems"}} fine, I think.</think>\n{content}'
        case "endless_spaces":
            return "{" + " \n" * 2000
        case "format_ignored":
            return "The picture looks good overall. I would give it a 7 out of 10."
    return content
