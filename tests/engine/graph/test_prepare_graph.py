"""From a script's order to the graph that is queued."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.graph.check import check
from pack.engine.graph.loop_nodes import OUTPUTS, the_loop
from pack.engine.graph.prepare_graph import MOST_REPAIRED, NotReady, prepare_graph
from pack.engine.graph.run_request import MOST_NODES, RunRequest
from pack.engine.graph.ui_conversion.convert import convert
from pydantic import ValidationError

from .reference import NAMES, graph, object_info, object_info_0_33, ui_workflow

GOAL = "a red fox in deep snow"
SDXL = "sdxl_txt2img"


def ready(workflow=None, **fields):
    return prepare_graph(RunRequest(workflow=graph(SDXL) if workflow is None else workflow, **fields), object_info())


def refused(workflow=None, **fields):
    with pytest.raises(NotReady) as caught:
        ready(workflow, **fields)
    return caught.value


def hub_and_critic(made):
    return [made.graph[node]["inputs"] for node in the_loop(made.graph)]


def looped():
    return ready(goal=GOAL).graph


def test_a_plain_graph_is_wrapped_and_told_apart():
    made = ready(goal=GOAL)
    hub, _ = hub_and_critic(made)
    assert (hub["goal"], hub["seed"]) == (GOAL, 42)
    assert made.rejected == ()
    assert any(line.startswith("+") and "ImitatoesSelfImprovingPrompt" in line for line in made.lines)
    assert made.graph["1"] == graph(SDXL)["1"], "what the loop does not touch stays"


def test_the_given_workflow_is_never_changed():
    given_one = graph(SDXL)
    before = copy.deepcopy(given_one)
    ready(given_one, goal=GOAL, settings={"steps": 3}, repair=True)
    assert given_one == before


def test_what_only_the_page_shows_is_written_as_the_page_does():
    """compare_view of core's ImageCompare is required, and holds nothing that the server reads."""
    workflow = graph(SDXL)
    picture = next(node["inputs"]["images"] for node in workflow.values() if node["class_type"] == "SaveImage")
    workflow["99"] = {"class_type": "ImageCompare", "inputs": {"image_a": picture}}
    order = RunRequest(workflow=workflow, goal=GOAL)
    made = prepare_graph(order, object_info_0_33())
    assert made.graph["99"]["inputs"]["compare_view"] == {"__value__": ["", ""]}
    assert not [finding for finding in made.findings if finding.node == "99"]


def test_what_was_asked_for_is_written_into_the_two_nodes():
    made = ready(
        goal=GOAL,
        checklist=["a fox", "snow"],
        settings={
            **{"prompt": "fox", "negative": "dog", "seed": 2**63, "steps": 3, "cfg": 2},
            "seed_policy": "keep",
            "vary": "seed",
        },
        limits={
            "iterations_per_loop": 2,
            "max_loops": 1,
            "pass_score": 0.5,
            "render_minutes": 1,
            "confidence": 0.9,
            "minutes": 30,
            "repair_with": "off",
        },
        critic={"model": "gemma3:4b", "judge": "offline", "connection": "workstation"},
    )
    hub, critic = hub_and_critic(made)
    assert hub == {
        **{"goal": GOAL, "checklist": "a fox\nsnow", "prompt": "fox", "negative": "dog", "seed": 2**63, "steps": 3},
        **{"cfg": 2, "seed_policy": "keep", "iterations_per_loop": 2, "max_loops": 1, "pass_score": 0.5},
        "render_minutes": 1,
        "paid_renders": 0,
        "confidence": 0.9,
        "minutes": 30,
        "repairs": -1,
        "vary": "seed",
        "repair_with": "off",
    }
    assert (critic["model"], critic["judge"], critic["connection"]) == ("gemma3:4b", "offline", "workstation")
    assert made.rejected == ()


def test_a_graph_with_a_loop_keeps_what_is_not_asked_for():
    given_one = looped()
    hub, critic = (given_one[node]["inputs"] for node in the_loop(given_one))
    made = ready(given_one, settings={"steps": 3})
    assert hub_and_critic(made) == [{**hub, "steps": 3}, critic]
    assert made.lines == (f"~ {the_loop(given_one)[0]}.steps: {hub['steps']} -> 3",)
    assert ready(given_one, wrap="never").lines == ()


