"""Which models see pictures, and getting one."""

from __future__ import annotations

import asyncio
import json

import pytest
from pack.engine.judge.vision_model import ModelUnreachable
from pack.ollama_client import Connection, ModelLibrary
from pack.ollama_client.known_judges import best_known_first
from pack.rehearsal.ollama_double import OllamaDouble


def library_of(url):
    return ModelLibrary(Connection("local", url))


def pulled(url, model):
    seen = []
    asyncio.run(library_of(url).pull(model, lambda done, of: seen.append((done, of))))
    return seen


def test_only_models_that_see_are_listed(double):
    names = [entry.name for entry in asyncio.run(library_of(double.url).seeing())]
    assert names == ["qwen3-vl:8b-instruct", "qwen2.5vl:7b", "gemma4:latest"]


def test_a_server_that_is_not_there_is_said():
    with pytest.raises(ModelUnreachable, match="Start it with: ollama serve"):
        asyncio.run(library_of("http://127.0.0.1:9").seeing())


def test_a_download_tells_how_far_it_is_and_the_model_is_there(double):
    seen = pulled(double.url, "qwen3-vl:2b-instruct")
    assert seen[0] == (0, 2 * 10**9) and seen[-1] == (2 * 10**9, 2 * 10**9)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    names = [entry.name for entry in asyncio.run(library_of(double.url).seeing())]
    assert "qwen3-vl:2b-instruct" in names
    assert [r.body["model"] for r in double.requests if r.path == "/api/pull"] == ["qwen3-vl:2b-instruct"]


def test_what_the_library_lacks_is_said(double):
    with pytest.raises(ModelUnreachable, match="library has no qwen3-vl:99b"):
        pulled(double.url, "qwen3-vl:99b")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("write /usr/share/ollama/.ollama/models/blobs/x: no space left on device", "disk of Ollama at .* is full"),
        ("pull model manifest: 412: The model you are pulling requires a newer version of Ollama.", "too old for m"),
        ("pull model manifest: dial tcp: lookup registry.ollama.ai: no such host", "could not reach its library"),
        ("something new", "something new"),
    ],
)
def test_failures_in_words(raw, said, told):
    lines = [{"status": "pulling manifest"}, {"error": said}]
    raw.answers["/api/pull"] = (200, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    with pytest.raises(ModelUnreachable, match=told):
        pulled(raw.url, "m")


def test_leaving_hangs_up_so_that_the_server_stops():
    with OllamaDouble() as double:
        double.pull_seconds = 60.0

        async def begin_and_leave():
            begun = asyncio.Event()
            task = asyncio.create_task(library_of(double.url).pull("qwen3-vl:4b-instruct", lambda *_: begun.set()))
            await asyncio.wait_for(begun.wait(), 10)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(begin_and_leave())
        double.wait_for(double.disconnects)
        assert "qwen3-vl:4b-instruct" not in double.models


def test_the_best_known_come_first():
    names = ["moondream", "gemma3:12b", "qwen3-vl:4b-instruct", "qwen3-vl:8b-instruct", "qwen2.5vl:7b", "qwen3-vl:8b"]
    ordered = ["qwen3-vl:8b-instruct", "qwen3-vl:4b-instruct", "qwen2.5vl:7b", "gemma3:12b", "moondream", "qwen3-vl:8b"]
    assert best_known_first(names) == ordered
