"""The template that any computer can run: with no model and no Ollama it ends by itself, each picture better."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from pack.rehearsal.world.verdict import look
from PIL import Image

from ..templates import TUTORIAL, api_graph

GRAPH = api_graph(TUTORIAL)
GOALS = (
    "four green stars above a purple ring, on a black background",
    'three orange triangles and the word "HELLO"',
    "two purple diamonds in the top left and a red circle in the bottom right",
    "three cyan rings, no red squares, on a black background",
    "nine red circles to the left of a blue square",
)


@pytest.fixture
def alone(theatre):
    """A server whose Ollama answers nobody."""

    def refuse(*_):
        raise AssertionError("Ollama was asked")

    theatre.judge.default = refuse
    yield theatre
    assert not theatre.judge.requests, "the tutorial asks nobody"


def order(**inputs):
    graph = copy.deepcopy(GRAPH)
    graph["10"]["inputs"] |= inputs
    return graph


def test_the_template_gets_better_by_itself(alone):
    run = alone.played(order())
    scores = [iteration["critique"]["score"] for iteration in run["iterations"]]
    assert run["status"] == "done", run["reason"]
    assert 3 <= len(scores) <= 5, "as many pictures as one likes to watch"
    assert scores == sorted(scores) and scores[-1] > scores[0] + 0.5
    assert run["best"]["iteration"] == len(scores)
    assert {iteration["critique"]["model"] for iteration in run["iterations"]} == {"tutorial"}
    reasons = [iteration["decision"]["reason"] for iteration in run["iterations"]]
    assert "still failing" in reasons[0] and "now met" in reasons[-1]


@pytest.mark.parametrize("goal", GOALS)
def test_goals_that_people_type_are_met(goal, alone):
    run = alone.played(order(goal=goal, seed=3))
    assert run["status"] == "done", run["reason"]
    assert len(run["iterations"]) <= 6
    with Image.open(alone.picture(run, "best.png")) as best:
        assert not look(goal, np.asarray(best.convert("RGB"))).unmet


def test_other_words_are_refused_before_anything_is_painted(alone):
    entry = alone.client.run(order(goal="three red circles and a cat"))
    error = next(data for kind, data in entry["status"]["messages"] if kind == "execution_error")
    assert error["node_id"] == "11"
    assert (
        "VLM Critique (node 11), input goal: the tutorial's judge does not know 'cat'. It knows circles"
        in (error["exception_message"])
    )
    assert "20" not in entry["outputs"] and alone.known(entry["prompt"][1]) is None


def test_without_a_loop_it_is_a_gate(alone):
    graph = order(goal="a red circle")
    graph["11"]["inputs"] |= {"goal": "a red circle"}
    del graph["11"]["inputs"]["loop"]
    shown = alone.client.run(graph)["outputs"]["11"]
    assert shown["imitatoes"][0]["passed"]
