"""What is read in a graph: the judged picture, what the loop starts from, the inputs that take it, what stays."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path

import pytest
from pack.engine.graph.loop_plan import plan_loop
from pack.engine.graph.plan_refusal import PlanRefused
from pack.engine.graph.plan_settings import SETTINGS

from .reference import NAMES, graph, object_info, object_info_0_33

CASES = json.loads((Path(__file__).parent / "data" / "graph_cases.json").read_text(encoding="utf-8"))
KITE, FOG = "a paper kite above dunes", "fog, grain"


@cache
def infos():
    return {"0.8.0": object_info(), "0.33.0": object_info_0_33()}


@pytest.fixture(params=["0.8.0", "0.33.0"])
def info(request):
    return infos()[request.param]


def case(name):
    return copy.deepcopy(CASES[name])


def told(plan):
    """The picture, and for each setting the inputs that take it, in one line each."""
    inputs = {name: " ".join(f"{one.node}.{one.input}" for one in plan.inputs[name]) for name in SETTINGS}
    return (f"{plan.judged.source}:{plan.judged.slot}", *(inputs[name] for name in SETTINGS))


PLAIN = ("2.text", "3.text", "5.seed", "5.steps", "5.cfg")
EXPECTED = {
    # name: judged picture, inputs that take prompt, negative, seed, steps, cfg
    "two_branches": ("8:0", *PLAIN),
    "second_pass_saved_first_pass_previewed": ("18:0", "2.text", "3.text", "5.seed", "5.steps", "5.cfg 15.cfg"),
    "compare_core": ("8:0", *PLAIN),
    "compare_rgthree": ("8:0", *PLAIN),
    "dual_cfg_guider": ("15:0", "2.text", "3.text", "11.noise_seed", "13.steps", "10.cfg_conds"),
    "context_node": ("8:0", "2.text", "3.text", "40.seed", "5.steps", "5.cfg"),
    "efficient_loader": ("2:5", "1.positive", "1.negative", "2.seed", "2.steps", "2.cfg"),
    "easy_use_pipe": ("3:1", "1.positive", "1.negative", "2.seed", "2.steps", "2.cfg"),
    "wan_video_wrapper": ("7:0", "3.positive_prompt", "3.negative_prompt", "5.seed", "5.steps", "5.cfg"),
    "prompt_put_together": ("8:0", "40.value", "3.text", "5.seed", "5.steps", "5.cfg"),
    "foreign_token": ("8:0", *PLAIN),
    "empty_prompt": ("8:0", *PLAIN),
    "seed_minus_one": ("8:0", "2.text", "3.text", "40.seed", "5.steps", "5.cfg"),
    "seed_and_steps_from_nodes": ("8:0", "2.text", "3.text", "41.seed", "40.value", "5.cfg"),
    "braces_in_the_prompt": ("8:0", *PLAIN),
    "upscaled_save": ("60:0", *PLAIN),
}
PROMPTS = {
    "dual_cfg_guider": ("make it dusk", "fog, grain, blur, lamps"),
    "efficient_loader": ("a paper kite", "fog"),
    "easy_use_pipe": ("a paper kite", "fog"),
    "wan_video_wrapper": ("a paper kite in wind", "fog"),
    "empty_prompt": ("", FOG),
    "braces_in_the_prompt": ("An infographic titled {{TITLE}} in a bold font", FOG),
}


def test_every_case_is_expected():
    assert set(EXPECTED) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_of_each_case_the_right_picture_is_judged_and_the_right_inputs_are_steered(name, info):
    plan = plan_loop(case(name), info, draw_seed=lambda: 4711)
    assert told(plan) == EXPECTED[name]
    if name != "foreign_token":
        assert (plan.values["prompt"], plan.values["negative"]) == PROMPTS.get(name, (KITE, FOG))


def test_two_pictures_of_equal_rank_are_asked_about_and_either_can_be_named(info):
    plan = plan_loop(case("two_branches"), info)
    assert [question.choices for question in plan.questions] == [("9", "19")]
    other = plan_loop(case("two_branches"), info, judge_node="19")
    assert told(other) == ("18:0", "12.text", "3.text", "15.seed", "15.steps", "15.cfg")
    assert (other.values["prompt"], other.values["seed"], other.questions) == ("a tin boat", 22, ())
    assert told(plan_loop(case("two_branches"), info, judge_node="18")) == told(other)


def test_a_judge_node_that_shows_no_painted_picture_is_refused_with_those_that_do(info):
    with pytest.raises(PlanRefused, match=r"judge_node 4 .* Name one of: 9 \(SaveImage\), 19 \(SaveImage\)") as refused:
        plan_loop(case("two_branches"), info, judge_node="4")
    assert refused.value.input == "judge_node"
    with pytest.raises(PlanRefused, match="There is no node 99"):
        plan_loop(case("two_branches"), info, judge_node="99")


def test_an_earlier_pass_can_be_judged_when_it_is_named(info):
    plan = plan_loop(case("second_pass_saved_first_pass_previewed"), info, judge_node="30")
    assert told(plan) == ("8:0", *PLAIN)


def test_the_seed_of_the_second_pass_is_left_alone_and_told(info):
    plan = plan_loop(case("second_pass_saved_first_pass_previewed"), info)
    left = {(one.setting, one.node): one.reason for one in plan.left}
    assert "seed of node 15 (KSampler)" in left["seed", "15"]
    assert "10" in left["steps", "15"]


def test_what_is_put_behind_the_prompt_is_told(info):
    notes = plan_loop(case("prompt_put_together"), info).notes
    assert notes == ('", 35mm film" is put behind the prompt by node 41 (StringConcatenate) and stays as it is.',)


def test_a_placeholder_is_no_prompt(info):
    plan = plan_loop(case("foreign_token"), info)
    assert [(one.node, one.input, one.text, one.setting) for one in plan.placeholders] == [
        ("2", "text", "${PROMPT}", "prompt")
    ]
    assert "prompt" not in plan.values


def test_minus_one_draws_a_seed(info):
    assert plan_loop(case("seed_minus_one"), info, draw_seed=lambda: 4711).values["seed"] == 4711


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_steered_lies_above_the_judged_picture(name):
    one, info = graph(name), object_info()
    try:
        plan = plan_loop(one, info)
    except PlanRefused as refused:
        assert (refused.kind, refused.node != "") == ("no_sampler", True)
        return
    above = set()
    waiting = [plan.judged.source]
    while waiting:
        node = waiting.pop()
        above.add(node)
        links = [value for value in one[node]["inputs"].values() if isinstance(value, list)]
        waiting += [link[0] for link in links if link[0] not in above]
    assert {place.node for several in plan.inputs.values() for place in several} <= above


@pytest.mark.parametrize(
    ("name", "value"), [("cfg", 10**400), ("cfg", float("nan")), ("steps", "9" * 5000)], ids=["huge", "nan", "digits"]
)
def test_numbers_beyond_all_measure_are_left_alone(name, value, info):
    one = graph("sdxl_txt2img")
    sampler = next(node for node in one.values() if node["class_type"] == "KSampler")
    sampler["inputs"][name] = value
    plan = plan_loop(one, info)
    assert name in [one.setting for one in plan.left]
