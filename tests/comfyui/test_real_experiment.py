"""An experiment on a real ComfyUI with tiny random weights: it runs through, and says that nothing beats chance."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from pathlib import Path

import pytest

from .measured import REFEREE
from .test_real_sampler import graph
from .theatre import MODEL, opened
from .tiny_models import save_checkpoint

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

ASKED = re.compile(r"^(q\d+) \(([^)]*)\): (.*)$", re.MULTILINE)
NUMBER = re.compile(r"\((r\d+)\)|^- (r\d+)\b|\b(r\d+):", re.MULTILINE)


def luck(*parts):
    return int.from_bytes(hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=4).digest(), "big") / 2**32


def guesses(body, images):
    """A model that sees nothing in noise: its answers are luck, the same for the same picture and question."""
    said = "\n".join(str(message.get("content")) for message in body["messages"])
    if "<task>edit</task>" in said:
        names = dict.fromkeys(filter(None, (name for found in NUMBER.findall(said) for name in found)))
        edits = [{"clause": f"seen plainly number {n}", "requirement": name} for n, name in enumerate(names)]
        wishes = {"settings": {"cfg": None, "steps": None}, "reason": "", "verdict": "continue"}
        return json.dumps({"edits": edits, "evidence": [], "local_fix": None, "negative": [], **wishes})
    picture = hashlib.blake2b(images[-1] if images else b"").hexdigest()
    answers = {}
    for key, form, question in ASKED.findall(said):
        drawn = luck(body["model"], picture, question)
        number = "number" in form or "count" in form
        answers[key] = int(1 + 4 * drawn) if number else "yes" if drawn < 0.6 else "no"
    quality = {f"quality_{n}": "good" for n in ("artifacts", "composition", "faces", "text")}
    return json.dumps({**answers, **quality})


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    base = tmp_path_factory.mktemp("real_experiment")
    save_checkpoint(base / "models" / "checkpoints" / "tiny.safetensors")
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        theatre.judge.default = guesses
        yield theatre


def played(theatre, **fields):
    """(the experiment at its end, its report)"""
    body = {"workflow": graph(seed_policy="auto"), "judge": {"model": MODEL}, "referee": {"model": REFEREE}}
    status, experiment = theatre.client.post("/imitatoes/experiments", {**body, "ask_first": False, **fields})
    assert status == 202, experiment
    where = f"/imitatoes/experiments/{experiment['id']}"
    for _ in range(4000):
        experiment = theatre.client.get(where)
        if experiment["state"] != "running":
            break
        time.sleep(0.3)
    assert experiment["state"] == "done", experiment["message"]
    return experiment, theatre.client.get(f"{where}/data")


def test_with_random_weights_nothing_is_better_than_chance(laboratory):
    experiment, report = played(laboratory, prompts=6, renders=3, arms=["one_shot", "seeds", "ours"])
    assert experiment["verdict"].startswith("No difference larger than chance"), experiment["verdict"]
    assert report["summary"]["prompts"] == 6
    for comparison in report["summary"]["points"][0]["comparisons"]:
        assert not comparison["values"]["all_correct"]["larger"]
    setup = report["setup"]
    assert setup["models"] == ["tiny.safetensors"]
    assert setup["comfyui"] and setup["card"]
    assert experiment["plan"]["seconds"] > 0
    runs = [run for one in report["prompts"] for run in one["runs"].values()]
    assert all(1 <= run["milestones"][-1]["renders"] <= 3 for run in runs)
    assert all(run["milestones"][0]["seconds"] > 0 for run in runs)
    (agreed,) = report["summary"]["agreements"]
    assert abs(agreed["kappa"]) < 0.25, "two models that guess do not agree beyond luck"


def test_a_graph_that_can_be_repaired_has_the_arm_with_repairs(laboratory):
    own = [{"prompt": "a red lantern on a table", "checklist": ["a red lantern", "a table", "a lamp"]}]
    experiment, report = played(laboratory, own=own, renders=3, arms=["seeds", "repairs"])
    assert set(experiment["arms"]) == {"seeds", "repairs"}
    assert experiment["arms_left_out"] == {}
    assert report["summary"]["prompts"] == 1
