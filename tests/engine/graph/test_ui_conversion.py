"""UI workflows made API graphs: as the page makes them, and what the page cannot show."""

from __future__ import annotations

import copy
import json
from datetime import datetime

import pytest
from pack.engine.graph.ui_conversion.convert import convert
from pack.engine.graph.ui_conversion.page_texts import fill_patterns, resolve_dynamic_prompt
from pack.engine.graph.ui_conversion.page_widgets import NEWEST, PageWidget, entered, version_of
from pack.engine.graph.ui_conversion.reading import NotConvertible, is_ui_format

from ...templates import UI, classes, read
from . import reference
from .ui_cases import CASES
from .ui_workflows import basics, node, recorded, sampler, save, subgraph, text, workflow

PAGE_ONLY = {"PreviewAny": ("preview", "previewMode"), "SaveVideo": ("format.codec",), "CreateVideo": ("bit_depth",)}
"""Inputs that a page adds for its own display, or that a newer ComfyUI has."""
OLD_PAGE_DIFFERS = {
    "subgraph": "1.35.9 keeps one text for all nodes that stand for the same subgraph",
    "nested": "1.35.9 loses what a node in a subgraph shows of the graph it stands for",
    "subgraph_muted": "1.35.9 posts what is inside a muted node, for its own menu mutes that too",
    "subgraph_bypassed": "1.35.9 posts what is inside a bypassed node, for its own menu bypasses that too",
}
PAGES = [(version, case) for version, graphs in recorded().items() for case in graphs if case in CASES]


def meaning(graph):
    """Class and inputs of every node, without what only the page needs."""
    return {
        key: (
            one["class_type"],
            {n: v for n, v in one["inputs"].items() if n not in PAGE_ONLY.get(one["class_type"], ())},
        )
        for key, one in graph.items()
    }


def converted(ui, **options):
    return convert(ui, reference.object_info(), **{"choose": lambda count: 0, **options}).graph


@pytest.mark.parametrize(("version", "case"), PAGES)
def test_a_workflow_becomes_what_the_page_made_of_it(version, case):
    ours, theirs = converted(CASES[case], frontend=version_of(version)), recorded()[version][case]
    if version == "1.35.9" and case in OLD_PAGE_DIFFERS:
        assert meaning(ours) != meaning(theirs), f"no longer needed: {OLD_PAGE_DIFFERS[case]}"
        return
    assert meaning(ours) == meaning(theirs)
    if version == "1.35.9":  # the version whose object_info this is
        assert ours == theirs


def test_every_case_was_shown_to_both_pages():
    assert all(set(CASES) <= set(graphs) for graphs in recorded().values())


@pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
def test_our_templates_become_what_the_page_made_of_them(path):
    graph = convert(read(path), classes(), frontend=(1, 35, 9)).graph
    assert meaning(graph) == meaning(recorded()["1.35.9"][f"template {path.stem}"])


def test_the_workflow_is_left_as_it_was():
    for ui in CASES.values():
        before = copy.deepcopy(ui)
        converted(ui)
        assert ui == before


def variables(setter="SetNode", getter="GetNode", *, inside=False):
    """The model goes through a variable to the sampler."""
    set_it = node(8, setter, ["model"], ins={"MODEL": ("MODEL", 1, 0)}, outs="*")
    get_it = node(9, getter, ["model"], outs="MODEL")
    if not inside:
        return workflow(*basics(5), set_it, get_it, sampler(5, ("MODEL", 9, 0)))
    rest = [one for one in basics(5, 7) if one["id"] != 1]
    for one in rest:
        for entry in one["inputs"]:
            if entry["link"][1] == 1:
                entry["link"] = (entry["link"][0], -10, entry["link"][2] - 1)
    body = [*rest, get_it, sampler(5, ("MODEL", 9, 0))]
    definition = subgraph("a", *body, inputs="clip:CLIP vae:VAE", outputs=[("IMAGE", "IMAGE", 6, 0)])
    ends = {"clip": ("CLIP", 1, 1), "vae": ("VAE", 1, 2)}
    host = node(20, definition["id"], ins=ends, outs="IMAGE")
    return workflow(basics()[0], set_it, host, save(7, ("IMAGE", 20, 0)), subgraphs=[definition])


@pytest.mark.parametrize("names", [("SetNode", "GetNode"), ("easy setNode", "easy getNode")])
def test_links_by_name_are_followed(names):
    graph = converted(variables(*names))
    assert graph["5"]["inputs"]["model"] == ["1", 0]
    assert not {"8", "9"} & set(graph)


def test_a_name_set_outside_is_got_inside_a_subgraph():
    assert converted(variables(inside=True))["20:5"]["inputs"]["model"] == ["1", 0]


def test_a_name_that_nobody_sets_is_refused_by_the_getting_node():
    ui = variables()
    ui["nodes"] = [one for one in ui["nodes"] if one["id"] != 8]
    with pytest.raises(NotConvertible, match=r"Node 9 \(GetNode\) gets 'model'") as problem:
        converted(ui)
    assert problem.value.node == "9"


