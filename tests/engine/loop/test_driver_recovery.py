"""The driver and renders that fail: one change at a time, told, and the user's own graph left alone."""

from __future__ import annotations

import asyncio
import copy
import time

from pack.engine.graph.recovery import MAX_CHANGES
from pack.engine.graph.render_error import RenderError
from pack.engine.graph.wrap import wrap
from pack.engine.loop.journal import Journal
from pack.engine.loop.ports import PromptState, SubmissionRejected
from pack.engine.loop.run_context import PromptContext
from pack.engine.settings import Limits

from ..graph.reference import graph, object_info
from .runs import critique, handle
from .stage import MemoryQueue, Stage, played_on, until

CUDA = "CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has a total capacity of 8 GiB."
SDXL = wrap(graph("sdxl_txt2img"), "a red fox in snow", object_info()).graph
LOOP = next(n for n, node in SDXL.items() if node["class_type"] == "ImitatoesSelfImprovingPrompt")
CRITIC = next(n for n, node in SDXL.items() if node["class_type"] == "ImitatoesVLMCritique")


class KnowingQueue(MemoryQueue):
    def __init__(self):
        super().__init__()
        self.info = copy.deepcopy(object_info())

    async def object_info(self):
        return self.info


class MemoryCard:
    def __init__(self):
        self.unloads = 0

    async def unload(self):
        self.unloads += 1


class SmallCard(Stage):
    """A server whose renders run out of memory when the test says so."""

    def __init__(self, root):
        super().__init__(root, queue=KnowingQueue(), memory=MemoryCard())

    async def expect(self, prompt_id="p1", **fields):
        self.queue.states[prompt_id] = PromptState("running", started=time.time() - 2)
        await self.driver.expect(self.prompt_context(prompt_id, **fields))

    async def judging(self, prompt_id):
        return await self.driver.begin(self.prompt_context(prompt_id))

    def prompt_context(self, prompt_id, **fields):
        return PromptContext(prompt_id, "page", handle(**fields), SDXL, None, LOOP, CRITIC)

    def fails(self, prompt_id, kind="torch.OutOfMemoryError", message=CUDA, node="5"):
        error = RenderError(type=kind, message=message, node=node)
        self.queue.states[prompt_id] = PromptState("error", f"KSampler (node {node}) failed: {message}", 1.0, error)

    def found(self, place):
        return self.driver.live.get(place.run.id).run

    def size(self, count):
        inputs = self.queue.submitted[count - 1].graph["4"]["inputs"]
        return inputs["width"], inputs["height"]


played = played_on(SmallCard)


@played
async def test_out_of_memory_is_tried_again_as_it_was_then_smaller_and_stays_smaller(stage):
    before = copy.deepcopy(SDXL)
    await stage.expect()
    stage.fails("p1")
    second = await stage.next_prompt(1)
    assert (stage.size(1), stage.memory.unloads) == ((1024, 1024), 1)
    stage.fails(second)
    third = await stage.next_prompt(2)
    assert (stage.size(2), stage.memory.unloads) == ((768, 768), 2)
    place = await stage.judging(third)
    assert [r.kind for r in place.run.recoveries] == ["unload", "size"]
    assert place.plan.settings == place.run.start.settings, "the render that failed is the one tried again"
    stage.judged(third, critique(0.5, prompt_append="deep snow"))
    fourth = await stage.next_prompt(3)
    assert stage.size(3) == (768, 768), "what made it possible stays for the renders to come"
    stage.fails(fourth)
    await stage.next_prompt(4)
    assert (stage.size(4), stage.memory.unloads) == ((768, 768), 3), "each render is first tried again as it was"
    assert before == SDXL
    on_disk = Journal(stage.root)
    assert on_disk.load_graph(place.run.id)[0]["4"]["inputs"]["width"] == 1024, "the user's graph is untouched"
    run = on_disk.load(place.run.id)
    assert [(r.number, r.kind) for r in run.recoveries] == [(1, "unload"), (1, "size"), (2, "unload")]
    assert all(r.sentence.endswith(".") and "CUDA" in r.error for r in run.recoveries)


