"""Graphs that are larger and denser than any workflow: the work grows with them, not with their square."""

from __future__ import annotations

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.prepare_graph import NotReady, prepare_graph
from pack.engine.graph.run_request import MOST_LINKS, RunRequest

from ...steps import growth
from .reference import graph, object_info

INFO = object_info()


def stages(count, links):
    """So many samplers behind each other, each linked to so many of those before it."""
    made = dict(graph("sdxl_txt2img"))
    before = []
    for number in range(1000, 1000 + count):
        inputs = dict(SAMPLER)
        inputs |= {"latent_image": [before[-1], 0]} if before else {}
        inputs |= {f"more_{n}": [one, 0] for n, one in enumerate(before[-links:])} if links else {}
        made[str(number)] = {"class_type": "KSampler", "inputs": inputs}
        before.append(str(number))
    made["9000"] = {"class_type": "VAEDecode", "inputs": {"samples": [before[-1], 0], "vae": ["4", 2]}}
    made["9001"] = {"class_type": "SaveImage", "inputs": {"images": ["9000", 0], "filename_prefix": "x"}}
    return made


SAMPLER = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
SAMPLER |= {"seed": 1, "steps": 2, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}


@pytest.mark.parametrize("links", [0, 6], ids=["chain", "dense"])
def test_twice_the_nodes_take_twice_the_work(links):
    def checked(count):
        check(stages(count, links), INFO)

    def prepared(count):
        prepare_graph(RunRequest(workflow=stages(count, links), goal="a red fox"), INFO)

    assert growth(checked, 16) < 2.4
    assert growth(prepared, 16) < 2.4


def test_more_links_than_any_workflow_has_are_refused_in_words():
    dense = stages(10, 0)
    links = {f"more_{n}": ["4", 0] for n in range(MOST_LINKS)}
    dense["1000"]["inputs"] |= links
    with pytest.raises(NotReady) as refused:
        prepare_graph(RunRequest(workflow=dense, goal="a red fox"), INFO)
    assert (refused.value.problem.kind, refused.value.problem.input) == ("too_many_links", "workflow")
