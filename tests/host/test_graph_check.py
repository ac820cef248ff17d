"""The check with the node classes of a server."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.graph.prepare_graph import NotReady
from pack.engine.graph.run_request import MOST_NODES, RunRequest
from pack.host.graph_check import MOST_WARNINGS, GraphCheck

from ..engine.graph.reference import graph, object_info


class Known:
    async def of(self, graph):
        return object_info()

    for_repairs = of


class Broken:
    async def for_repairs(self, graph):
        raise RuntimeError("no object_info")


def warned(one, known=None, version=None):
    return asyncio.run(GraphCheck(known or Known(), version).before_render(one, "", "auto"))[0]


def test_what_is_not_right_is_told():
    one = graph("sdxl_txt2img")
    assert warned(one) == ()
    one["4"]["inputs"]["width"] = 1001
    assert [(found.kind, found.node) for found in warned(one)] == [("off_step", "4")]


def test_an_old_comfyui_is_told_of():
    klein = graph("flux2_txt2img")
    klein["1"]["inputs"]["unet_name"] = "flux-2-klein-4b-fp8.safetensors"
    assert "version_too_old" in {found.kind for found in warned(klein, version="0.8.0")}
    assert "version_too_old" not in {found.kind for found in warned(klein)}


def test_a_check_that_fails_stops_no_render(caplog):
    assert warned(graph("sdxl_txt2img"), Broken()) == ()
    assert "could not be checked" in caplog.text


def test_there_is_an_end_to_warnings():
    many = {str(number): {"class_type": "KSampler", "inputs": {}} for number in range(100)}
    assert len(warned(many)) == MOST_WARNINGS
    assert warned({str(number): {} for number in range(MOST_NODES + 1)}) == ()


def test_an_order_is_made_ready_with_these_classes():
    check = GraphCheck(Known(), None)
    assert asyncio.run(check.prepare_graph(RunRequest(workflow=graph("sdxl_txt2img"), goal="a fox"))).rejected == ()
    with pytest.raises(NotReady):
        asyncio.run(check.prepare_graph(RunRequest(workflow=[])))