def test_links_that_are_made_everywhere_are_kept_where_nothing_is_drawn():
    ui = workflow(*basics())
    loader_to_sampler = next(link for link in ui["links"] if link[1] == 1 and link[3] == 5)
    ui["links"].remove(loader_to_sampler)
    next(one for one in ui["nodes"] if one["id"] == 5)["inputs"][0]["link"] = None
    everywhere = {"upstream": "1", "upstream_slot": 0, "downstream": 5, "downstream_slot": 0, "type": "MODEL"}
    drawn = {"upstream": 1, "upstream_slot": 0, "downstream": 5, "downstream_slot": 3, "type": "LATENT"}
    ui["extra"]["ue_links"] = [everywhere, drawn, {"upstream": 1}, None]
    graph = converted(ui)
    assert graph["5"]["inputs"]["model"] == ["1", 0]
    assert graph["5"]["inputs"]["latent_image"] == ["4", 0]


def test_values_saved_by_name_are_taken_by_name():
    values = {"steps": 9, "seed": 3, "scheduler": "karras"}
    inputs = converted(workflow(*basics(5), sampler(5, values=values)))["5"]["inputs"]
    assert (inputs["seed"], inputs["steps"], inputs["scheduler"], inputs["cfg"]) == (3, 9, "karras", 8.0)
    named = sampler(5, values=[0, "fixed", 1], widgets_values_named=values)
    assert converted(workflow(*basics(5), named))["5"]["inputs"] == inputs


def test_what_old_files_lack_or_name_otherwise_is_mended_as_by_the_page():
    inputs = converted(workflow(*basics(5), sampler(5, values=[7, True, 20, 8.0, "sample_heun", None, 1.0])))["5"][
        "inputs"
    ]
    assert (inputs["sampler_name"], inputs["scheduler"], inputs["denoise"]) == ("heun", "simple", 1.0)


def test_an_unknown_node_is_refused_by_name_and_place():
    inner = [*basics(5), node(5, "TheirSampler", ins={"model": ("MODEL", 1, 0)}, outs="LATENT")]
    definition = subgraph("a", *[one for one in inner if one["id"] != 7], outputs=[("IMAGE", "IMAGE", 6, 0)])
    host = node(20, definition["id"], outs="IMAGE")
    ui = workflow(host, save(7, ("IMAGE", 20, 0)), subgraphs=[definition])
    with pytest.raises(NotConvertible, match=r"Node 20:5 \(TheirSampler\): this ComfyUI has no such node") as problem:
        converted(ui)
    assert problem.value.node == "20:5"


def test_a_group_node_is_refused_with_what_to_do():
    group = node(8, "workflow>mine", ins={"model": ("MODEL", 1, 0)}, outs="MODEL")
    with pytest.raises(NotConvertible, match="convert it to a subgraph"):
        converted(workflow(*basics(5), group, sampler(5, ("MODEL", 8, 0))))


@pytest.mark.parametrize("mode", [2, 4])
def test_an_unknown_node_that_is_switched_off_does_no_harm(mode):
    theirs = node(8, "TheirPatch", ins={"model": ("MODEL", 1, 0)}, outs="MODEL", mode=mode)
    graph = converted(workflow(*basics(5), theirs, sampler(5, ("MODEL", 8, 0))))
    assert graph["5"]["inputs"].get("model") == (["1", 0] if mode == 4 else None)


def test_an_unknown_node_that_is_joined_to_nothing_is_left_out():
    graph = converted(workflow(*basics(), node(8, "Their Label", ["hello"])))
    assert set(graph) == {"1", "2", "3", "4", "5", "6", "7"}


def test_what_only_the_page_can_make_is_refused():
    with pytest.raises(NotConvertible, match=r"Node 1 \(WebcamCapture\), input image: only the page"):
        camera = node(1, "WebcamCapture", ["", 64, 64, True], outs="IMAGE")
        converted(workflow(camera, save(2, ("IMAGE", 1, 0))))


def test_a_subgraph_that_holds_itself_is_refused():
    definition = subgraph("a", node(8, "x", ins={"image": ("IMAGE", -10, 0)}, outs="IMAGE"), inputs="image:IMAGE",
                          outputs=[("IMAGE", "IMAGE", 8, 0)])  # fmt: skip
    definition["nodes"][0]["type"] = definition["id"]
    host = node(20, definition["id"], outs="IMAGE")
    with pytest.raises(NotConvertible, match="holds itself"):
        converted(workflow(host, save(7, ("IMAGE", 20, 0)), subgraphs=[definition]))


def test_links_that_go_round_are_refused():
    ring = [node(number, "Reroute", ins={"": ("MODEL", 17 - number, 0)}, outs="MODEL") for number in (8, 9)]
    with pytest.raises(NotConvertible, match="go round"):
        converted(workflow(*basics(5), *ring, sampler(5, ("MODEL", 9, 0))))


