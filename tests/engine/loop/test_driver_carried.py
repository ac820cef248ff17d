"""What came with the first render of a run goes with every one, in memory alone; and renders that cost money."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pack.engine.graph.render_error import RenderError
from pack.engine.loop.ports import CarriedRequest, PromptState
from pack.engine.loop.refusals import NotNow
from pack.engine.settings import Limits

from .runs import critique
from .stage import Stage
from .test_driver import played

SECRET = "comfyui-0123456789"
PAID = ("node 12 (GeminiImageNode)",)


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def files(stage):
    return b"".join(path.read_bytes() for path in stage.root.rglob("*") if path.is_file())


@played
async def test_every_render_goes_to_the_same_outputs_with_the_same_data(stage):
    stage.queue.came_with = CarriedRequest(("11", "9"), {"preview_method": "taesd", "key": SECRET})
    place = await stage.begin()
    stage.judged("p1", critique(0.5, prompt_append="deep snow"))
    second = await stage.next_prompt(1)
    await stage.begin(second)
    stage.judged(second, critique(0.6))
    await stage.next_prompt(2)
    for sent in stage.queue.submitted:
        assert sent.carried.targets == ("11", "9")
        assert dict(sent.carried.extra) == {"preview_method": "taesd", "key": SECRET}
        assert SECRET not in repr(sent)
    assert SECRET not in repr(stage.driver.live.get(place.run.id))
    assert SECRET.encode() not in files(stage)
    assert all(SECRET not in run.model_dump_json() for run in stage.pages.published)


@played
async def test_after_a_restart_the_outputs_are_remembered_and_the_data_is_not(stage):
    stage.queue.came_with = CarriedRequest(("11",), {"key": SECRET})
    place = await stage.begin()
    stage.judged("p1", critique(0.5))
    await stage.next_prompt(1)
    stage.die()
    again = Stage(stage.root)
    await again.actions.resume(place.run.id)
    await again.next_prompt(1)
    (sent,) = again.queue.submitted
    assert sent.carried == CarriedRequest(("11",), {})


async def begun(stage, allowed):
    context = stage.prompt_context("p1", limits=Limits(iterations_per_loop=10, paid_renders=allowed))
    return await stage.begin_as(replace(context, paid_nodes=PAID))


@played
async def test_a_run_ends_when_the_paid_renders_are_used(stage):
    place = await begun(stage, 2)
    assert place.run.paid_used == 1
    stage.judged("p1", critique(0.5))
    second = await stage.next_prompt(1)
    await stage.begin(second)
    stage.judged(second, critique(0.6))
    run = await stage.ended(place.run.id)
    assert (run.status, run.paid_used, len(stage.queue.submitted)) == ("limit", 2, 1)
    assert PAID[0] in run.reason


@played
async def test_a_failed_render_is_not_paid_for_again_beyond_what_is_allowed(stage):
    async def object_info():
        return {}

    stage.queue.object_info = object_info
    place = await begun(stage, 1)
    error = RenderError(type="OutOfMemoryError", message="out of memory", node="8")
    stage.queue.states["p1"] = PromptState("error", "VAEDecode (node 8) failed: out of memory", error=error)
    run = await stage.ended(place.run.id)
    assert (run.status, stage.queue.submitted) == ("limit", [])


@played
async def test_continuing_pays_for_as_many_more(stage):
    place = await begun(stage, 1)
    stage.judged("p1", critique(0.5))
    run = await stage.ended(place.run.id)
    assert run.status == "limit"
    run = await stage.actions.continue_run(run.id)
    await stage.next_prompt(1)
    assert run.paid_used == 1


@played
async def test_resuming_pays_for_no_more_than_was_allowed(stage):
    place = await begun(stage, 1)
    stage.die()
    again = Stage(stage.root)
    run = await again.actions.resume(place.run.id)
    assert (run.status, again.queue.submitted) == ("limit", [])
    assert place.run.id == run.id
    await asyncio.sleep(0)


@played
async def test_after_a_restart_a_run_that_pays_says_that_the_account_is_gone(stage):
    stage.queue.came_with = CarriedRequest((), {"key": SECRET})
    place = await begun(stage, 5)
    stage.judged("p1", critique(0.5))
    await stage.next_prompt(1)
    stage.die()
    again = Stage(stage.root)
    for act in (again.actions.resume, again.actions.continue_run):
        with pytest.raises(NotNow) as told:
            await act(place.run.id)
        assert PAID[0] in str(told.value) and "queue it" in str(told.value)
    assert again.queue.submitted == [] and place.run.id not in again.driver.owners.held
    run = await again.actions.resume(place.run.id, extra_data={"key": "a new one", "extra_pnginfo": {}})
    await again.next_prompt(1)
    (sent,) = again.queue.submitted
    assert (run.status, dict(sent.carried.extra)) == ("running", {"key": "a new one"})


@played
async def test_a_run_of_this_server_pays_on_with_the_account_it_was_queued_with(stage):
    stage.queue.came_with = CarriedRequest((), {"key": SECRET})
    place = await begun(stage, 1)
    stage.judged("p1", critique(0.5))
    await stage.ended(place.run.id)
    await stage.actions.continue_run(place.run.id)
    await stage.next_prompt(1)
    assert dict(stage.queue.submitted[-1].carried.extra) == {"key": SECRET}