def test_a_linked_input_is_replaced_by_what_is_asked_for():
    given_one = looped()
    loop_node, _ = the_loop(given_one)
    given_one["90"] = {"class_type": "PrimitiveString", "inputs": {"value": "a dog"}}
    given_one[loop_node]["inputs"]["prompt"] = ["90", 0]
    hub, _ = hub_and_critic(ready(given_one, settings={"prompt": "a fox"}))
    assert hub["prompt"] == "a fox"


def test_tokens_are_filled_before_the_loop_takes_the_words():
    tokened = graph(SDXL)
    tokened["2"]["inputs"]["text"] = 'a "__PROMPT__"'
    tokened["5"]["inputs"]["seed"] = "{{SEED}}"
    hub, _ = hub_and_critic(ready(tokened, goal=GOAL, tokens={"prompt": 'fox "in" snow', "seed": 7}))
    assert (hub["prompt"], hub["seed"]) == ('a "fox "in" snow"', 7)
    problem = refused(tokened, goal=GOAL, tokens={"prompt": "x"}).problem
    assert (problem.kind, problem.input) == ("tokens", "tokens")
    assert "SEED has no value" in problem.what


@pytest.mark.parametrize(
    ("workflow", "said"),
    [
        ({"prompt": graph(SDXL)}, "`prompt`"),
        ([], "Export (API)"),
        ("text", "Export (API)"),
        ({"1": "x"}, "Export (API)"),
    ],
)
def test_what_is_no_api_graph_is_told_how_to_become_one(workflow, said):
    problem = refused(workflow, goal=GOAL).problem
    assert (problem.kind, problem.input) == ("not_an_api_graph", "workflow")
    assert said in problem.fix
    assert refused({}, goal=GOAL).problem.kind == "prompt_no_outputs"


def test_a_workflow_of_the_canvas_is_made_ready_as_the_same_graph_in_api_format():
    exported = ready(convert(ui_workflow(), object_info()).graph, goal=GOAL)
    saved = prepare_graph(RunRequest(workflow=ui_workflow(), goal=GOAL), object_info(), frontend="1.35.9")
    assert saved.graph == exported.graph
    assert saved.lines == exported.lines


def test_what_the_canvas_drew_is_told_and_what_cannot_be_converted_names_its_node():
    drawn = ui_workflow()
    drawn["nodes"][1]["widgets_values"] = ["a {red|red} fox"]
    said = [one.what for one in ready(drawn, goal=GOAL).findings if one.kind == "note"]
    assert any(what.startswith("Node 2 (CLIP Text Encode (Prompt)): of each {one|other}") for what in said)
    unknown = ui_workflow()
    unknown["nodes"][4]["type"] = "TheirSampler"
    problem = refused(unknown, goal=GOAL).problem
    assert (problem.kind, problem.node, problem.input) == ("not_convertible", "5", "")
    assert "TheirSampler" in problem.what
    twice = ui_workflow()
    twice["nodes"].append(twice["nodes"][0])
    assert (refused(twice, goal=GOAL).problem.kind, refused(twice, goal=GOAL).problem.node) == ("not_convertible", "1")
    nameless = ui_workflow()
    del nameless["nodes"][0]["type"]
    problem = refused(nameless, goal=GOAL).problem
    assert (problem.kind, problem.node, problem.input) == ("not_convertible", "", "workflow")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"__value__": [1.0, float("-inf")]}])
def test_what_json_cannot_hold_is_no_number(value):
    broken = graph(SDXL)
    broken["5"]["inputs"]["cfg"] = value
    problem = refused(broken, goal=GOAL).problem
    assert (problem.kind, problem.node, problem.input) == ("not_a_number", "5", "cfg")


def test_a_goal_is_needed_but_may_come_from_the_workflow():
    assert refused(goal="  ").problem.input == "goal"
    given_one = looped()
    assert ready(given_one).rejected == ()
    given_one[the_loop(given_one)[0]]["inputs"]["goal"] = ""
    problem = refused(given_one).problem
    assert (problem.node, problem.input) == (the_loop(given_one)[0], "goal")
    assert ready(given_one, critic={"judge": "offline"}).rejected == ()


