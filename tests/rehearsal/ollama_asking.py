"""What the tests of the Ollama double ask it with: the real client, plain HTTP, drawn pictures."""

import asyncio
import io

import httpx
import ollama
from pack.rehearsal.ollama_double import OllamaDouble
from pack.rehearsal.world.painter import draw
from pack.rehearsal.world.scene import parse
from PIL import Image

MODEL = "qwen3-vl:8b-instruct"
GOAL = "three red circles to the left of a blue square, on a white background"
SCHEMA = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["retry", "pass"]},
        "score": {"type": "integer", "minimum": 1, "maximum": 5},
        "cfg": {"type": ["number", "null"]},
        "issues": {"type": "array", "items": {"$ref": "#/$defs/issue"}, "minItems": 1},
        "note": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
    },
    "required": ["verdict", "score", "cfg", "issues", "note"],
    "$defs": {"issue": {"type": "object", "properties": {"what": {"type": "string", "minLength": 2}}}},
}


def picture_of(text: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(parse(text), 3, 256, 256)).save(file, "PNG")
    return file.getvalue()


def said(text: str = "look", *pictures: bytes) -> list[dict]:
    return [{"role": "user", "content": text} | ({"images": list(pictures)} if pictures else {})]


def client(double: OllamaDouble) -> ollama.AsyncClient:
    return ollama.AsyncClient(host=double.url, timeout=httpx.Timeout(20, connect=5), trust_env=False)


def chat(double: OllamaDouble, **arguments):
    """One call of the real client; streamed answers come as a list."""

    async def call():
        asked = client(double)
        answer = await asked.chat(**{"model": MODEL, "messages": said()} | arguments)
        return [part async for part in answer] if arguments.get("stream") else answer

    return asyncio.run(call())


def post(double: OllamaDouble, path: str = "/api/chat", **body) -> httpx.Response:
    return httpx.post(double.url + path, json={"model": MODEL, "stream": False} | body, timeout=10, trust_env=False)
