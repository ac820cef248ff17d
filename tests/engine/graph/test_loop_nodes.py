from __future__ import annotations

import pytest
from pack.engine.graph.loop_nodes import (
    CRITIC_CLASS,
    LOOP_CLASS,
    LoopNotFound,
    as_queued,
    judged_by_model,
    the_loop,
    with_settings,
)
from pack.engine.settings import Settings

SETTINGS = Settings(prompt="new", negative="n", seed=2**64 - 1, steps=3, cfg=1.5)


def graph(**nodes):
    return {
        "a:1": {"class_type": LOOP_CLASS, "inputs": {"goal": "g", "prompt": ["9", 0], "seed": 1}},
        "2": {"class_type": CRITIC_CLASS, "inputs": {"loop": ["a:1", 5], "images": ["8", 0]}},
        **nodes,
    }


def test_finds_the_loop_through_pass_through_nodes():
    through = graph(**{"3": {"class_type": "Reroute", "inputs": {"any": ["a:1", 5]}}})
    through["2"]["inputs"]["loop"] = ["3", 0]
    assert the_loop(through) == ("a:1", "2")


def test_two_loops_are_named():
    two = graph(**{"7": {"class_type": CRITIC_CLASS, "inputs": {"loop": ["a:1", 5]}}})
    with pytest.raises(LoopNotFound, match="2, 7"):
        the_loop(two)


def test_a_critic_with_a_goal_of_its_own_is_no_second_loop():
    assert the_loop(graph(**{"7": {"class_type": CRITIC_CLASS, "inputs": {"goal": "sharp"}}})) == ("a:1", "2")


@pytest.mark.parametrize("loop", [["x", 0], ["8", 0], None, "a:1"])
def test_a_loop_link_that_leads_nowhere_is_explained(loop):
    wrong = graph(**{"8": {"class_type": "KSampler", "inputs": {"model": ["8", 0]}}})
    wrong["2"]["inputs"]["loop"] = loop
    with pytest.raises(LoopNotFound, match="Self-Improving Prompt"):
        the_loop(wrong)


def test_settings_are_literal_and_the_original_is_untouched():
    original = graph()
    original["2"]["is_changed"] = ["old"]
    patched = with_settings(original, "a:1", SETTINGS, "goal now")
    assert patched["a:1"]["inputs"] == {"goal": "goal now", "checklist": "", **SETTINGS.model_dump()}
    assert "is_changed" not in patched["2"]
    assert original["a:1"]["inputs"]["prompt"] == ["9", 0]
    assert original["2"]["is_changed"] == ["old"]


def test_a_goal_is_needed_where_a_model_judges_the_loop():
    assert judged_by_model(graph(), "a:1")
    assert not judged_by_model(graph(), "9")
    offline = graph()
    offline["2"]["inputs"]["judge"] = "offline"
    assert not judged_by_model(offline, "a:1")
    unlinked = graph()
    del unlinked["2"]["inputs"]["loop"]
    assert not judged_by_model(unlinked, "a:1")
    nowhere = graph()
    nowhere["2"]["inputs"]["loop"] = ["x", 0]
    assert not judged_by_model(nowhere, "a:1")


def test_a_list_that_the_server_unwrapped_is_wrapped_again_and_a_link_is_not():
    taken = graph(**{"20": {"class_type": "ImageCompare", "inputs": {"compare_view": ["", ""], "image_a": ["8", 0]}}})
    taken["20"]["is_changed"] = [1.0]
    queued = as_queued(taken)
    assert queued["20"]["inputs"] == {"compare_view": {"__value__": ["", ""]}, "image_a": ["8", 0]}
    assert "is_changed" not in queued["20"] and taken["20"]["inputs"]["compare_view"] == ["", ""]
    assert as_queued(queued) == queued
