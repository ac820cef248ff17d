"""Starting runs over real HTTP: what is queued, what is refused, and how that is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from unittest.mock import patch

import pytest
from pack.engine.graph.loop_nodes import the_loop
from pack.engine.graph.render_error import RenderError
from pack.engine.loop.ports import PromptState, SubmissionRejected
from pack.engine.loop.run_context import PromptContext
from pack.routes import starting
from pack.routes.request_data import LARGEST_BODY

from ..engine.graph.reference import graph, ui_workflow
from ..engine.loop.runs import critique, handle
from .test_runs import served

GOAL = "a red fox in deep snow"
SHAPE = {"type", "message", "node", "input", "hint"}


def plain(**fields):
    return {"workflow": graph("sdxl_txt2img"), "goal": GOAL, **fields}


@pytest.fixture(autouse=True)
def quick():
    with patch.object(starting, "QUEUED_SECONDS", 0.1):
        yield


async def refused(site, body, status=400):
    answer = await site.post("runs", body, status)
    assert set(answer["error"]) == SHAPE
    assert answer["error"]["message"]
    assert site.queue.submitted == []
    return answer


async def begin(site):
    """What ComfyUI's worker does with the one queued prompt: its run begins."""
    while not site.queue.submitted:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    (queued,) = site.queue.submitted
    loop_node, critic_node = the_loop(queued.graph)
    site.queue.states[queued.prompt_id] = PromptState("running")
    prompt_context = PromptContext(queued.prompt_id, "c", handle(), queued.graph, None, loop_node, critic_node)
    await site.driver.expect(prompt_context)
    return queued


@served
async def test_a_plain_workflow_is_wrapped_queued_and_its_run_told(site):
    posting = asyncio.ensure_future(site.post("runs", plain(settings={"steps": 3}, client_id="page")))
    queued = await begin(site)
    answer = await posting
    assert answer["prompt_id"] == queued.prompt_id
    assert answer["run_id"] == (await site.get(f"runs/{queued.prompt_id}"))["run_id"]
    assert (queued.client_id, queued.extra_pnginfo) == ("page", None)
    hub = queued.graph[the_loop(queued.graph)[0]]["inputs"]
    assert (hub["goal"], hub["steps"]) == (GOAL, 3)
    assert any("ImitatoesVLMCritique" in line for line in answer["diff"])


@served
async def test_a_prompt_that_waits_has_no_run_yet_and_its_id_is_enough(site):
    answer = await site.post("runs", plain())
    assert answer["run_id"] is None
    (queued,) = site.queue.submitted
    assert queued.client_id, "or ComfyUI would send its progress to every page"
    waiting = asyncio.ensure_future(site.get(f"runs/{answer['prompt_id']}/wait?seconds=20"))
    await begin(site)
    site.judged(queued.prompt_id, critique(0.9, passed=True))
    assert (await waiting)["status"] == "done"


@served
async def test_a_run_that_begins_late_is_waited_for_once_its_prompt_runs(site):
    posting = asyncio.ensure_future(site.post("runs", plain()))
    while not site.queue.submitted:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    site.queue.states[site.queue.submitted[0].prompt_id] = PromptState("running")
    await asyncio.sleep(3 * starting.QUEUED_SECONDS)
    assert not posting.done()
    await begin(site)
    assert (await posting)["run_id"]


@served
async def test_a_prompt_that_fails_before_its_run_begins_is_told_at_once(site):
    async def fail(submission):
        error = RenderError(type="NoVerdict", message="no model", node="12")
        site.queue.states[submission.prompt_id] = PromptState("error", "VLMCritique failed: no model", None, error)

    site.queue.submit = fail
    error = (await refused(site, plain(), 409))["error"]
    assert (error["type"], error["node"]) == ("not_begun", "12")
    assert "no model" in error["message"]


@served
async def test_what_the_server_refuses_after_all_is_told_with_its_node(site):
    async def refuse(submission):
        raise SubmissionRejected("KSampler (node 5): no", RenderError(type="x", message="no", node="5"))

    site.queue.submit = refuse
    error = (await refused(site, plain()))["error"]
    assert (error["type"], error["node"]) == ("refused_by_server", "5")


