"""The self-test over HTTP, with a model that reads pixels, and one that reads them badly."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.judge.self_test import in_words, run_self_test
from pack.rehearsal import self_test as command
from pack.rehearsal.ollama_double import OllamaDouble, Reply, pixel_judge

from .conftest import Stopped


def found_by(model_on, **more):
    with OllamaDouble(default=pixel_judge, unload_delay=0.02, **more) as server:
        return asyncio.run(run_self_test(model_on(server.url, keep_alive=0))), server


def test_a_judge_that_sees_well_is_found_good_in_every_kind(model_on):
    found, server = found_by(model_on)
    assert {k.kind: k.auroc for k in found.kinds if k.auroc < 0.97} == {}
    assert all((k.n, k.unreadable, k.tpr, k.fpr, k.verdict) == (40, 0, 1.0, 0.0, "good") for k in found.kinds)
    assert found.soft and len(found.digest) == 64
    assert len(in_words(found)) == 1
    assert server.loaded == {}
    looks = [record for record in server.chats() if record.body["messages"]]
    assert len(looks) == 120
    assert not any("self-test" in str(record.body["messages"]) for record in looks), "the look stays blind"


def test_a_judge_in_doubt_is_found_weak_and_told_so(model_on):
    found, _ = found_by(model_on, doubt=8.0)
    weak = [k for k in found.kinds if k.verdict == "too weak"]
    assert weak and all(k.auroc < 0.75 for k in weak)
    assert all(k.auroc < 0.97 for k in found.kinds)
    assert "is too weak for positions" in " ".join(in_words(found))


def test_an_interrupt_ends_it(model_on):
    with OllamaDouble(default=pixel_judge) as server:
        server.script.append(Reply(kind="hang_headers"))
        with pytest.raises(Stopped):
            asyncio.run(run_self_test(model_on(server.url, interrupted=lambda: bool(server.chats()))))


def test_the_command_names_a_missing_model_and_what_is_there(capsys):
    assert command.main(["--model", "not-there", "--rehearsal"]) == 1
    assert 'no model "not-there"' in capsys.readouterr().out


def test_the_command_prints_a_table_and_the_words(capsys):
    assert command.main(["--model", "qwen2.5vl:7b", "--rehearsal", "--json"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in out[1:7]] == ["object", "attribute", "count", "relation", "text", "absence"]
    assert out[-2].endswith("well.")
    assert out[-1].startswith('{"model": "qwen2.5vl:7b"')