@played
async def test_when_nothing_is_left_the_best_so_far_survives_with_what_was_tried(stage):
    await stage.expect()
    place = await stage.judging("p1")
    stage.judged("p1", critique(0.5, prompt_append="deep snow"), picture="loop_01_iter_01.png")
    for count in range(1, MAX_CHANGES + 5):
        failing = await stage.next_prompt(count)
        stage.fails(failing)
        await until(
            lambda count=count: len(stage.queue.submitted) > count or stage.driver.live.get(place.run.id).run.ended
        )
        if (await stage.driver.live.find(place.run.id)).ended:
            break
    run = await stage.ended(place.run.id)
    assert (run.status, run.best.number) == ("failed", 1)
    assert len(run.recoveries) <= MAX_CHANGES
    assert "768x768" in run.reason and "smaller size" in run.reason


@played
async def test_another_error_is_not_tried_again(stage):
    await stage.expect()
    stage.fails("p1", "ValueError", "the paint ran out")
    run = await stage.ended((await stage.driver.live.find_by_prompt("p1")).id)
    assert (run.status, run.recoveries, stage.queue.submitted) == ("failed", (), [])
    assert "KSampler (node 5) failed: the paint ran out" in run.reason


@played
async def test_a_missing_file_is_not_tried_again_and_the_nearest_is_named(stage):
    await stage.expect()
    stage.fails("p1", "FileNotFoundError", "Model with filename sd_xl_base_1.0.safetensors not found", node="1")
    run = await stage.ended((await stage.driver.live.find_by_prompt("p1")).id)
    assert (run.status, stage.queue.submitted) == ("failed", [])
    assert "sd_xl_base_1.0.safetensors" in run.reason and "Install" in run.reason


@played
async def test_a_refused_render_names_what_could_stand_in(stage):
    async def refuse(submission):
        message = "Value not in list ckpt_name: 'sd_xl_base_1.0.safetensors' not in (list of length 1)"
        raise SubmissionRejected(message, RenderError(type="value_not_in_list", message=message, node="1"))

    await stage.expect()
    place = await stage.judging("p1")
    stage.queue.submit = refuse
    stage.queue.info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] = ["sd_xl_base_0.9.safetensors"]
    stage.judged("p1", critique(0.5, prompt_append="deep snow"))
    run = await stage.ended(place.run.id)
    assert run.status == "failed" and run.reason.startswith("ComfyUI refused the next render.")
    assert "nearest that is installed: sd_xl_base_0.9.safetensors" in run.reason


@played
async def test_a_render_over_its_limit_is_interrupted_and_tried_once_more(stage):
    await stage.expect(limits=Limits(render_minutes=0.001))
    second = await stage.next_prompt(1)
    assert stage.queue.cancelled == ["p1"]
    stage.queue.states[second] = PromptState("running")
    run = await stage.ended((await stage.driver.live.find_by_prompt("p1")).id)
    assert [r.kind for r in run.recoveries] == ["timeout"]
    assert (run.status, len(stage.queue.submitted)) == ("failed", 1)
    assert "twice" in run.reason and "render_minutes" in run.reason


@played
async def test_judging_is_not_rendering(stage):
    await stage.expect(limits=Limits(render_minutes=0.002))
    place = await stage.judging("p1")
    await asyncio.sleep(0.2)
    assert stage.queue.cancelled == []
    stage.judged("p1", critique(0.9, passed=True))
    assert (await stage.ended(place.run.id)).status == "done"


@played
async def test_a_stop_is_stronger_than_another_try(stage):
    await stage.expect()
    run_id = (await stage.driver.live.find_by_prompt("p1")).id
    await stage.actions.stop(run_id)
    stage.fails("p1")
    run = await stage.ended(run_id)
    assert (run.recoveries, stage.queue.submitted) == ((), [])


@played
async def test_a_resumed_run_keeps_what_its_failures_made_necessary(stage):
    await stage.expect()
    for count in (1, 2):
        failing = stage.queue.submitted[-1].prompt_id if stage.queue.submitted else "p1"
        stage.fails(failing)
        await stage.next_prompt(count)
    run_id = (await stage.driver.live.find_by_prompt("p1")).id
    stage.die()
    again = SmallCard(stage.root)
    await again.actions.resume(run_id)
    await again.next_prompt(1)
    assert again.size(1) == (768, 768)


@played
async def test_two_pictures_of_different_size_are_made_equal_in_the_queued_copy_only(stage):
    await stage.expect()
    stage.fails(
        "p1",
        "RuntimeError",
        "Sizes of tensors must match except in dimension 1. Expected size 129 but got size 128 for tensor number 1",
    )
    run = await stage.ended((await stage.driver.live.find_by_prompt("p1")).id)
    assert run.status == "failed", "1024 fits the family's step, and no picture steers this render"
    assert "same width and height" in run.reason
