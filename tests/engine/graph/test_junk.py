"""Whatever a script sends, the engine answers with findings and refusals, never with a traceback of its own."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.graph.check import check
from pack.engine.graph.loop_nodes import the_loop
from pack.engine.graph.model import NotAnApiGraph
from pack.engine.graph.plan_refusal import PlanRefused
from pack.engine.graph.prepare_graph import NotReady, prepare_graph
from pack.engine.graph.recovery import explain_giving_up, next_change
from pack.engine.graph.render_error import RenderError
from pack.engine.graph.repair import propose_repairs
from pack.engine.graph.run_request import RunRequest
from pack.engine.graph.wrap import wrap

from .reference import NAMES, accepted, graph, object_info, roles

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=6), st.just(10**400)
)
junk = st.recursive(
    st.one_of(scalars, st.tuples(st.sampled_from(["1", "4", "5", 5, "99", None]), st.integers(-3, 5)).map(list)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


LOOPED = wrap(graph("sdxl_txt2img"), "a fox", object_info()).graph


@st.composite
def damaged(draw, looped=False):
    one = copy.deepcopy(LOOPED) if looped else graph(draw(st.sampled_from(NAMES)))
    for _ in range(draw(st.integers(1, 4))):
        node = draw(st.sampled_from([*one, "77"]))
        entry = one.get(node)
        if not isinstance(entry, dict) or not isinstance(entry.get("inputs"), dict) or draw(st.integers(0, 5)) == 0:
            part = draw(st.sampled_from(["class_type", "inputs", "_meta", None]))
            if part is None or not isinstance(entry, dict):
                one[node] = draw(junk)
            else:
                entry[part] = draw(junk)
        else:
            entry["inputs"][draw(st.sampled_from([*entry["inputs"], "odd"]))] = draw(junk)
    return one


@settings(max_examples=300, deadline=None)
@given(
    damaged(), st.sampled_from(["CUDA out of memory", "Sizes of tensors must match: Expected size 9 but got size 2"])
)
def test_damaged_graphs_are_answered(one, message):
    info = object_info()
    checked = check(one, info, version="0.8.0")
    assert accepted(checked) == (bool(checked.running) and not checked.refused)
    try:
        propose_repairs(one, info)
    except NotAnApiGraph:
        return
    roles(one, info)
    error = RenderError(type="RuntimeError", message=message, node=next(iter(one), ""))
    next_change(one, error, [], info)
    explain_giving_up(one, error, [], info)
    try:
        wrap(one, "a fox", info)
    except ValueError as refused:
        assert isinstance(refused, PlanRefused) or str(refused)


@settings(max_examples=200, deadline=None)
@given(st.one_of(damaged(), damaged(looped=True)), st.booleans())
def test_orders_of_damaged_graphs_are_answered(one, repair):
    before = copy.deepcopy(one)
    try:
        ready = prepare_graph(
            RunRequest(workflow=one, goal="a fox", settings={"steps": 3}, repair=repair), object_info()
        )
    except NotReady as refused:
        assert refused.problem.what
    else:
        assert the_loop(ready.graph)
    assert repr(one) == repr(before)


@settings(max_examples=100, deadline=None)
@given(junk)
def test_any_json_is_answered(sent):
    assert not accepted(check(sent, object_info()))
    with pytest.raises(NotReady):
        prepare_graph(RunRequest(workflow=sent, goal="a fox"), object_info())