@served
async def test_a_dry_run_queues_nothing_and_shows_all(site):
    answer = await site.post("runs", plain(dry_run=True))
    assert answer["accepted"] is True
    assert the_loop(answer["workflow"])
    assert answer["diff"]
    broken = plain(dry_run=True)
    broken["workflow"]["5"]["inputs"]["scheduler"] = "karas"
    answer = await site.post("runs", broken)
    assert answer["accepted"] is False
    first = answer["findings"][0]
    assert (first["severity"], first["node"], first["input"]) == ("rejected", "5", "scheduler")
    assert site.queue.submitted == []


@served
async def test_what_the_server_would_refuse_is_not_queued_but_told_with_what_would_help(site):
    broken = plain()
    broken["workflow"]["5"]["inputs"]["scheduler"] = "karas"
    answer = await refused(site, broken)
    error = answer["error"]
    assert (error["type"], error["node"], error["input"]) == ("value_not_in_list", "5", "scheduler")
    assert "repair: true" in error["hint"]
    assert answer["findings"][0]["message"] == error["message"]
    assert answer["repairs"][0]["certain"]
    mended = await site.post("runs", {**broken, "repair": True})
    assert "karras" in mended["repaired"][0]
    assert any("karras" in line for line in mended["diff"])
    assert site.queue.submitted[0].graph["5"]["inputs"]["scheduler"] == "karras"


@served
async def test_warnings_do_not_stop_a_run(site):
    body = plain()
    body["workflow"]["4"]["inputs"]["width"] = 1001
    answer = await site.post("runs", body)
    assert [(w["node"], w["input"]) for w in answer["warnings"] if w["type"] == "off_step"] == [("4", "width")]


@served
async def test_a_workflow_of_the_canvas_is_queued_as_an_api_graph(site):
    await site.post("runs", plain(workflow=ui_workflow()))
    (queued,) = site.queue.submitted
    assert queued.graph["5"]["class_type"] == "KSampler"
    assert queued.graph["5"]["inputs"]["sampler_name"] == "dpmpp_2m"


@served
async def test_a_workflow_of_the_canvas_that_cannot_be_converted_names_its_node(site):
    workflow = ui_workflow()
    workflow["nodes"][4]["type"] = "TheirSampler"
    error = (await refused(site, plain(workflow=workflow)))["error"]
    assert (error["type"], error["node"], error["input"]) == ("not_convertible", "5", None)
    assert error["hint"].startswith("Install the pack")


@served
async def test_wrong_requests_name_the_field(site):
    for body, field in (
        ({"goal": GOAL}, "workflow"),
        (plain(surprise=1), "surprise"),
        (plain(settings={"steps": 0}), "settings.steps"),
        (plain(settings={"seed": "7"}), "settings.seed"),
        (plain(limits={"max_loops": 0}), "limits.max_loops"),
        (plain(wrap="always"), "wrap"),
        (plain(client_id="x" * 201), "client_id"),
        (plain(goal=""), "goal"),
        (plain(tokens={"PROMPT": "x"}), "tokens"),
        (plain(checklist="x" * 300), "checklist"),
        (plain(wrap="never"), "workflow"),
        (plain(workflow=[]), "workflow"),
        (plain(workflow=None), "workflow"),
    ):
        error = (await refused(site, body))["error"]
        assert error["input"] == field, error


@served
async def test_the_body_must_be_json_and_of_a_size_that_the_server_takes(site):
    text = {"data": b"{}", "headers": {"Content-Type": "text/plain"}}
    assert (await site.post("runs", status=415, **text))["error"]["type"] == "not_json"
    for data in (b"{", b"[]", b"null", b"\xff\xfe", b""):
        broken = {"data": data, "headers": {"Content-Type": "application/json"}}
        assert set((await site.post("runs", status=400, **broken))["error"]) == SHAPE
    error = (await site.post("runs", plain(goal="x" * LARGEST_BODY), 413))["error"]
    assert (error["type"], error["hint"]) == ("too_large", "Send less.")


@served
async def test_json_beyond_the_standard_does_no_harm(site):
    for data in (
        b'{"workflow": {"1": {"class_type": "KSampler", "inputs": {"cfg": NaN}}}, "goal": "x", "dry_run": true}',
        b'{"workflow": {"1": {"class_type": "KSampler", "inputs": {"seed": 1e999}}}, "goal": "x"}',
        b'{"workflow": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b', "goal": "x"}',
        b'{"workflow": {"1": {"class_type": ["a"], "inputs": {"1": [[[]]]}}, "2": null}, "goal": "x", "repair": true}',
    ):
        options = {"data": data, "headers": {"Content-Type": "application/json"}}
        assert set((await site.post("runs", status=400, **options))["error"]) == SHAPE