def test_two_nodes_of_one_id_are_refused():
    with pytest.raises(NotConvertible, match="Two nodes of the workflow have the id 3"):
        converted(workflow(*basics(), text(3, "again")))


def test_a_prompt_with_alternatives_is_drawn_and_told():
    ui = workflow(*basics(2), text(2, "a {red|blue|{old|new} green} fox"))
    done = convert(ui, reference.object_info(), choose=lambda count: count - 1)
    assert done.graph["2"]["inputs"]["text"] == "a new green fox"
    assert len(done.notes) == 1
    assert done.notes[0].startswith("Node 2 (CLIP Text Encode (Prompt)): of each {one|other} in its text one was drawn")
    drawn = {convert(ui, reference.object_info()).graph["2"]["inputs"]["text"] for _ in range(60)}
    assert drawn == {f"a {word} fox" for word in ("red", "blue", "old green", "new green")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("plain", "plain"),
        ("https://example.com/{a}", "https:"),
        ("{a|{b|c}|d", "a"),
        (r"\{a|b\} and \| {x\|y|z}", "{a|b} and | x|y"),
        ("{" * 200 + "a", "a"),
    ],
)
def test_dynamic_prompts_are_resolved_as_by_the_page(before, after):
    assert resolve_dynamic_prompt(before, lambda count: 0).lstrip("{") == after.lstrip("{")


def test_dates_in_file_names():
    text = "%date:yyyy-MM-dd_hhmmss%/%date:yy.M.d%_%date:d/M%_%height%"
    filled = fill_patterns(text, lambda name, widget: None, datetime(2026, 3, 4, 5, 6, 7))
    assert filled == "2026-03-04_050607/26_4/3_%height%"  # the page reads a date only up to a full stop


def test_values_of_widgets_that_only_a_pack_knows_are_placed_or_told():
    rows = [{}, {"type": "header"}, {"on": True, "lora": "a.safetensors", "strength": 0.5}, {}, ""]
    ends = {"model": ("MODEL", 1, 0), "clip": ("CLIP", 1, 1)}
    kinds = {"model": ["MODEL"], "clip": ["CLIP"]}
    described = {"input": {"required": {}, "optional": kinds}, "output": ["MODEL", "CLIP"], "display_name": "Theirs"}
    info = {**reference.object_info(), "Power Lora Loader (rgthree)": described, "TheirLoader": described}
    for kind in ("Power Lora Loader (rgthree)", "TheirLoader"):
        loras = node(8, kind, rows, ins=ends, outs="MODEL CLIP")
        done = convert(workflow(*basics(5), loras, sampler(5, ("MODEL", 8, 0))), info)
        inputs = done.graph["8"]["inputs"]
        if kind == "TheirLoader":
            assert set(inputs) == {"model", "clip"}
            assert "Node 8 (Theirs) has values of widgets that only the page of its pack knows" in done.notes[0]
        else:
            assert inputs["lora_1"] == rows[2]
            assert done.notes == ()


JUNK = [None, 0, "x", [], {}, [1], {"id": 1}, True, -1, 1.5, [[1, 2]], {"nodes": []}, "--5", "9" * 5000]


def places(value, path=()):
    """Every place in JSON, as a path of keys."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in entries:
        yield from places(one, (*path, key))


def test_junk_anywhere_is_converted_or_refused_never_a_crash():
    for name in ("nested", "primitives", "autogrow", "shown"):
        for number, path in enumerate(places(CASES[name])):
            ui = copy.deepcopy(CASES[name])
            at = ui
            for key in path[:-1]:
                at = at[key]
            if not path:
                continue
            at[path[-1]] = copy.deepcopy(JUNK[number % len(JUNK)])
            if not is_ui_format(ui):
                continue
            try:
                json.dumps(converted(ui))
            except NotConvertible as problem:
                assert problem.what
                assert problem.fix


@pytest.mark.parametrize(
    ("kind", "options", "value", "shown"),
    [
        ("INT", {}, 2.5, 3),
        ("INT", {"step": 8, "min": 4}, 21, 20),
        ("FLOAT", {"step": 0.1}, 0.26, 0.3),
        ("FLOAT", {"step": 0.01, "max": 1.0}, 1.2345, 1.0),
        ("FLOAT", {"step": 1}, 1.25, 1.25),
        ("FLOAT", {"step": 0.1, "round": 0.01}, 4.26789, 4.3),
        ("STRING", {}, "2.5", "2.5"),
        ("INT", {}, True, True),
    ],
)
def test_what_is_entered_is_rounded_as_the_widget_rounds_it(kind, options, value, shown):
    assert entered(PageWidget("x", kind, None, options=options), value) == shown


def test_versions_are_read():
    assert version_of("1.49.6") == (1, 49, 6)
    assert version_of("1.24.0-1") == (1, 24, 0)
    assert version_of("nightly") == NEWEST
