"""A script drives runs: with an exported graph, the README's own lines, and the example script.

On a real ComfyUI the core's default graph goes through its own loader, text encoder, sampler and decoder, with tiny
random weights under the default checkpoint's name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from ..engine.graph.reference import ui_workflow
from .conftest import COMFYUI_PATH, HOSTS
from .shop import (
    CHECKPOINT,
    DEFAULT,
    GOAL,
    NOWHERE,
    SHAPE,
    answered,
    at_rest,
    block,
    brought,
    ended,
    script,
    small,
    started,
)
from .theatre import embedded, loop_graph, opened, other_job, scripted
from .tiny_models import save_checkpoint


@pytest.fixture(scope="module", params=HOSTS)
def shop(request, tmp_path_factory):
    base = tmp_path_factory.mktemp("scripts")
    checkout, python = None, None
    checkpoint = base / "models" / "checkpoints" / CHECKPOINT
    if request.param == "comfyui":
        checkout, python = Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")
        save_checkpoint(checkpoint)
    else:
        checkpoint.parent.mkdir(parents=True)
        checkpoint.touch()
    with opened(base, checkout, python) as theatre:
        yield theatre


@pytest.fixture
def theatre(shop):
    """A server at rest, whose judge is content with the second picture."""
    shop.client.post("/queue", {"clear": True})
    shop.client.wait(lambda: not shop.client.running())
    shop.judge.default = scripted(-2, 5, 5, clause=["one red lantern"])
    return shop


def test_from_the_exported_default_graph_to_the_fetched_best_picture(theatre, tmp_path):
    answer = started(theatre, workflow=DEFAULT)
    run = ended(theatre, answer["prompt_id"])
    assert (run["status"], len(run["iterations"]), run["best"]["iteration"]) == ("done", 2, 2), run["reason"]
    assert run["goal"] == GOAL
    first = run["iterations"][0]["settings"]
    assert (first["prompt"], first["negative"]) == (DEFAULT["6"]["inputs"]["text"], "text, watermark")
    assert (first["seed"], first["steps"], first["cfg"]) == (156680208700286, 2, 8)
    best = tmp_path / "best.png"
    picture_of = {"template": "/imitatoes/runs/{id}/best"}
    best.write_bytes(answered(theatre, "GET", f"/imitatoes/runs/{run['run_id']}/best", **picture_of))
    assert Image.open(best).size == (512, 512)
    carried = embedded(best)
    assert carried["4"] == DEFAULT["4"]
    hub = next(node["inputs"] for node in carried.values() if node["class_type"] == "ImitatoesSelfImprovingPrompt")
    assert hub["prompt"] == run["best_iteration"]["settings"]["prompt"] != first["prompt"]
    several = {"template": "/imitatoes/runs/{id}/iterations"}
    alone = answered(theatre, "GET", f"/imitatoes/runs/{run['run_id']}/iterations", **several)
    assert alone == {"run_id": run["run_id"], "iterations": run["iterations"]}


def saved():
    """The default workflow as the canvas saves it, at a size that a CPU renders at once."""
    workflow = ui_workflow()
    values = {node["type"]: node["widgets_values"] for node in workflow["nodes"]}
    values["CheckpointLoaderSimple"][0] = CHECKPOINT
    values["EmptyLatentImage"][:2] = [64, 64]
    values["KSampler"][2] = 2
    return workflow


def test_a_workflow_as_the_canvas_saves_it_runs_like_an_exported_one(theatre):
    run = ended(theatre, started(theatre, workflow=saved())["prompt_id"])
    assert (run["status"], len(run["iterations"])) == ("done", 2), run["reason"]
    first = run["iterations"][0]["settings"]
    assert first["prompt"] == "a red fox in snow, soft morning light"
    assert (first["seed"], first["steps"], first["cfg"]) == (42, 2, 7)


def test_the_run_begins_at_once_on_a_server_at_rest(theatre):
    answer = started(theatre)
    run = ended(theatre, answer["prompt_id"])
    assert answer["run_id"] == run["run_id"]
    assert run["first_prompt_id"] == answer["prompt_id"]


def test_behind_another_job_the_prompt_id_is_enough(theatre):
    job = theatre.client.queue(other_job(2.0))
    theatre.client.wait(lambda: theatre.client.running() == [job])
    answer = started(theatre)
    assert answer["run_id"] is None
    assert ended(theatre, answer["prompt_id"])["status"] == "done"


def test_a_dry_run_shows_the_graph_that_the_ordinary_prompt_route_runs_the_same(theatre):
    shown = started(theatre, dry_run=True)
    assert shown["accepted"] is True
    assert at_rest(theatre)
    by_prompt = ended(theatre, theatre.client.queue(shown["workflow"]))
    theatre.judge.default = scripted(-2, 5, 5, clause=["one red lantern"])
    by_run = ended(theatre, started(theatre)["prompt_id"])
    same = ("status", "goal", "start_settings", "pass_score", "iteration_limit", "warnings")
    assert {name: by_prompt[name] for name in same} == {name: by_run[name] for name in same}
    assert [i["settings"] for i in by_prompt["iterations"]] == [i["settings"] for i in by_run["iterations"]]


def test_a_run_can_be_watched_over_the_ordinary_websocket(theatre):
    with theatre.client.page() as page:
        answer = started(theatre, client_id=page.client_id)
        ended(theatre, answer["prompt_id"])
        page.wait_for(lambda one: one["type"] == "imitatoes.run" and one["data"]["waiting"])
        assert answer["prompt_id"] in [one["prompt_id"] for one in page.of_type("execution_start")]


def test_a_run_may_vary_its_seed_alone(theatre):
    theatre.judge.default = scripted(-2, clause=["one red lantern", "a lantern glowing red"])
    limits = {"iterations_per_loop": 4, "max_loops": 1}
    order = {"settings": {"steps": 2, "seed": 41, "vary": "seed"}, "limits": limits}
    theatre.judge.requests.clear()
    run = ended(theatre, started(theatre, **order)["prompt_id"])
    assert (run["status"], len(run["iterations"])) == ("limit", 4), run["reason"]
    seeds = [i["settings"].pop("seed") for i in run["iterations"]]
    assert (seeds[0], len(set(seeds))) == (41, 4)
    assert all(i["settings"] == run["iterations"][0]["settings"] for i in run["iterations"])
    assert not [chat for chat in theatre.judge.chats() if "<task>edit</task>" in json.dumps(chat.body)]
    assert "vary" in started(theatre, 400, settings={"vary": "words"})["error"]["input"]


def test_tokens_are_filled(theatre):
    graph = small()
    graph["6"]["inputs"]["text"] = "__PROMPT__"
    graph["3"]["inputs"].update(seed="__SEED__", sampler_name="{{SAMPLER}}")
    tokens = {"PROMPT": 'a lantern, "red"', "SEED": 7, "sampler": "euler"}
    run = ended(theatre, started(theatre, workflow=graph, tokens=tokens)["prompt_id"])
    first = run["iterations"][0]["settings"]
    assert (first["prompt"], first["seed"]) == ('a lantern, "red"', 7)
    error = started(theatre, 400, workflow=graph, tokens={"PROMPT": "x"})["error"]
    assert "SEED has no value" in error["message"]


def test_what_cannot_run_is_refused_before_it_is_queued(theatre):
    missing, misspelt, cut, circle, unknown = small(), small(), small(), small(), ui_workflow()
    unknown["nodes"][4]["type"] = "TheirSampler"
    missing["4"]["inputs"]["ckpt_name"] = "not_there.safetensors"
    misspelt["3"]["inputs"]["scheduler"] = "nromal"
    del cut["8"]["inputs"]["vae"]
    circle["3"]["inputs"]["latent_image"] = ["3", 0]
    for workflow, kind, node, name in (
        (missing, "value_not_in_list", "4", "ckpt_name"),
        (misspelt, "value_not_in_list", "3", "scheduler"),
        (cut, "required_input_missing", "8", "vae"),
        (circle, "dependency_cycle", "3", None),
        (unknown, "not_convertible", "5", None),
        ({"prompt": small()}, "not_an_api_graph", None, "workflow"),
    ):
        error = started(theatre, 400, workflow=workflow)["error"]
        assert set(error) == SHAPE
        assert (error["type"], error["node"], error["input"]) == (kind, node, name), error
        assert error["hint"]
    assert at_rest(theatre)
    mended = started(theatre, workflow=misspelt, repair=True)
    assert "normal" in mended["repaired"][0]
    assert ended(theatre, mended["prompt_id"])["status"] == "done"


def test_a_new_model_file_is_known_without_a_restart(theatre):
    graph = small()
    graph["4"]["inputs"]["ckpt_name"] = "new.safetensors"
    assert started(theatre, 400, workflow=graph)["error"]["input"] == "ckpt_name"
    folder = theatre.base / "models" / "checkpoints"
    shutil.copyfile(folder / CHECKPOINT, folder / "new.safetensors")
    try:
        assert ended(theatre, started(theatre, workflow=graph)["prompt_id"])["status"] == "done"
    finally:
        (folder / "new.safetensors").unlink()


def test_a_judge_that_is_not_there_is_told_at_once(theatre):
    error = started(theatre, 409, critic={"model": "unheard-of:1b", "judge": "ollama"})["error"]
    assert error["type"] == "not_begun"
    assert "unheard-of:1b" in error["message"]
    assert error["node"]
    error = started(theatre, 409, critic={"connection": "http://192.0.2.1"})["error"]
    assert "no connection" in error["message"]


def test_what_runs_but_not_as_meant_is_told_to_the_script_and_to_the_canvas(theatre):
    graph = small()
    graph["5"]["inputs"]["width"] = 68
    answer = started(theatre, workflow=graph)
    assert [(w["type"], w["node"], w["input"]) for w in answer["warnings"]] == [("off_step", "5", "width")]
    run = ended(theatre, answer["prompt_id"])
    assert run["warnings"] == answer["warnings"]
    on_disk = json.loads(theatre.picture(run, "run.json").read_text(encoding="utf-8"))
    assert on_disk["warnings"][0]["kind"] == "off_step"
    shown = started(theatre, workflow=graph, dry_run=True)
    canvas = ended(theatre, theatre.client.queue(shown["workflow"]))
    assert canvas["warnings"] == answer["warnings"]


def test_an_ordinary_graph_has_no_warnings(theatre):
    run = ended(theatre, theatre.client.queue(loop_graph(checklist="a red circle", seed=31)))
    assert run["warnings"] == []


def test_the_picture_of_a_run_goes_into_the_next_without_an_upload(theatre):
    first = ended(theatre, started(theatre, settings={"steps": 2, "seed": 41})["prompt_id"])
    theatre.judge.default = scripted(5)
    graph = small()
    picture = f"imitatoes/{first['run_id']}/best.png [output]"
    graph["20"] = {"class_type": "LoadImage", "inputs": {"image": picture}}
    graph["5"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["20", 0], "vae": ["4", 2]}}
    graph["3"]["inputs"].update(denoise=0.6)
    answer = started(theatre, workflow=graph)
    assert answer["warnings"] == []
    second = ended(theatre, answer["prompt_id"])
    assert second["status"] == "done"
    assert embedded(theatre.picture(second, "best.png"))["20"]["inputs"]["image"] == picture
    assert Image.open(theatre.picture(second, "best.png")).size == (64, 64)
    outside = small()
    outside["20"] = {"class_type": "LoadImage", "inputs": {"image": "../../secret.png [output]"}}
    outside["5"] = graph["5"]
    assert started(theatre, 400, workflow=outside)["error"]["type"]
    assert at_rest(theatre)


def test_the_document_is_served(theatre):
    document = theatre.client.get("/imitatoes/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert document == theatre.client.get("/api/imitatoes/openapi.json")
    run_id = ended(theatre, started(theatre)["prompt_id"])["run_id"]
    for path in ("/imitatoes/runs", "/imitatoes/memory"):
        answered(theatre, "GET", path)
    for what in ("", "/folder", "/nodes", "/thumbnails/best.png", "/pictures/contact_sheet.jpg"):
        path = f"/imitatoes/runs/{run_id}{what}"
        name = what.rsplit("/", 1)[-1] if what.count("/") == 2 else None
        template = path.replace(run_id, "{id}").replace(str(name), "{name}")
        answered(theatre, "GET", path, template=template)


def test_the_example_script_brings_the_best_picture(theatre, tmp_path):
    done = script(theatre, tmp_path, "--check", "a red lantern", "--steps", "2", "--out", "lantern.png")
    assert done.returncode == 0, done.stderr
    assert "done: " in done.stdout
    assert re.search(r"^2: \d\.\d\d  ", done.stdout, re.MULTILINE), done.stdout
    assert Image.open(tmp_path / "lantern.png").size == (64, 64)


def test_the_example_script_says_what_is_wrong(theatre, tmp_path):
    done = script(theatre, tmp_path, workflow={"prompt": small()})
    assert (done.returncode, "`prompt` key" in done.stderr) == (1, True)
    done = script(theatre, tmp_path, "--dry-run", "--check", "a red lantern")
    assert (done.returncode, "ImitatoesVLMCritique" in done.stdout) == (0, True)
    done = script(theatre, tmp_path, "--server", NOWHERE)
    assert (done.returncode, "No ComfyUI answers" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*.png"))
    assert at_rest(theatre)


def test_the_lines_of_python_in_the_readme_work(theatre, tmp_path):
    lines = block("python", theatre)
    assert len([line for line in lines.splitlines() if line]) <= 10
    assert "done" in brought(theatre, tmp_path, [sys.executable, "-c", lines])


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl")
def test_the_lines_of_curl_in_the_readme_work(theatre, tmp_path):
    assert '"status": "done"' in brought(theatre, tmp_path, ["bash", "-c", block("bash", theatre)], "127.0.0.1")
