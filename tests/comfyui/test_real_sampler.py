"""The whole loop through a real ComfyUI's own loader, text encoder, sampler and decoder, with tiny random weights."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ..templates import API, missing_from, model_files, read
from .theatre import MODEL, embedded, opened, other_job, pixels, scripted
from .tiny_models import save_checkpoint

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

PROMPT = "a lantern on a table"


@pytest.fixture(scope="module")
def sampler(tmp_path_factory):
    """A real server with one tiny checkpoint, and empty files by the names that the templates use."""
    base = tmp_path_factory.mktemp("sampler")
    save_checkpoint(base / "models" / "checkpoints" / "tiny.safetensors")
    files = [f"models/{folder}/{name}" for name, folder in model_files().items()]
    for name in (*files, "input/example.png", "input/example.mp4"):
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        yield theatre


def graph(**inputs):
    """SelfImprovingPrompt (10) in an ordinary SD3 graph of 64 pixels and two steps, VLMCritique (11) at its end."""
    hub = {"goal": "a red lantern", "prompt": PROMPT, "negative": "", "seed": 5, "steps": 2, "cfg": 3.0}
    hub |= {"iterations_per_loop": 4, "max_loops": 1, "pass_score": 0.8, "seed_policy": "keep", "repairs": 0, **inputs}
    nodes = {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": "tiny.safetensors"}),
        "2": ("CLIPTextEncode", {"clip": ["1", 1], "text": ["10", 0]}),
        "3": ("CLIPTextEncode", {"clip": ["1", 1], "text": ["10", 1]}),
        "4": ("EmptySD3LatentImage", {"width": 64, "height": 64, "batch_size": 1}),
        "5": (
            "KSampler",
            {
                "model": ["1", 0],
                "positive": ["2", 0],
                "negative": ["3", 0],
                "latent_image": ["4", 0],
                "seed": ["10", 2],
                "steps": ["10", 3],
                "cfg": ["10", 4],
                "sampler_name": "euler",
                "scheduler": "simple",
                "denoise": 1.0,
            },
        ),
        "6": ("VAEDecode", {"samples": ["5", 0], "vae": ["1", 2]}),
        "10": ("ImitatoesSelfImprovingPrompt", hub),
        "11": ("ImitatoesVLMCritique", {"images": ["6", 0], "loop": ["10", 5], "model": MODEL}),
    }
    return {node: {"class_type": kind, "inputs": values} for node, (kind, values) in nodes.items()}


def ended(sampler, prompt_id):
    """The run of a prompt, once it has ended. The first one loads the weights, which may take a while."""
    for _ in range(8):
        run = sampler.client.get(f"/imitatoes/runs/{prompt_id}/wait?seconds=15")
        if run["waiting"]:
            return run
    raise AssertionError(run)


@pytest.fixture(scope="module")
def played(sampler):
    """A run whose judge asks for one thing more after each of two renders, and is content with the third."""
    sampler.judge.default = scripted(-2, -3, 5, 5, clause=["a lantern glowing red", "one red lantern made of glass"])
    return ended(sampler, sampler.client.queue(graph(checklist="a red lantern")))


def picture(sampler, run, number):
    return pixels(sampler.picture(run, run["iterations"][number - 1]["picture"]))


def cached(sampler, run, number):
    messages = sampler.client.entry(run["iterations"][number - 1]["prompt_id"])["status"]["messages"]
    return set(next(data["nodes"] for name, data in messages if name == "execution_cached"))


def test_a_run_to_done_in_three_iterations(sampler, played):
    assert (played["status"], len(played["iterations"])) == ("done", 3), played["reason"]
    assert played["best"]["iteration"] == 3
    assert [i["decision"]["kind"] for i in played["iterations"]] == ["accept", "accept", "accept"]
    names = {path.name for path in (sampler.runs_folder / played["run_id"]).iterdir()}
    stems = {f"loop_01_iter_0{number}{ending}" for number in (1, 2, 3) for ending in (".png", ".json")}
    assert {*stems, "run.json", "graph.json", "best.png", "contact_sheet.jpg"} <= names


def test_a_changed_prompt_reaches_the_text_encoder(sampler, played):
    """With the seed kept, only the words differ, so only they can have changed the picture."""
    settings = [i["settings"] for i in played["iterations"]]
    prompts = [s["prompt"] for s in settings]
    assert prompts[0] == PROMPT
    assert len(set(prompts)) == 3
    assert all(prompt.startswith(PROMPT) for prompt in prompts)
    assert all({**s, "prompt": PROMPT} == settings[0] for s in settings)
    shown = [picture(sampler, played, number) for number in (1, 2, 3)]
    assert all(one.shape == (64, 64, 3) and one.std() > 10 for one in shown)
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert abs(shown[one].astype(int) - shown[other]).mean() > 2


def test_only_what_changed_is_run_again(sampler, played):
    for number in (2, 3):
        kept = cached(sampler, played, number)
        assert {"1", "4"} <= kept, "weights and empty latent"
        assert not {"2", "5", "6", "10", "11"} & kept


def test_an_embedded_graph_makes_the_identical_picture_again(sampler, played):
    path = sampler.picture(played, played["iterations"][1]["picture"])
    carried = embedded(path)
    assert carried["10"]["inputs"]["prompt"] == played["iterations"][1]["settings"]["prompt"]
    sampler.client.post("/free", {"unload_models": True, "free_memory": True})
    sampler.judge.default = scripted(5)
    again = ended(sampler, sampler.client.queue(carried))
    assert (again["status"], again["run_id"] != played["run_id"]) == ("done", True)
    assert "5" not in cached(sampler, again, 1), "rendered again, not remembered"
    assert (picture(sampler, again, 1) == pixels(path)).all()


@pytest.mark.parametrize("path", API, ids=lambda path: path.stem)
def test_a_shipped_template_is_accepted_by_the_server(sampler, path):
    graph = read(path)
    known = sampler.client.get("/object_info")
    if missing := missing_from(graph, known):
        pytest.skip(f"this ComfyUI is older than {', '.join(sorted(missing))}")
    encoders = known["CLIPLoader"]["input"]["required"]["type"][0]
    wanted = {node["inputs"]["type"] for node in graph.values() if node["class_type"] == "CLIPLoader"}
    if not wanted <= set(encoders):
        pytest.skip(f"this ComfyUI is older than the text encoder of {', '.join(sorted(wanted))}")
    job = sampler.client.queue(other_job(15.0))
    try:
        sampler.client.wait(lambda: sampler.client.running() == [job])
        # Accepted means no error about any node; it must not come to run, for its models are empty files.
        queued = sampler.client.queue(graph)
        assert sampler.client.pending() == [queued]
        sampler.client.post("/queue", {"delete": [queued]})
        assert not sampler.client.pending()
    finally:
        sampler.client.post("/queue", {"clear": True})
        sampler.client.post("/interrupt", {"prompt_id": job})
        sampler.client.wait(lambda: not sampler.client.running())


def test_out_of_memory_ends_in_tiles_and_then_in_a_smaller_size(sampler):
    """Behind the decode stands a node that is out of memory for more than 600 rows."""
    sampler.judge.default = scripted(5)
    large = graph(checklist="a red lantern", goal="a red lantern, large")
    large["4"]["inputs"] |= {"width": 704, "height": 704}
    inputs = {"anything": ["6", 0], "name": "rows", "times": 0, "largest": 600}
    large["9"] = {"class_type": "RehearsalScarce", "inputs": inputs}
    large["11"]["inputs"]["images"] = ["9", 0]
    run = ended(sampler, sampler.client.queue(large))
    assert (run["status"], len(run["iterations"])) == ("done", 1), run["reason"]
    assert [r["kind"] for r in run["recoveries"]] == ["unload", "tiled_decode", "size"]
    assert picture(sampler, run, 1).shape == (512, 512, 3)
    carried = embedded(sampler.picture(run, run["iterations"][0]["picture"]))
    assert (carried["6"]["class_type"], carried["4"]["inputs"]["width"]) == ("ImitatoesAutoTiledDecode", 512)
    kept = json.loads((sampler.runs_folder / run["run_id"] / "graph.json").read_text(encoding="utf-8"))["prompt"]
    assert (kept["6"]["class_type"], kept["4"]["inputs"]["width"]) == ("VAEDecode", 704), "the user's own graph"
