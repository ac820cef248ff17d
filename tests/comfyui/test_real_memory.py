"""VRAMGuard and the hand-over on a real ComfyUI: its own list of models and unloading, on a card in figures."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from pack.rehearsal.ollama_double import OllamaDouble, pixel_judge
from pack.rehearsal.process import prepare_base

from ..conftest import ROOT
from .test_contract_memory import GUARD, guarded_picture, last_report
from .theatre import MODEL, Theatre, scripted

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

MIB, GIB = 2**20, 2**30


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A real server with the probe, on a card that exists in figures only."""
    base = prepare_base(tmp_path_factory.mktemp("memory"), ROOT)
    probe = Path(__file__).parent / "memory_probe"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(probe, base / "custom_nodes" / "memory_probe", ignore=ignore)
    with OllamaDouble(default=pixel_judge) as judge:
        theatre = Theatre(base, judge, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON"))
        try:
            theatre.start()
            yield theatre
        finally:
            theatre.stop()


@pytest.fixture
def card(stage):
    """card(bytes): from now on the device has that much. Nothing is loaded on it."""

    def put(size):
        stage.client.post("/memory_probe/card", {"bytes": size})

    stage.judge.script.clear()
    stage.judge.requests.clear()
    yield put
    put(None)


def loaded(stage):
    return {name: size for name, size in stage.client.get("/memory_probe/loaded").items() if size}


class Salt:
    """Each graph is a new one, so that ComfyUI loads its models again."""

    now = 0


def two_models(**inputs):
    Salt.now += 1
    sizes = {"Kept": 64, "Other": 128}
    loaders = {
        str(number): {"class_type": "ProbeHeldModel", "inputs": {"mebibytes": size, "salt": Salt.now, "name": name}}
        for number, (name, size) in enumerate(sizes.items(), start=1)
    }
    values = {"anything": ["3", 0], **GUARD, **inputs}
    shown = {"model": ["4", 0], "free_gb": ["4", 1], "enough": ["4", 3], "report": ["4", 4]}
    return loaders | {
        "3": {"class_type": "ProbeBoth", "inputs": {"one": ["1", 0], "other": ["2", 0]}},
        "4": {"class_type": "ImitatoesVRAMGuard", "inputs": values},
        "5": {"class_type": "ProbeSeen", "inputs": shown},
    }


def seen(stage, **inputs):
    entry = stage.client.run(two_models(**inputs))
    assert entry["status"]["status_str"] == "success", entry["status"]
    return {key: value[0] for key, value in entry["outputs"]["5"].items()}


def test_with_enough_memory_nothing_is_unloaded(stage, card):
    card(512 * MIB)
    shown = seen(stage, need_gb=0.25)
    assert (shown["model"], shown["enough"]) == ("Kept", True)
    assert loaded(stage) == {"Kept": 64 * MIB, "Other": 128 * MIB}
    assert order_of_requests(stage) == [], "nobody asks Ollama while there is enough"


def test_short_memory_unloads_what_the_value_does_not_hold(stage, card):
    card(400 * MIB)
    shown = seen(stage, need_gb=0.3)
    assert (shown["model"], shown["enough"]) == ("Kept", True)
    assert loaded(stage) == {"Kept": 64 * MIB}
    assert "freed: MODEL Other" in shown["text"]
    assert "kept: MODEL Kept 64 MiB" in shown["text"]


def test_what_is_connected_stays_even_when_it_is_not_enough(stage, card):
    card(400 * MIB)
    assert seen(stage, need_gb=0.5)["enough"] is False
    assert loaded(stage) == {"Kept": 64 * MIB}
    assert seen(stage, need_gb=0.39, keep="nothing")["enough"] is True
    assert loaded(stage) == {}


def test_what_may_not_be_freed_stays(stage, card):
    card(400 * MIB)
    assert seen(stage, need_gb=0.5, may_free="models not used later")["enough"] is False
    assert loaded(stage) == {"Kept": 64 * MIB, "Other": 128 * MIB}


def test_always_unloads_all_but_what_is_connected_and_reporting_touches_nothing(stage, card):
    card(400 * MIB)
    seen(stage, action="report only", need_gb=0.5)
    assert loaded(stage) == {"Kept": 64 * MIB, "Other": 128 * MIB}
    seen(stage, action="always unload all")
    assert loaded(stage) == {"Kept": 64 * MIB}


def test_on_the_cpu_itself_unloading_is_not_sold_as_freeing(stage, card):
    shown = seen(stage, action="always unload all")
    assert "unloaded: MODEL Other, which freed nothing" in shown["text"]
    assert loaded(stage) == {"Kept": 64 * MIB}


def test_the_need_is_worked_out_from_the_linked_model_and_latent(stage, card):
    card(4 * GIB)
    graph = two_models(model=["1", 0], latent=["9", 0])
    graph["9"] = {"class_type": "EmptySD3LatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}}
    stage.client.run(graph)
    report = last_report(stage)
    assert report["need_from"] == "sampling a latent of 1x16x64x64, ComfyUI's estimate"
    assert report["need"] > 2 * GIB


def test_the_model_in_ollama_leaves_before_any_of_comfyuis(stage, card):
    stage.client.run(judged_picture())  # loads the judge's model
    stage.judge.wait_for(lambda: stage.judge.loaded)
    card(6 * 10**9 + 300 * MIB)
    shown = seen(stage, need_gb=0.25)
    assert f"freed: Ollama {MODEL} 5.6 GiB" in shown["text"]
    assert loaded(stage) == {"Kept": 64 * MIB, "Other": 128 * MIB}
    assert stage.judge.loaded == {}


def judged_picture(**critic):
    """A picture that two models were loaded for, judged without a loop."""
    graph = two_models()
    painter = guarded_picture(seed=Salt.now)["1"]
    held = {"class_type": "ProbePicture", "inputs": {"model": ["3", 0], "image": ["6", 0]}}
    inputs = {"images": ["7", 0], "goal": "a red circle", "model": MODEL, **critic}
    judging = {"class_type": "ImitatoesVLMCritique", "inputs": inputs}
    return {**{key: graph[key] for key in "123"}, "6": painter, "7": held, "11": judging}


def order_of_requests(stage):
    """What our client asked, in order: ps, tags, show, ask, unload."""
    said = []
    for record in stage.judge.requests:
        if "ollama" in record.headers.get("user-agent", ""):
            name = record.path.removeprefix("/api/")
            if name == "chat":
                name = "ask" if record.body["messages"] else "unload"
            said.append(name)
    return said


def test_the_card_changes_hands_for_the_judge_and_comes_back(stage, card):
    card(int(7.2e9) + 150 * MIB)
    stage.judge.default = scripted(5)
    entry = stage.client.run(judged_picture())
    assert entry["status"]["status_str"] == "success", entry["status"]
    report = last_report(stage)
    assert (report["by"], report["enough"], report["need"]) == ("hand-over", True, int(6e9 * 1.2))
    assert sum(freed["size"] for freed in report["freed"]) >= 42 * MIB
    asked = order_of_requests(stage)
    first, last = asked.index("ask"), len(asked) - asked[::-1].index("ask") - 1
    assert asked[first - 2 : first] == ["ps", "tags"]
    assert asked[last + 1 :][:2] == ["ps", "unload"], "the state is looked at, then the model leaves"
    assert set(asked[last + 3 :]) == {"ps"}, "and it is waited for"
    assert stage.judge.loaded == {}


def test_with_room_for_both_nobody_moves(stage, card):
    card(int(10e9))
    stage.judge.default = scripted(5)
    stage.client.run(judged_picture())
    assert "unload" not in order_of_requests(stage)
    assert MODEL in stage.judge.loaded
    assert sum(loaded(stage).values()) == 192 * MIB


def test_the_journal_tells_what_taking_turns_cost(stage, card):
    card(int(7.2e9) + 150 * MIB)
    stage.judge.default = scripted(-3, 5, 5)
    graph = judged_picture(loop=["10", 5])
    hub = {"goal": "a red circle", "prompt": "a circle", "negative": "", "seed": 1, "steps": 20, "cfg": 7.0}
    hub |= {"iterations_per_loop": 2, "max_loops": 1, "pass_score": 0.8, "seed_policy": "auto"}
    graph["10"] = {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": {**hub, "checklist": "a red circle"}}
    graph["6"]["inputs"] |= {"prompt": ["10", 0], "seed": ["10", 2]}
    run = stage.played(graph)
    swaps = [iteration["seconds"]["swap"] for iteration in run["iterations"]]
    assert len(swaps) == 2
    assert all(seconds > 0 for seconds in swaps)
    assert run["swap_seconds"] == pytest.approx(sum(swaps), abs=1e-3)
    assert all(iteration["seconds"]["judge"] > 0 for iteration in run["iterations"])
