"""The official templates through the maker of edit graphs: what is made the server would take, what is not says why."""

from __future__ import annotations

from collections import Counter

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.local_edit import EditMask, LocalEdit, make_edit_graph
from pack.engine.graph.local_edit_parts import EditRefused
from pack.engine.graph.loop_nodes import the_loop
from pack.engine.graph.plan_refusal import PlanRefused
from pack.engine.graph.ui_conversion.convert import convert
from pack.engine.graph.ui_conversion.reading import NotConvertible
from pack.engine.graph.wrap import wrap

from ...web.official_templates import read, templates_of
from .reference import object_info_0_33, own_node
from .test_local_edit import MASK, OURS, PICTURE

LEAST = 0.9
"""Of the picture templates that no service paints and whose loop judges no clip."""
NOT_MEANT = ("is a service", "clip", "frame")
EDIT = LocalEdit(PICTURE, EditMask(words="the left hand", file=MASK, engine="Ollama boxes"), 0.5)


@pytest.fixture(scope="module")
def info():
    return {**object_info_0_33(), **{name: own_node(name) for name in OURS}}


@pytest.fixture(scope="module")
def looped(info):
    """By name, the templates that a loop can be put into."""
    found = {}
    for name, path in templates_of("media-image").items():
        try:
            found[name] = wrap(convert(read(path), info).graph, "a red fox", info).graph
        except (NotConvertible, PlanRefused):
            continue
    if not found:
        pytest.skip("no comfyui-workflow-templates are installed")
    return found


def faults(graph, info):
    found = check(graph, info).findings
    return {(f.kind, f.node, f.input) for f in found if f.severity in ("rejected", "wrong")}


def test_nearly_every_picture_template_can_be_repaired(looped, info):
    made, refused = [], Counter()
    for graph in looped.values():
        critic = the_loop(graph)[1]
        try:
            edited = make_edit_graph(graph, info, critic, EDIT)
        except EditRefused as problem:
            refused[str(problem)] += 1
            continue
        assert faults(edited, info) <= faults(graph, info)
        made.append(edited)
    meant = sum(count for why, count in refused.items() if not any(words in why for words in NOT_MEANT))
    assert len(made) / (len(made) + meant) >= LEAST, refused
