"""The shipped templates: what the canvas shows and what a script posts is one graph, valid, readable, and true to its
model family."""

from __future__ import annotations

import json
import re
from itertools import combinations

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.family import family_in
from pack.engine.graph.loop_nodes import CRITIC_CLASS, LOOP_CLASS, OUTPUTS, judged_by_encoder, the_loop
from pack.engine.graph.wrap import wrap
from PIL import Image

from .engine.graph import reference
from .templates import (
    API,
    FOLDER,
    NEWER,
    NOTES,
    TUTORIAL,
    UI,
    api_graph,
    as_api,
    classes,
    has_loop,
    inputs_of,
    models_offered,
    read,
    type_of,
)

LOOPS = [path.stem for path in API if has_loop(read(path))]
RECOMMENDED = {
    "09 Text to picture with SDXL, judged inside ComfyUI": ("SDXL", "dpmpp_2m", "karras", 25, 7.0),
    "02 Text to picture with SDXL": ("SDXL", "dpmpp_2m", "karras", 25, 7.0),
    "03 Text to picture with FLUX.1": ("FLUX.1 dev", "euler", "simple", 20, 1.0),
    "04 Text to picture with FLUX.1, two megapixels": ("FLUX.1 dev", "euler", "simple", 20, 1.0),
    "05 Text to picture with FLUX.2": ("FLUX.2 dev", "euler", None, 20, 1.0),
    "06 Text to picture with Qwen-Image 2512": ("Qwen-Image-2512", "euler", "simple", 50, 4.0),
    "07 Text to picture with Z-Image-Turbo": ("Z-Image-Turbo", "res_multistep", "simple", 8, 1.0),
    "08 Text to picture with Krea 2 Turbo, judged by its own text encoder": ("Krea 2 Turbo", "euler", "simple", 8, 1.0),
    "12 Picture to video with Wan 2.2": ("Wan 2.2 14B", "euler", "simple", 4, 1.0),
    "13 Picture to video with LTX-2": ("LTX-2", "euler", None, 20, 4.0),
    "16 Text to video with Wan 2.2": ("Wan 2.2 14B", "euler", "simple", 4, 1.0),
    "17 Picture to video with LTX-2.3": ("LTX-2.3", "euler", None, 8, 1.0),
    "18 Extend a clip with Wan 2.2": ("Wan 2.2 14B", "euler", "simple", 4, 1.0),
    "11 Edit by words until it is right": ("FLUX.1 Fill", "euler", "normal", 20, 1.0),
    "10 Text to picture with SDXL, upscaled": ("SDXL", "dpmpp_2m", "karras", 25, 7.0),
}
"""Family, sampler, scheduler (None: a node of its own), steps, cfg: those of the official templates, Nov 2026."""
FEW_STEPS = {name for name in RECOMMENDED if "Wan 2.2" in name}
"""With a LoRA made for so few steps, which are then fixed."""
MOTION = {name for name in RECOMMENDED if "video" in name or "clip" in name}
JUDGED = {"18 Extend a clip with Wan 2.2": "17"}
"""Where something else is saved than judged: of a clip that is made longer, the new segment alone."""
TITLE = 30
"""Height of a node's title in the page, above its position."""
THUMBNAIL, THUMBNAIL_BYTES = (512, 320), 40_000
WIDEST, NEAR = 2000, 60
"""Pixels of the canvas at full size."""

every_template = pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
every_graph = pytest.mark.parametrize("path", API, ids=lambda path: path.stem)


def fits(given, wanted):
    """Pass-through nodes have sockets of any type."""
    return given == wanted or "*" in (given, wanted)


def test_every_template_has_both_forms():
    assert [path.name for path in UI] == [path.name for path in API]
    assert UI


PUT_IN_BY_REPAIRS = {"ImitatoesRegionCrop", "ImitatoesRegionStitch"}
"""A run puts them into its own graph, and test_contract_repairs runs that."""


QUEUED_ALONE = {"ImitatoesJudgeSelfTest"}
"""Once for an encoder, and test_real_encoder queues it."""


def test_every_node_of_ours_is_in_a_template():
    used = {node["class_type"] for path in API for node in read(path).values()}
    ours = set(json.loads(reference.SCHEMAS.read_text(encoding="utf-8")))
    assert ours - PUT_IN_BY_REPAIRS - QUEUED_ALONE <= used


@every_template
def test_both_forms_are_the_same_graph(path):
    graph = api_graph(path.stem)
    for entry in graph.values():
        entry.pop("_meta", None)
    assert as_api(read(path)) == graph


