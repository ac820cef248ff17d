"""The templates run: on the rehearsal as far as it has their nodes, with the editor asked in the family's style."""

from __future__ import annotations

import pytest
from pack.engine.graph.family import family_in
from pack.engine.judge.prompt_style import wording_rule

from .comfyui.theatre import opened, scripted
from .templates import API, TUTORIAL, api_graph, has_loop, missing_from, read

LATENTS = ("EmptyLatentImage", "EmptySD3LatentImage")
NOT_ON_THE_REHEARSAL = {
    "05 Text to picture with FLUX.2",
    "06 Text to picture with Qwen-Image 2512",
    "07 Text to picture with Z-Image-Turbo",
    "08 Text to picture with Krea 2 Turbo, judged by its own text encoder",
    "09 Text to picture with SDXL, judged inside ComfyUI",
    "11 Edit by words until it is right",
    "12 Picture to video with Wan 2.2",
    "13 Picture to video with LTX-2",
    "16 Text to video with Wan 2.2",
    "17 Picture to video with LTX-2.3",
    "18 Extend a clip with Wan 2.2",
}
"""Their loaders, samplers and video nodes are ComfyUI's own; a real one accepts them in test_real_sampler."""
ELSEWHERE = {"14 Edit by words, once", TUTORIAL}
"""The first needs a segmentation model, which test_contract_mask makes for it; the other has a judge of its own, and
runs in test_contract_tutorial."""
RUNNING = [path.stem for path in API if path.stem not in NOT_ON_THE_REHEARSAL | ELSEWHERE]
LOOPS = [name for name in RUNNING if has_loop(api_graph(name))]


@pytest.fixture(scope="module")
def theatre(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("templates"), None, None) as started:
        yield started


def small(name):
    graph = api_graph(name)
    for node in graph.values():
        if node["class_type"] in LATENTS:
            node["inputs"] |= {"width": 512, "height": 512}
        if "judge" in node["inputs"]:
            node["inputs"]["judge"] = "auto"
    return graph


def test_what_is_left_out_could_not_run(theatre):
    known = theatre.client.get("/object_info")
    assert {path.stem for path in API if missing_from(read(path), known)} == NOT_ON_THE_REHEARSAL


@pytest.mark.parametrize("name", LOOPS)
def test_a_template_with_a_loop_runs_to_its_end(name, theatre):
    graph = small(name)
    graph["10"]["inputs"]["checklist"] = "a red fox"
    theatre.judge.requests.clear()
    theatre.judge.default = scripted(-3, 5, 5, clause="a large red fox")
    run = theatre.played(graph)
    assert (run["status"], len(run["iterations"])) == ("done", 2), run["reason"]
    assert run["best"]["iteration"] == 2
    assert theatre.picture(run, "best.png").is_file()
    if family := family_in(graph):
        asked = next(text for text in map(said, theatre.judge.chats()) if "<task>edit</task>" in text)
        assert asked.endswith(wording_rule(family.prompt.style))


def said(chat):
    return "\n".join(message["content"] for message in chat.body["messages"])


@pytest.mark.parametrize("name", sorted(set(RUNNING) - set(LOOPS)))
def test_a_template_without_a_loop_saves_its_picture(name, theatre):
    entry = theatre.client.run(small(name))
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    assert [name for output in entry["outputs"].values() for name in output.get("images", [])]
