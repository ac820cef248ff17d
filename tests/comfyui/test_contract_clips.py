"""A clip is one thing to a run, on a whole ComfyUI: one verdict, one picture of it, its frames for a second look."""

from __future__ import annotations

import pytest
from PIL import Image

from .theatre import MODEL, pixels

LENGTH, WIDTH, HEIGHT = 25, 256, 160


def clip_graph(courses="one good, steady", *, checklist="a red circle", frames=None, save=True, **inputs):
    """SelfImprovingPrompt (10) -> clip painter (6) -> VLMCritique (11), saved as an animation (8)."""
    values = {"goal": checklist, "prompt": "a red circle", "negative": "", "seed": 7, "steps": 20, "cfg": 7.0}
    limits = {"iterations_per_loop": 3, "max_loops": 1, "pass_score": 0.8, "seed_policy": "auto"}
    hub = {**values, **limits, "checklist": checklist, **inputs}
    painter = {"prompt": ["10", 0], "seed": ["10", 2], "courses": courses, "first_seed": 7}
    painter |= {"length": LENGTH, "width": WIDTH, "height": HEIGHT, "seconds": 0.0}
    graph = {
        "10": {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": hub},
        "6": {"class_type": "RehearsalClip", "inputs": painter},
        "11": {
            "class_type": "ImitatoesVLMCritique",
            "inputs": {"images": ["6", 0], "loop": ["10", 5], "model": MODEL, **({"frames": frames} if frames else {})},
        },
    }
    if save:
        animation = {"images": ["6", 0], "filename_prefix": "clips/test", "fps": 8.0, "lossless": True}
        animation |= {"quality": 80, "method": "default"}
        graph["8"] = {"class_type": "SaveAnimatedWEBP", "inputs": animation}
    return graph


@pytest.mark.parametrize("frames", [None, "auto", "clip"])
def test_one_good_frame_is_no_good_clip(theatre, frames):
    run = theatre.played(clip_graph(frames=frames))
    first, *_, last = run["iterations"]
    assert not first["critique"]["passed"]
    assert (run["status"], run["best"]["iteration"]) == ("done", last["number"]), run["reason"]
    assert first["clip"] == {
        "frames": LENGTH,
        "rate": 8.0,
        "shown": [0, 5, 10, 14, 19, 24],
        "strip": "loop_01_iter_01_frames.jpg",
        "file": first["clip"]["file"],
    }


def test_the_same_frames_as_pictures_pass_by_their_best(theatre):
    run = theatre.played(clip_graph("late", frames="pictures"))
    assert (run["status"], run["iteration_count"]) == ("done", 1), run["reason"]
    assert run["iterations"][0]["clip"] is None


def test_a_failing_moment_is_named(theatre):
    run = theatre.played(clip_graph("late", iterations_per_loop=1))
    assert "red circle at 0.0 s" in run["iterations"][0]["critique"]["reason"]
    assert run["iterations"][0]["critique"]["items"][0]["moments"] == ["0.0 s", "0.6 s", "1.2 s"]


def test_a_clip_costs_at_most_three_calls_an_iteration(theatre):
    theatre.judge.requests.clear()
    run = theatre.played(clip_graph("late", iterations_per_loop=3, checklist="a red circle\na green square"))
    asked = [chat for chat in theatre.judge.chats() if chat.body["messages"]]
    assert len(asked) <= 3 * run["iteration_count"]


def test_what_happens_is_judged_by_the_whole_clip(theatre):
    run = theatre.played(clip_graph("moves left", checklist="the red circle moves left"))
    assert (run["status"], run["iteration_count"]) == ("done", 1), run["iterations"][0]["critique"]["reason"]
    assert run["checklist"]["requirements"][0]["when"] == "motion"


def test_the_picture_of_a_clip_is_its_middle_frame_and_the_strip_holds_what_was_judged(theatre):
    run = theatre.played(clip_graph("steady", iterations_per_loop=1))
    one = run["iterations"][0]
    assert pixels(theatre.picture(run, one["picture"])).shape == (HEIGHT, WIDTH, 3)
    with Image.open(theatre.picture(run, one["clip"]["strip"])) as strip:
        assert strip.size == (6 * WIDTH, HEIGHT)
    status, *_ = theatre.client.ask("GET", f"/imitatoes/runs/{run['run_id']}/pictures/{one['clip']['strip']}")
    assert status == 200


def test_a_goal_that_a_model_takes_apart_knows_its_times(theatre):
    run = theatre.played(clip_graph("late", checklist="", goal="a red circle at the end", iterations_per_loop=1))
    assert [one["when"] for one in run["checklist"]["requirements"]] == ["end"]
    assert run["status"] == "done", run["reason"]
