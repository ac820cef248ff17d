"""Bodies of many megabytes: the same JSON, read and written with room for others between."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.graph.run_request import RunRequest
from pack.routes import large_json
from pack.routes.large_json import AT_ONCE, read_json, write_json
from pack.routes.request_data import LARGEST_BODY
from pydantic import BaseModel

from ..engine.graph.reference import graph
from .test_runs import Site, served

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Inner(BaseModel):
    value: int = 1


class Told(BaseModel):
    workflow: dict = {}
    rows: list[Inner] = []
    one: Inner | None = None


@given(VALUES)
def test_it_is_read_as_the_library_reads_it(value):
    text = json.dumps(value)
    assert read_json(text.encode()) == json.loads(text)
    assert read_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) is not ...


@given(st.dictionaries(st.text(), VALUES))
def test_it_is_written_as_models_are(value):
    told = Told(workflow=value, rows=[Inner(), Inner(value=2)], one=Inner())
    assert json.loads(write_json(told)) == {
        "workflow": value,
        "rows": [{"value": 1}, {"value": 2}],
        "one": {"value": 1},
    }


@given(st.dictionaries(st.text(), VALUES))
def test_long_texts_are_written_in_pieces(value):
    """What is written at a time holds Python's lock."""
    longest = 0
    real = json.encoder.encode_basestring_ascii

    def noted(text):
        nonlocal longest
        longest = max(longest, len(text))
        return real(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_json, "PIECE", 2)
        patch.setattr(json.encoder, "encode_basestring_ascii", noted)
        written = write_json(Told(workflow=value))
    assert json.loads(written)["workflow"] == value
    assert longest == 2, "as in workflow"


@pytest.mark.parametrize("text", [b"{", b"[1,]", b"\xff\xfe", b'{"a" 1}', b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        read_json(text)


def test_a_request_is_the_same_both_ways():
    """Strict models take JSON and what was read from it alike."""
    body = {
        "workflow": graph("sdxl_txt2img"),
        "goal": "a fox",
        "checklist": ["a fox", "snow"],
        "tokens": {"PROMPT": "x", "N": 3},
        "settings": {"seed": 2**64 - 1, "cfg": 7, "seed_policy": "keep"},
        "limits": {"pass_score": 1, "render_minutes": 0.5},
        "critic": {"judge": "offline"},
        "repair": True,
    }
    text = json.dumps(body).encode()
    assert RunRequest.model_validate(read_json(text)) == RunRequest.model_validate_json(text)


def long_request(characters):
    workflow = graph("sdxl_txt2img")
    workflow["6"]["_meta"] = {"title": "x" * characters}
    return {"workflow": workflow, "goal": "a fox", "dry_run": True}


@served
async def test_a_large_workflow_is_answered_like_a_small_one(site):
    small = await site.post("runs", long_request(10))
    large = await site.post("runs", long_request(AT_ONCE))
    assert large["workflow"]["6"]["_meta"]["title"] == "x" * AT_ONCE
    assert large["diff"] == small["diff"]
    wrong = {**long_request(AT_ONCE), "goal": 5}
    assert (await site.post("runs", wrong, 400))["error"]["input"] == "goal"


@served
async def test_a_body_beyond_the_limit_is_refused_in_words(site):
    for options in ({"json": {"goal": "x" * LARGEST_BODY}}, {"data": chunks(), "headers": JSON}):
        error = (await site.post("runs", status=413, **options))["error"]
        assert error["type"] == "too_large"
        assert "16 MiB" in error["message"]


def test_a_server_that_takes_less_is_the_limit(tmp_path):
    async def story(site):
        error = (await site.post("runs", {"goal": "x" * 200_000}, 413))["error"]
        assert "0.0954 MiB" in error["message"]
        assert "--max-upload-size" in error["hint"]

    site = Site(tmp_path)
    site.client_max_size = 100_000
    asyncio.run(site.serve(story))


JSON = {"Content-Type": "application/json"}


async def chunks():
    """A body that does not say how long it will be."""
    for _ in range(LARGEST_BODY // 2**20 + 2):
        yield b" " * 2**20


@served
async def test_tokens_that_would_fill_the_memory_are_refused_in_words(site):
    workflow = graph("sdxl_txt2img")
    workflow["6"]["inputs"]["text"] = "{{LONG}} " * 1000
    body = {"workflow": workflow, "goal": "a fox", "tokens": {"LONG": "x" * 10**6}}
    error = (await site.post("runs", body, 413))["error"]
    assert (error["type"], error["input"]) == ("too_large", "tokens")