@pytest.mark.parametrize("checklist", ["\n".join(f"fox {n}" for n in range(31)), ["x" * 201]])
def test_a_checklist_that_cannot_be_judged_is_refused(checklist):
    problem = refused(goal=GOAL, checklist=checklist).problem
    assert (problem.kind, problem.input) == ("checklist", "checklist")
    assert problem.fix


def test_never_wrapping_needs_a_loop():
    problem = refused(goal=GOAL, wrap="never").problem
    assert (problem.kind, problem.input) == ("no_loop", "workflow")


def test_half_a_loop_and_two_loops_are_refused():
    half = looped()
    _, critic_node = the_loop(half)
    twice = copy.deepcopy(half)
    del half[critic_node]["inputs"]["loop"]
    problem = refused(half, goal=GOAL).problem
    assert (problem.kind, "take VLM Critique" in problem.fix) == ("no_loop", True)
    twice["99"] = copy.deepcopy(twice[critic_node])
    assert "2 loops" in refused(twice, goal=GOAL).problem.what


def test_a_graph_that_cannot_be_wrapped_because_it_is_broken_is_told_the_fault():
    broken = graph(SDXL)
    broken["5"]["class_type"] = "KSamplre"
    del broken["5"]["inputs"]["seed"]
    found = refused(broken, goal=GOAL)
    assert (found.problem.kind, found.problem.node) == ("missing_node_type", "5")
    assert any("KSampler" in repair.sentence for repair in found.repairs)
    upscaled = refused(graph("upscale_2x"), goal=GOAL).problem
    assert (upscaled.kind, upscaled.node) == ("no_loop", "5")


def test_a_misspelt_sampler_is_still_read_as_one_and_refused_for_its_name():
    broken = graph(SDXL)
    broken["5"]["class_type"] = "KSamplre"
    made = ready(broken, goal=GOAL)
    assert [(found.kind, found.node) for found in made.rejected] == [("missing_node_type", "5")]
    assert any("KSampler" in repair.sentence for repair in made.repairs)


def test_what_other_programs_would_fill_is_named_in_a_workflow_with_and_without_a_loop():
    for workflow, node in ((graph(SDXL), "2"), (looped(), None)):
        node = node or the_loop(workflow)[0]
        name = "prompt" if "prompt" in workflow[node]["inputs"] else "text"
        workflow[node]["inputs"][name] = "PARAM_PROMPT"
        problem = refused(workflow, goal=GOAL).problem
        assert (problem.kind, problem.node, problem.input) == ("placeholder", node, name)
        assert "PARAM_PROMPT" in problem.what
        made = ready(workflow, goal=GOAL, settings={"prompt": "a fox"})
        assert hub_and_critic(made)[0]["prompt"] == "a fox"


def test_a_size_left_to_another_program_is_named_and_a_file_name_is_comfyuis_own():
    unfilled = graph(SDXL)
    unfilled["4"]["inputs"]["width"] = "${WIDTH}"
    unfilled["7"]["inputs"]["filename_prefix"] = "%width%"
    problem = refused(unfilled, goal=GOAL).problem
    assert (problem.kind, problem.node, problem.input) == ("placeholder", "4", "width")
    assert "%width%" not in problem.what


def test_a_placeholder_that_the_workflow_fills_itself_is_none():
    filling = graph(SDXL)
    words = {"string": "a fox, {{size}}", "find": "{{size}}", "replace": "large"}
    filling["20"] = {"class_type": "StringReplace", "inputs": words}
    filling["2"]["inputs"]["text"] = ["20", 0]
    assert ready(filling, goal=GOAL).rejected == ()


def test_an_unfilled_seed_is_drawn():
    unfilled = graph(SDXL)
    unfilled["5"]["inputs"]["seed"] = "${SEED}"
    assert isinstance(hub_and_critic(ready(unfilled, goal=GOAL))[0]["seed"], int)


def test_a_seed_of_minus_one_is_drawn():
    seeds = {hub_and_critic(ready(goal=GOAL, settings={"seed": -1}))[0]["seed"] for _ in range(5)}
    assert len(seeds) > 1
    assert min(seeds) >= 0