@every_template
def test_links_are_written_alike_at_both_ends(path):
    workflow = read(path)
    nodes = {node["id"]: node for node in workflow["nodes"]}
    assert len(nodes) == len(workflow["nodes"])
    assert workflow["last_node_id"] >= max(nodes)
    assert workflow["last_link_id"] >= max(link[0] for link in workflow["links"])
    at_inputs = {(e["link"], n, i) for n in nodes for i, e in enumerate(nodes[n]["inputs"]) if e["link"] is not None}
    at_outputs = {
        (link, n, i) for n in nodes for i, e in enumerate(nodes[n].get("outputs", [])) for link in e["links"] or []
    }
    assert at_outputs == {(link[0], link[1], link[2]) for link in workflow["links"]}
    assert at_inputs == {(link[0], link[3], link[4]) for link in workflow["links"]}
    for link_id, source, slot, target, place, kind in workflow["links"]:
        output, entry = nodes[source]["outputs"][slot], nodes[target]["inputs"][place]
        assert kind == output["type"], link_id
        assert fits(kind, entry["type"]), link_id
        assert kind == classes()[nodes[source]["type"]]["output"][slot], link_id


@every_graph
def test_every_required_input_is_there_and_every_link_has_its_type(path):
    graph = read(path)
    for node_id, node in graph.items():
        known = {name: (spec, required) for name, spec, required in inputs_of(classes()[node["class_type"]])}
        assert set(node["inputs"]) - set(NEWER.get(node["class_type"], ())) <= set(known), node_id
        assert {name for name, (_, required) in known.items() if required} <= set(node["inputs"]), node_id
        for name, value in node["inputs"].items():
            if isinstance(value, list):
                source, slot = value
                given = classes()[graph[source]["class_type"]]["output"][slot]
                assert fits(given, type_of(known[name][0])), (node_id, name)


@every_graph
def test_the_preflight_finds_nothing(path):
    found = check(read(path), classes()).findings
    assert [finding.message() for finding in found if finding.input not in sum(NEWER.values(), ())] == []


@every_template
def test_missing_models_can_be_fetched_by_name(path):
    """The page offers to download what a template needs: each model file has its address beside it, and its folder is
    the one that the loader reads. A note names it too, for those who do it by hand."""
    workflow, folders = read(path), reference.model_folders()
    files = {v for n in workflow["nodes"] for v in n["widgets_values"] if str(v).endswith(".safetensors")}
    offered = models_offered(workflow)
    notes = "\n".join(n["widgets_values"][0] for n in workflow["nodes"] if n["type"] in NOTES)
    assert {model["name"] for model in offered} == files
    for model in offered:
        assert model["url"].startswith("https://")
        assert model["url"].removesuffix("?download=true").endswith("/" + model["name"])
        assert f"[{model['name']}]({model['url']})" in notes
    for node in api_graph(path.stem).values():
        for name, value in node["inputs"].items():
            if isinstance(value, str) and value in files:
                folder = folders[f"{node['class_type']}.{name}"]
                assert (value, folder) in {(model["name"], model["directory"]) for model in offered}


@every_template
def test_a_note_says_what_to_do(path):
    first, *_ = [n["widgets_values"][0] for n in read(path)["nodes"] if n["type"] in NOTES]
    assert first.startswith("## ")
    assert "\n1. " in first
    graph = api_graph(path.stem)
    critics = [node["inputs"] for node in graph.values() if node["class_type"] == CRITIC_CLASS]
    if critics:
        if judged_by_encoder(graph[the_loop(graph)[1]]):
            assert "Nothing to start" in first
            assert "ollama pull" not in first
        elif path.stem != TUTORIAL:
            assert f"`ollama pull {critics[0]['model']}`" in first
        hub = graph[the_loop(graph)[0]]["inputs"]
        assert f"{hub['iterations_per_loop'] * hub['max_loops']} renders" in first


def box(node):
    (x, y), (width, height) = node["pos"], node["size"]
    return region(x, y - TITLE, width, height + TITLE)


def region(x, y, width, height):
    return x, y, x + width, y + height


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(inner, outer):
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


@every_template
def test_nothing_lies_on_top_of_anything_and_every_node_is_in_a_group(path):
    workflow = read(path)
    boxes = {f"{node['id']} {node['type']}": box(node) for node in workflow["nodes"]}
    groups = {group["title"]: region(*group["bounding"]) for group in workflow["groups"]}
    assert [pair for pair in combinations(boxes, 2) if overlap(boxes[pair[0]], boxes[pair[1]])] == []
    assert [pair for pair in combinations(groups, 2) if overlap(groups[pair[0]], groups[pair[1]])] == []
    for name, place in boxes.items():
        holders = [title for title, group in groups.items() if overlap(place, group)]
        if name.split()[1] in NOTES:
            assert holders == [], name
        else:
            assert len(holders) == 1 and inside(place, groups[holders[0]]), name


@every_template
def test_a_template_opens_readable(path):
    """No wider than a screen shows at a size that can be read, and each note beside what it explains."""
    workflow = read(path)
    groups = [region(*group["bounding"]) for group in workflow["groups"]]
    notes = [box(node) for node in workflow["nodes"] if node["type"] in NOTES]
    everything = [*groups, *notes]
    left, top = (min(one[at] for one in everything) for at in (0, 1))
    assert max(one[2] for one in everything) - left <= WIDEST
    first, *others = notes
    assert (first[0], first[1]) == (left, top), "what to do stands where one begins to read"
    for note in others:
        assert min(gap_between(note, group) for group in groups) <= NEAR


