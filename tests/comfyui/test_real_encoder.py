"""A text encoder judges on a real ComfyUI: Qwen3-VL as it builds it, with tiny random weights, made for this alone.

It answers nonsense, as it must, so what is proved is the way: loading, tokens, the picture's place among them, memory,
progress, Interrupt, and that nonsense is never a verdict. Where a run is played, words are put into its mouth.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from .test_contract_verdicts import settings
from .theatre import GOAL, Theatre, loop_graph, opened

QUEUED_BY_ITSELF = {"ProbeEncoder", "ImitatoesJudgeSelfTest"}
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
WRITES = COMFYUI_PATH and (Path(COMFYUI_PATH) / "comfy" / "text_encoders" / "qwen3vl.py").is_file()
pytestmark = [
    pytest.mark.comfyui,
    pytest.mark.skipif(not WRITES, reason="needs COMFYUI_PATH with a ComfyUI whose text encoders write"),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    base = tmp_path_factory.mktemp("encoder")
    probe = base / "custom_nodes" / "encoder_probe"
    shutil.copytree(Path(__file__).parent / "encoder_probe", probe)
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        yield theatre


@pytest.fixture
def theatre(stage: Theatre) -> Theatre:
    (stage.base / "output" / "encoder.json").unlink(missing_ok=True)
    stage.judge.requests.clear()
    return stage


def notes(theatre):
    path = theatre.base / "output" / "encoder.json"
    return json.loads(path.read_text()) if path.exists() else []


def graph(says="", seconds=0.0, judge="auto", encoder="ProbeEncoder", **inputs):
    made = loop_graph(critic={"clip": ["12", 0], "judge": judge}, **inputs)
    values = {"seed": 1, "says": says, "seconds": seconds} if encoder == "ProbeEncoder" else {}
    return {**made, "12": {"class_type": encoder, "inputs": values}}


def played(theatre, made):
    """The run, once it has ended: a hundred tokens take a processor some seconds."""
    prompt_id = theatre.client.queue(made)
    for _ in range(40):
        # 408 until the run has begun, which it does with its first look.
        status, _, run, _ = theatre.client.ask("GET", f"/imitatoes/runs/{prompt_id}/wait?seconds=8")
        if status == 200 and run["waiting"]:
            return run
    raise AssertionError(run)


def gate(**options):
    """Without a loop."""
    made = graph(**options)
    del made["11"]["inputs"]["loop"]
    made["11"]["inputs"]["goal"] = GOAL
    return made


def entry(theatre, prompt_id):
    """The history of a prompt, once it has ended."""
    for _ in range(8):
        with contextlib.suppress(AssertionError):
            return theatre.client.entry(prompt_id)
    raise AssertionError("it did not end")


def failure(theatre, made):
    told = {name: detail for name, detail in entry(theatre, theatre.client.queue(made))["status"]["messages"]}
    return told["execution_error"]


def test_nonsense_is_unreadable_and_never_a_verdict(theatre):
    run = played(theatre, graph(iterations_per_loop=1, max_loops=1, checklist="a red circle"))
    assert {one["critique"]["outcome"] for one in run["iterations"]} == {"unreadable"}
    assert run["status"] != "done"
    assert {one["critique"]["score"] for one in run["iterations"]} == {None}
    assert not theatre.judge.requests, "no server is asked"
    told = notes(theatre)
    asked = [one for one in told if "tokens" in one]
    assert asked
    assert all(len(one["pictures"]) == 1 and one["pictures"][0][-1] == 3 for one in asked)
    assert all(0 < one["tokens"] <= one["most"] and one["loaded"] and one["inference"] for one in asked)
    assert any(one["loaded_before"] for one in asked), "it stays where ComfyUI's memory keeps it"
    assert [one["pictures"] for one in asked][-1] == [[1, 256, 256, 3]]
    assert all(isinstance(one["nonsense"], str) for one in told if "nonsense" in one)


def test_a_gate_says_that_there_is_no_verdict(theatre):
    problem = failure(theatre, gate())
    assert problem["node_id"] == "11"
    assert "VLM Critique (node 11)" in problem["exception_message"]


def test_a_run_is_judged_by_what_is_loaded(theatre):
    says = "\n".join(f"{number} {said}" for number, said in enumerate(["yes", "good", "good", "good", "good"], 1))
    run = played(theatre, graph(says, iterations_per_loop=1, max_loops=1, checklist="a red circle"))
    first = run["iterations"][0]["critique"]
    # The sight check has no line for these words, and proves nothing.
    assert (first["judge"], first["outcome"], first["looks"]) == ("comfyui", "judged", 2), first
    assert first["model"] == "qwen3vl_4b in ComfyUI"
    assert not first["passed"], "yes in both wordings is no vote for anything"
    assert not theatre.judge.requests


def test_progress_and_interrupt_come_from_comfyui(theatre):
    prompt_id = theatre.client.queue(gate(seconds=1.0))
    theatre.client.wait(lambda: any("began" in one for one in notes(theatre)))
    theatre.client.post("/interrupt", {})
    messages = [message[0] for message in entry(theatre, prompt_id)["status"]["messages"]]
    assert "execution_interrupted" in messages
    assert len([one for one in notes(theatre) if "began" in one]) == 1


def test_an_encoder_that_cannot_judge_is_refused_before_the_render(theatre):
    problem = failure(theatre, graph(encoder="ProbeBlindEncoder"))
    assert problem["node_id"] == "11"
    assert "cannot write" in problem["exception_message"]
    assert "6" not in problem["executed"], "the painter has not painted"


def test_judge_comfyui_without_an_encoder(theatre):
    made = loop_graph(critic={"judge": "comfyui"})
    assert "none is linked" in failure(theatre, made)["exception_message"]


def test_the_self_test_is_a_nodes_work(theatre):
    """Words put into its mouth are the same for every scene: a judge that cannot tell anything, found out and kept."""
    says = "1 yes\n2 no"
    made = {
        "12": graph(says, seconds=-1)["12"],
        "13": {"class_type": "ImitatoesJudgeSelfTest", "inputs": {"clip": ["12", 0]}},
    }
    told = entry(theatre, theatre.client.queue(made))
    report = told["outputs"]["13"]["text"][0]
    assert "qwen3vl_4b in ComfyUI is too weak for things" in report
    assert len([one for one in notes(theatre) if "began" in one]) >= 120, "what cannot be read is asked once more"
    kept = [json.loads(path.read_text()) for path in (theatre.base / "user").rglob("judges/*.json")]
    assert [one["model"] for one in kept] == ["qwen3vl_4b in ComfyUI"]
    run = played(theatre, graph(says, seconds=-1, iterations_per_loop=1, max_loops=1, checklist="a red circle"))
    assert "too weak for everything" in run["reason"] or not run["iterations"][0]["critique"]["decides"]


def test_the_self_test_is_interrupted_and_refused_as_any_node(theatre):
    made = {
        "12": graph("1 yes", seconds=1.0)["12"],
        "13": {"class_type": "ImitatoesJudgeSelfTest", "inputs": {"clip": ["12", 0]}},
    }
    made["12"]["inputs"]["seed"] = 2
    prompt_id = theatre.client.queue(made)
    theatre.client.wait(lambda: any("began" in one for one in notes(theatre)))
    theatre.client.post("/interrupt", {})
    assert "execution_interrupted" in [message[0] for message in entry(theatre, prompt_id)["status"]["messages"]]
    blind = {"12": {"class_type": "ProbeBlindEncoder", "inputs": {}}, "13": made["13"]}
    problem = failure(theatre, blind)
    assert "Judge Self-Test (node 13): The text encoder" in problem["exception_message"]


def test_an_encoder_that_judged_without_a_self_test_gets_one_when_comfyui_is_idle(theatre):
    """It takes a minute of nothing to do, as it does for users."""

    def tested():
        """Seeds of the encoders whose test went through the queue by itself: nothing but the encoder and the test."""
        graphs = [one["prompt"][2] for one in theatre.client.get("/history").values()]
        alone = [one for one in graphs if {node["class_type"] for node in one.values()} == QUEUED_BY_ITSELF]
        return [one["12"]["inputs"]["seed"] for one in alone]

    def kept():
        return len([*(theatre.base / "user").rglob("judges/*.json")])

    before = kept()
    made = graph("1 yes", seconds=-1, iterations_per_loop=1, max_loops=1, checklist="a red circle")
    made["12"]["inputs"]["seed"] = 3
    with settings(theatre, test_new_judges=True):
        played(theatre, made)
        for _ in range(240):
            if 3 in tested():
                break
            time.sleep(1)
    assert tested().count(3) == 1
    assert kept() == before + 1
