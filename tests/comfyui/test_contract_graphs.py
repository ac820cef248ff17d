"""The graph engine against a server: the preflight agrees with POST /prompt, a wrapped graph runs its loop.

Model files are empty placeholders, so that the lists hold their names. What is only to be accepted must not come to
run: another job holds the queue from the second test on.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.graph_view import GraphView
from pack.engine.graph.patch import apply
from pack.engine.graph.recovery import next_change
from pack.engine.graph.render_error import RenderError
from pack.engine.graph.repair import apply_repairs, propose_repairs
from pack.engine.graph.wrap import wrap
from PIL import Image

from ..engine.graph.probe_cases import CHANGES, FILES_ON_DISK, probe
from ..engine.graph.reference import NAMES, PICTURES, accepted, graph, model_folders
from .conftest import COMFYUI_PATH, HOSTS
from .theatre import GOAL, MODEL, PROMPT, opened, other_job, scripted
from .tiny_models import save_checkpoint

HELD_SECONDS = 60.0
TINY = "tiny.safetensors"


@pytest.fixture(scope="module", params=HOSTS)
def shelves(request, tmp_path_factory):
    """A server whose lists hold every file that the reference graphs name."""
    base = tmp_path_factory.mktemp("graphs")
    folders = model_folders()
    for name in NAMES:
        for node in graph(name).values():
            for name_of_input, value in node["inputs"].items():
                where = f"{node['class_type']}.{name_of_input}"
                if where in folders:
                    path = base / "models" / folders[where] / value
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()
    (base / "input").mkdir()
    for name in PICTURES.values():
        (base / "input" / name).touch()
    Image.new("RGB", (64, 64), "grey").save(base / "input" / "example.png")
    checkout, python = None, None
    if request.param == "comfyui":
        checkout, python = Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")
        save_checkpoint(base / "models" / "checkpoints" / TINY)
    with opened(base, checkout, python) as theatre:
        yield theatre


@pytest.fixture(scope="module")
def info(shelves):
    return shelves.client.get("/object_info")


def plain_graph(shelves):
    """A small graph without a loop that this server can render."""
    one = graph("sdxl_txt2img")
    one["2"]["inputs"]["text"], one["3"]["inputs"]["text"] = PROMPT, ""
    one["4"]["inputs"].update(width=256, height=256)
    if shelves.process.comfyui_path:
        one["1"]["inputs"]["ckpt_name"] = TINY
        one["4"] = {"class_type": "EmptySD3LatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}
        one["5"]["inputs"].update(steps=2, cfg=3.0, sampler_name="euler", scheduler="simple")
    return one


def test_a_plain_graph_wrapped_runs_its_loop_to_the_end(shelves, info):
    shelves.judge.default = scripted(-2, 5, 5, clause=["three red circles"])
    made = wrap(plain_graph(shelves), GOAL, info).graph
    hub = next(node["inputs"] for node in made.values() if node["class_type"] == "ImitatoesSelfImprovingPrompt")
    critic = next(node["inputs"] for node in made.values() if node["class_type"] == "ImitatoesVLMCritique")
    hub["checklist"], critic["model"] = "a red circle", MODEL
    run = None
    prompt_id = shelves.client.queue(made)
    for _ in range(4):  # the first render of a real server loads the weights, which may take longer than one wait
        run = shelves.client.get(f"/imitatoes/runs/{prompt_id}/wait?seconds=15")
        if run["waiting"]:
            break
    assert (run["status"], len(run["iterations"])) == ("done", 2), run
    first = run["iterations"][0]["settings"]
    assert (first["prompt"], first["seed"]) == (PROMPT, 42)
    assert run["iterations"][1]["settings"]["prompt"] != PROMPT


@pytest.fixture(scope="module")
def held(shelves):
    """The queue, held by a job of somebody else's: what is accepted waits, and is removed afterwards."""
    job = shelves.client.queue(other_job(HELD_SECONDS))
    shelves.client.wait(lambda: shelves.client.running() == [job])
    yield shelves.client
    shelves.client.post("/queue", {"clear": True})
    shelves.client.post("/interrupt", {"prompt_id": job})
    shelves.client.wait(lambda: not shelves.client.running())


def answered(client, one):
    """(the server takes it whole, outputs it drops although it takes the rest)."""
    status, answer = client.post("/prompt", {"prompt": one, "client_id": "tests"})
    errors = answer["node_errors"] if answer else {}
    errors = errors or {}
    dropped = {output for error in errors.values() for output in error["dependent_outputs"]}
    return status == 200 and not errors, dropped if status == 200 else set()


def differing(client, info, graphs):
    """Names of the graphs of which the check says something else than the server."""
    found = {}
    for name, one in graphs.items():
        checked = check(one, info)
        ours = (accepted(checked), set(checked.refused) if checked.running else set())
        server = answered(client, one)
        if ours != server:
            found[name] = (ours, server, checked.rejected)
    return found


def test_the_check_agrees_with_the_server_on_every_probe(held, info):
    graphs = {name: probe(name) for name in CHANGES if name not in FILES_ON_DISK}
    assert differing(held, info, graphs) == {}


def test_the_check_agrees_with_the_server_on_the_reference_graphs(shelves, held, info):
    assert differing(held, info, {name: graph(name) for name in NAMES}) == {}


def test_a_version_that_has_the_classes_takes_all_reference_graphs(held, info):
    known = [name for name in NAMES if all(node["class_type"] in info for node in graph(name).values())]
    assert {"sdxl_txt2img", "flux1_txt2img"} <= set(known)
    if len(known) < len(NAMES):
        pytest.skip(f"this server has the classes of {len(known)} of {len(NAMES)}; held to agreement only")
    assert [name for name in NAMES if not answered(held, completed(graph(name), info))[0]] == []


def completed(one, info):
    """With the defaults of inputs that the server's version added to a class, as its own page would fill them in."""
    for node in GraphView(one, info).nodes.values():
        for name, spec in node.specs.items():
            if spec.required and name not in node.inputs and spec.default is not None:
                one[node.id]["inputs"][name] = spec.default
    return one


def test_wrapped_graphs_are_accepted(held, info):
    refused = {}
    for name in NAMES:
        if accepted(check(graph(name), info)) and name not in ("upscale_2x", "video_upscale"):
            made = wrap(graph(name), GOAL, info)
            if not answered(held, made.graph)[0]:
                refused[name] = check(made.graph, info)
    assert refused == {}


def test_what_is_repaired_is_accepted(held, info):
    broken = graph("sdxl_txt2img")
    broken["5"]["inputs"].update(seed=None, steps="25", scheduler="karas", denoise=1.5)
    del broken["5"]["inputs"]["cfg"]
    broken["6"]["inputs"]["samples"] = [5, 0]
    broken["_meta"] = {"title": "mine"}
    assert not answered(held, broken)[0]
    certain = [repair for repair in propose_repairs(broken, info) if repair.certain]
    assert answered(held, apply_repairs(broken, certain, info).graph)[0]


def test_every_step_of_recovery_is_accepted(held, info):
    error = RenderError(type="torch.OutOfMemoryError", message="Allocation on device", node="")
    for name in NAMES:
        current, tried = graph(name), []
        if not accepted(check(current, info)):
            continue
        while (change := next_change(current, error, tried, info)) is not None:
            current = apply(current, change.patch, info).graph
            tried.append(change)
            assert answered(held, current)[0], (name, change)