def cases():
    path = Path(__file__).parents[1] / "engine" / "graph" / "data" / "graph_cases.json"
    return json.loads(path.read_text(encoding="utf-8"))


@served
async def test_of_several_pictures_the_one_that_is_named_is_judged_and_all_are_told(site):
    branches = cases()["two_branches"]
    answer = await site.post("runs", {"workflow": branches, "goal": GOAL, "dry_run": True, "judge_node": "19"})
    assert (answer["judged"]["node"], answer["judged"]["source"]) == ("19", "18")
    assert [one["node"] for one in answer["candidates"]] == ["9", "19"]
    unnamed = await site.post("runs", {"workflow": branches, "goal": GOAL, "dry_run": True})
    assert unnamed["judged"]["node"] == "9"
    assert any("19 (Save Image)" in one["message"] and "judge_node" in one["message"] for one in unnamed["warnings"])
    error = (await refused(site, {"workflow": branches, "goal": GOAL, "judge_node": "4"}))["error"]
    assert (error["type"], error["input"]) == ("judge_node", "judge_node")


@served
async def test_a_placeholder_is_asked_for_and_settings_fill_it(site):
    body = {"workflow": cases()["foreign_token"], "goal": GOAL, "dry_run": True}
    error = (await refused(site, body))["error"]
    assert (error["type"], error["node"], error["input"]) == ("placeholder", "2", "text")
    assert "${PROMPT}" in error["message"]
    assert "settings.prompt" in error["hint"]
    graph = (await site.post("runs", {**body, "settings": {"prompt": "a kite"}}))["workflow"]
    assert graph[the_loop(graph)[0]]["inputs"]["prompt"] == "a kite"


@served
async def test_the_plan_of_a_workflow_is_told_and_nothing_queued(site):
    plan = await site.post("plan", {"workflow": graph("sdxl_txt2img")})
    assert (plan["judged"]["source"], plan["judged"]["type"]) == ("6", "IMAGE")
    assert plan["inputs"]["prompt"] == [{"node": "2", "input": "text"}]
    assert (plan["values"]["steps"], plan["values"]["cfg"]) == (25, 7.0)
    questions = (await site.post("plan", {"workflow": cases()["two_branches"]}))["questions"]
    assert [one["choices"] for one in questions] == [["9", "19"]]
    error = (await refused_plan(site, graph("upscale_2x")))["error"]
    assert (error["type"], error["node"]) == ("no_sampler", "5")
    assert (await refused_plan(site, {"prompt": {}}))["error"]["type"] == "not_an_api_graph"
    saved = await site.post("plan", {"workflow": ui_workflow()})
    assert (saved["judged"]["source"], saved["inputs"]["prompt"]) == ("6", [{"node": "2", "input": "text"}])


async def refused_plan(site, workflow):
    return await site.post("plan", {"workflow": workflow}, 400)


@served
async def test_the_shapes_of_a_clip_are_told_and_one_of_them_is_queued(site):
    told = await site.post("clip-shapes", {"workflow": graph("wan22_img2vid")})
    assert told["family"] == "Wan 2.2 14B"
    assert [one["shape"] for one in told["shapes"]] == ["landscape", "vertical", "square"]
    vertical = told["shapes"][1]
    body = {"workflow": graph("wan22_img2vid"), "goal": GOAL, "shape": "vertical", "dry_run": True}
    ready = await site.post("runs", body)
    for one in vertical["changes"]:
        assert ready["workflow"][one["node"]]["inputs"][one["input"]] == one["value"]
    sides = {(node["inputs"].get("width"), node["inputs"].get("height")) for node in ready["workflow"].values()}
    assert (vertical["width"], vertical["height"]) in sides
    assert ready["accepted"] and ready["diff"]


@served
async def test_a_picture_has_no_shapes_to_choose_from(site):
    answer = await site.post("clip-shapes", {"workflow": graph("sdxl_txt2img")}, 400)
    assert (answer["error"]["type"], answer["error"]["input"]) == ("no_shapes", "workflow")
    answer = await refused(site, plain(shape="square"))
    assert (answer["error"]["type"], answer["error"]["input"]) == ("no_shapes", "shape")
    await site.post("runs", plain(shape="round"), 400)