def broken_sdxl():
    broken = graph(SDXL)
    broken["5"]["inputs"].update(scheduler="karas", steps="25")
    del broken["5"]["inputs"]["cfg"]
    return broken


def test_repairs_are_proposed_and_done_only_when_asked_for():
    made = ready(broken_sdxl(), goal=GOAL)
    assert {finding.kind for finding in made.rejected} == {"value_not_in_list", "required_input_missing"}
    assert made.repaired == ()
    assert any(repair.certain and "karras" in repair.sentence for repair in made.repairs)
    mended = ready(broken_sdxl(), goal=GOAL, repair=True)
    assert mended.rejected == ()
    assert mended.graph["5"]["inputs"]["scheduler"] == "karras"
    assert any("karras" in sentence for sentence in mended.repaired)
    assert any("karras" in line for line in mended.lines)


def test_a_model_that_is_not_installed_is_never_replaced_unasked():
    missing = graph(SDXL)
    missing["1"]["inputs"]["ckpt_name"] = "sd_xl_base_1.1.safetensors"
    made = ready(missing, goal=GOAL, repair=True)
    assert made.graph["1"]["inputs"]["ckpt_name"] == "sd_xl_base_1.1.safetensors"
    assert made.rejected[0].kind == "value_not_in_list"
    assert [repair.certain for repair in made.repairs if repair.finding.node == "1"] == [False]


def test_a_setting_that_nothing_takes_is_told():
    given_one = looped()
    given_one["5"]["inputs"]["cfg"] = 7.0
    kinds = {(f.kind, f.input) for f in ready(given_one, settings={"cfg": 5, "steps": 3}).warnings}
    assert ("setting_unused", "cfg") in kinds
    assert ("setting_unused", "steps") not in kinds


def test_graphs_beyond_all_measure_are_refused_or_left_unrepaired():
    many = {str(number): {"class_type": "VAEDecode", "inputs": {}} for number in range(MOST_NODES + 1)}
    assert refused(many, goal=GOAL).problem.kind == "too_many_nodes"
    several = {**looped(), **{f"x{n}": {"class_type": "PreviewImage", "inputs": {}} for n in range(MOST_REPAIRED + 1)}}
    made = ready(several, repair=True)
    assert (made.repairs, made.repaired) == ((), ())
    assert len(made.rejected) > MOST_REPAIRED


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_graph_is_made_ready_or_says_why_not(name):
    if name in ("upscale_2x", "video_upscale"):
        assert refused(graph(name), goal=GOAL).problem.fix
        return
    made = ready(graph(name), goal=GOAL)
    assert made.rejected == check(graph(name), object_info()).rejected
    assert ready(made.graph).lines == ()


@settings(deadline=None)
@given(
    prompt=st.text(max_size=80),
    seed=st.integers(0, 2**64 - 1),
    steps=st.integers(1, 10_000),
    cfg=st.floats(0, 100),
)
def test_settings_arrive_as_they_are(prompt, seed, steps, cfg):
    wishes = {"prompt": prompt, "seed": seed, "steps": steps, "cfg": cfg}
    made = ready(goal=GOAL, settings=wishes)
    hub, _ = hub_and_critic(made)
    assert {name: hub[name] for name in wishes} == wishes
    assert made.rejected == ()
    assert set(wishes) <= set(OUTPUTS)


@pytest.mark.parametrize(
    "fields",
    [
        {"settings": {"steps": 0}},
        {"settings": {"steps": "20"}},
        {"settings": {"seed": -2}},
        {"settings": {"seed": 2**64}},
        {"settings": {"seed": True}},
        {"settings": {"sampler": "euler"}},
        {"limits": {"max_loops": 101}},
        {"limits": {"pass_score": 1.5}},
        {"limits": {"render_minutes": float("nan")}},
        {"limits": {"minutes": -1}},
        {"limits": {"confidence": 1.0}},
        {"critic": {"url": "http://192.0.2.1"}},
        {"wrap": "always"},
        {"goal": "x" * 20_001},
        {"surprise": 1},
    ],
)
def test_an_order_holds_nothing_but_what_is_named_and_in_range(fields):
    with pytest.raises(ValidationError):
        RunRequest(workflow={}, **fields)
