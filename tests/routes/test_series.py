"""Series over real HTTP: started where runs are, shown, stopped, resumed, with one contact sheet."""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import torch
from pack.engine.graph.loop_nodes import the_loop
from pack.engine.loop.ports import PromptState
from pack.engine.loop.run_context import PromptContext

from ..engine.graph.reference import graph
from ..engine.loop.runs import critique, handle
from ..engine.loop.stage import until
from .test_runs import served


def plain(**fields):
    return {"workflow": graph("sdxl_txt2img"), **fields}


async def render(site, count, verdict):
    """The queued prompt of that number (from 1) as ComfyUI's worker runs it."""
    prompt_id = await site.next_prompt(count)
    queued = site.queue.submitted[count - 1]
    loop_node, critic_node = the_loop(queued.graph)
    site.queue.states[prompt_id] = PromptState("running")
    asked = handle(goal=queued.graph[loop_node]["inputs"]["goal"], iterations_per_loop=1, max_loops=1)
    place = await site.driver.begin(PromptContext(prompt_id, "c", asked, queued.graph, None, loop_node, critic_node))
    name = site.journal().save_picture(place.run.id, place.plan, torch.rand(64, 64, 3), {})
    site.judged(prompt_id, verdict, picture=name)
    return queued.graph[loop_node]["inputs"]


async def shown(site, series_id, state):
    while (series := await site.get(f"series/{series_id}"))["state"] != state:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    return series


@served
async def test_goals_are_a_series_with_what_is_done_what_is_left_and_one_sheet(site):
    began = await site.post("runs", plain(goals=["a fox", "a hen"], series={"renders": 9}, settings={"steps": 3}))
    assert (began["state"], began["count"], began["ended"], began["limits"]["renders"]) == ("running", 2, 0, 9)
    missing = await site.get(f"series/{began['series_id']}/sheet", 404)
    assert "no picture" in missing["error"]["message"].lower() or missing["error"]["type"] == "no_picture"
    first = await render(site, 1, critique(0.9, passed=True))
    assert (first["goal"], first["prompt"], first["steps"]) == ("a fox", "", 3)
    await render(site, 2, critique(0.2))
    series = await shown(site, began["series_id"], "done")
    assert (series["met"], series["ended"], series["renders"]) == (1, 2, 2)
    assert [one["status"] for one in series["goals"]] == ["done", "limit"]
    assert [one["image"] for one in series["goals"]] == ["best.png", "best.png"]
    assert (await site.get(f"series/{began['series_id']}/sheet"))[:2] == b"\xff\xd8"
    (listed,) = (await site.get("series"))["series"]
    assert listed["series_id"] == began["series_id"]
    await until(lambda: site.told[-1].state == "done")
    assert await site.post(f"series/{began['series_id']}/delete", {}) == {"deleted": began["series_id"]}
    await site.get(f"series/{began['series_id']}", 404)


@served
async def test_checklists_without_goals_are_goals(site):
    began = await site.post("runs", plain(checklists=["a fox\nsnow", ["a hen", "a hat"]]))
    assert [one["goal"] for one in began["goals"]] == ["a fox; snow", "a hen; a hat"]
    assert began["goals"][1]["checklist"] == ["a hen", "a hat"]
    first = await render(site, 1, critique(0.9, passed=True))
    assert first["checklist"] == "a fox\nsnow"


@served
async def test_stop_and_resume(site):
    began = await site.post("runs", plain(goals=["a fox", "a hen"]))
    path = f"series/{began['series_id']}"
    await site.next_prompt(1)
    await site.post(f"{path}/stop", {})
    series = await shown(site, began["series_id"], "stopped")
    assert "Resume" in series["reason"]
    assert (await site.post(f"{path}/stop", {}, 409))["error"]["message"]
    await site.post(f"{path}/resume", {})
    await site.post(f"{path}/resume", {}, 409)
    await site.post(f"{path}/delete", {}, 409)


@served
async def test_what_no_series_can_be_made_of_is_refused_before_anything_is_queued(site):
    for body, word in (
        (plain(goals=["a fox", " "]), "2."),
        (plain(goals=["a fox"], checklists=["a", "b"]), "checklists"),
        (plain(goals=["a fox"], series={"until": "25:00"}), "until"),
        (plain(goals=["a fox"], checklists=[["x" * 3000]]), "checklists"),
        ({"workflow": {}, "goals": ["a fox"]}, "no output node"),
    ):
        error = (await site.post("runs", body, 400))["error"]
        assert word in f"{error['message']} {error['input']}", error
    assert site.queue.submitted == [] and (await site.get("series"))["series"] == []
    assert (await site.get("series/nonsense", 400))["error"]["message"]


@served
async def test_a_dry_run_of_a_series_shows_the_graph_of_its_first_goal(site):
    told = await site.post("runs", plain(goals=["a fox", "a hen"], dry_run=True))
    hub = told["workflow"][the_loop(told["workflow"])[0]]["inputs"]
    assert (told["accepted"], hub["goal"]) == (True, "a fox")


@served
async def test_a_disk_that_is_full_is_told(site):
    with patch.object(site.series._store, "create", side_effect=OSError(28, "No space left on device")):
        answer = await site.post("runs", plain(goals=["a fox"]), 507)
    assert "space" in answer["error"]["message"]