def gap_between(one, other):
    across = max(0, one[0] - other[2], other[0] - one[2])
    return across + max(0, one[1] - other[3], other[1] - one[3])


def test_titles_say_in_words_what_each_does_in_an_order_that_leads():
    titles = [path.stem for path in UI]
    assert [title.split()[0] for title in titles] == [f"{number:02}" for number in range(1, len(titles) + 1)]
    assert all(re.fullmatch(r"\d\d [A-Z][A-Za-z0-9 .,()-]+", title) for title in titles)
    kinds = (
        "See it improve",
        "Text to picture",
        "Edit by words until",
        "Picture to video",
        "Edit by words, once",
        "Find",
        "Text to video",
        "Picture to video with LTX-2.3",
        "Extend a clip",
    )
    fitting = [[kind for kind in kinds if title[3:].startswith(kind)] for title in titles]
    order = [kinds.index(max(found, key=len)) for found in fitting]
    assert order == sorted(order)


@every_template
def test_the_template_browser_has_a_picture_to_show(path):
    picture = path.with_suffix(".jpg")
    with Image.open(picture) as shown:
        assert (shown.format, shown.size) == ("JPEG", THUMBNAIL)
    assert picture.stat().st_size <= THUMBNAIL_BYTES


@pytest.mark.parametrize("name", sorted(set(RECOMMENDED) & set(LOOPS)))
def test_a_loop_starts_with_the_values_of_its_family(name):
    graph = api_graph(name)
    named, sampler, scheduler, steps, cfg = RECOMMENDED[name]
    family, hub = family_in(graph), graph[the_loop(graph)[0]]["inputs"]
    assert family.name == named
    assert (hub["steps"], hub["cfg"]) == (steps, cfg)
    first = reference.roles(graph, classes()).first
    inputs = graph[first.node]["inputs"]
    chosen = graph[inputs["sampler"][0]]["inputs"] if "sampler" in inputs else inputs
    assert (chosen["sampler_name"], inputs.get("scheduler")) == (sampler, scheduler)
    if name not in FEW_STEPS:
        assert family.steps[0] <= steps <= family.steps[1]
    assert family.cfg[0] <= cfg <= family.cfg[1]
    assert (family.prompt.style == "motion") == (name in MOTION)
    for node in graph.values():
        values = node["inputs"]
        if "guidance" in values:
            assert family.guidance[0] <= values["guidance"] <= family.guidance[1]
        if "shift" in values:
            assert family.shift[0] <= values["shift"] <= family.shift[1]
        if isinstance(values.get("width"), int):
            assert not (values["width"] % family.size.multiple or values["height"] % family.size.multiple)
        if "length" in values and node["class_type"] != "ImageFromBatch":
            assert values["length"] == family.frames.nearest(values["length"]) == family.frames.default


def test_every_self_improving_template_of_a_family_is_checked_against_its_values():
    assert {name for name in LOOPS if family_in(api_graph(name))} <= set(RECOMMENDED)


def unwrapped(graph):
    """The plain graph behind a loop: its own texts and numbers in their places, a SaveImage where the critic was."""
    hub, critic = the_loop(graph)
    start = {slot: graph[hub]["inputs"][name] for name, slot in OUTPUTS.items()}
    source = graph[critic]["inputs"]["images"]
    saved = any(node["class_type"] == "SaveVideo" for node in graph.values())
    plain = {
        node_id: {
            "class_type": node["class_type"],
            "inputs": {k: _own(v, hub, start) for k, v in node["inputs"].items()},
        }
        for node_id, node in graph.items()
        if node_id not in (hub, critic)
    }
    if not saved:
        plain[critic] = {"class_type": "SaveImage", "inputs": {"images": source, "filename_prefix": "plain"}}
    return plain


def _own(value, hub, start):
    return start[value[1]] if isinstance(value, list) and value[0] == hub else value


def steered(graph):
    """(node, input, output of the hub) of every link from the hub, but for the critic's; and what the critic sees."""
    hub, critic = the_loop(graph)
    links = {
        (node_id, name, value[1])
        for node_id, node in graph.items()
        for name, value in node["inputs"].items()
        if node_id != critic and isinstance(value, list) and value[0] == hub
    }
    return links, graph[critic]["inputs"]["images"]


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_wired_as_the_pack_itself_would_wire_it(name):
    graph = api_graph(name)
    hub = graph[the_loop(graph)[0]]
    assert hub["class_type"] == LOOP_CLASS
    made = wrap(unwrapped(graph), hub["inputs"]["goal"], classes(), judge_node=JUDGED.get(name, ""))
    assert steered(made.graph) == steered(graph)


def test_no_thumbnail_is_left_of_a_template_that_is_gone():
    assert {path.stem for path in FOLDER.glob("*.jpg")} == {path.stem for path in UI}
