"""The driver and repairs: how one is queued, and that whatever becomes of it nothing is lost."""

from __future__ import annotations

import asyncio
import copy
import time
from dataclasses import replace

import pytest
import torch
from pack.engine.graph.detectors import detector_in, detectors_of
from pack.engine.graph.local_edit_parts import EditRefused
from pack.engine.graph.render_error import RenderError
from pack.engine.judge.region_question import WHOLE, RegionHint
from pack.engine.loop.journal import Journal, stem
from pack.engine.loop.plan import Plan, RegionRepair
from pack.engine.loop.ports import CarriedRequest, PromptState, SubmissionRejected
from pack.engine.loop.repair_rendering import OLLAMA_BOXES, RepairRenders
from pack.engine.loop.run_context import PromptContext, Report

from ..graph.test_detectors import IMPACT
from ..graph.test_local_edit import INFO, OURS, looped, of_class
from .runs import SETTINGS, checklist, handle, itemised, judged, run
from .stage import MemoryQueue, Stage, played_on
from .test_driver_recovery import CUDA, MemoryCard, graph

SDXL, CRITIC = looped(graph("sdxl_txt2img"))
LOOP = next(n for n, node in SDXL.items() if node["class_type"] == "ImitatoesSelfImprovingPrompt")
FOX = checklist("red fox", "two ducks", "deep snow", "night sky")
HINT = RegionHint(requirement="r1", region="the fox", prompt="one red fox", box=(100, 100, 400, 500))
FAILING, MET = (0.06, 0.97, 0.97, 0.97), (0.97, 0.97, 0.97, 0.97)


CROP = OURS[0]


class KnowingQueue(MemoryQueue):
    async def object_info(self):
        return INFO


class Studio(Stage):
    """A server whose first picture fails in one thing that can be mended in place."""

    def __init__(self, root):
        super().__init__(root, queue=KnowingQueue(), memory=MemoryCard())

    def prompt_context(self, prompt_id, **fields):
        begun = PromptContext(prompt_id, "page", handle(**fields), SDXL, None, LOOP, CRITIC)
        return replace(begun, can_edit_locally=True)

    async def begun(self, **fields):
        """A run whose pictures fail in one thing alone, until a repair is queued: its first prompt then."""
        prompt_id = "p1"
        for count in range(1, 10):
            place = await self.begin(prompt_id, **fields)
            self.judges(prompt_id, place, FAILING)
            prompt_id = await self.next_prompt(count)
            if is_repair(self.graph(count)):
                self.before = place.number
                del self.queue.submitted[: count - 1]
                return place.run.id
        raise AssertionError("no repair was planned")

    def judges(self, prompt_id, place, chances, more_hints=None, relooks_of=None, **fields):
        name = Journal(self.root).save_picture(place.run.id, place.plan, torch.rand(96, 128, 3), {})
        assert name == f"{stem(place.plan)}.png"
        hints = {f"{number}:r1": HINT for number in range(1, 20)} | (more_hints or {})
        if relooks_of is not None:
            fields["relooks"] = {relooks_of: itemised(*chances)}
        self.driver.report(prompt_id, Report(itemised(*chances), name, checklist=FOX, region_hints=hints, **fields))
        self.queue.states[prompt_id] = PromptState("success", started=time.time() - 2)

    def graph(self, count):
        return self.queue.submitted[count - 1].graph

    def fails(self, count, message, kind="RuntimeError"):
        error = RenderError(type=kind, message=message, node="5")
        prompt_id = self.queue.submitted[count - 1].prompt_id
        self.queue.states[prompt_id] = PromptState("error", f"KSampler (node 5) failed: {message}", 1.0, error)


def is_repair(made):
    return any(node["class_type"] == "ImitatoesRegionCrop" for node in made.values())


played = played_on(Studio)


@played
async def test_a_repair_is_queued_with_the_regions_prompt_and_a_seed_of_its_own(studio):
    run_id = await studio.begun()
    made = studio.graph(1)
    assert is_repair(made)
    hub = made[LOOP]["inputs"]
    assert (hub["prompt"], hub["goal"]) == ("one red fox", "a red fox in snow") and hub["seed"] != SETTINGS.seed
    run = studio.driver.live.get(run_id).run
    plan, folder = run.pending.plan, f"{studio.root.name}/{run_id}"
    (loader,) = [node["inputs"] for node in made.values() if node["class_type"] == "LoadImage"]
    assert loader["image"] == f"{folder}/{run.iterations[plan.edit_of - 1].picture} [output]"
    (mask,) = [node["inputs"] for node in made.values() if node["class_type"] == "LoadImageMask"]
    assert mask["image"] == f"{folder}/{stem(plan)}_mask.png [output]"
    assert (Journal(studio.root).folder(run_id) / f"{stem(plan)}_mask.png").is_file()
    assert studio.driver.live.get(run_id).queued_graph == SDXL


@played
async def test_a_repair_that_helps_becomes_the_best_and_is_on_disk(studio):
    run_id = await studio.begun()
    place = await studio.begin(studio.queue.submitted[0].prompt_id)
    studio.judges(place.run.pending.prompt_id, place, MET, repaired=(0.1, 0.1, 0.4, 0.4))
    await studio.next_prompt(2)
    kept = Journal(studio.root).load(run_id)
    repaired = kept.iterations[studio.before]
    assert kept.best.number == repaired.number and repaired.plan.repair.prompt == "one red fox"
    assert repaired.repaired == (0.1, 0.1, 0.4, 0.4) and repaired.decision.kind == "accept"


@played
async def test_outputs_that_the_repair_does_not_need_are_not_asked_for(studio):
    studio.queue.came_with = CarriedRequest(targets=(CRITIC, "404"))
    await studio.begun()
    assert studio.queue.submitted[0].carried.targets == (CRITIC,)


@played
async def test_interrupt_ends_the_run_as_in_any_render(studio):
    run_id = await studio.begun()
    studio.queue.states[studio.queue.submitted[0].prompt_id] = PromptState("interrupted", started=1.0)
    ended = await studio.ended(run_id)
    assert (ended.status, len(ended.iterations)) == ("interrupted", studio.before)
    assert ended.best is not None


@played
async def test_stopping_cancels_the_repair(studio):
    run_id = await studio.begun()
    await studio.actions.stop(run_id)
    ended = await studio.ended(run_id)
    assert ended.status == "stopped" and studio.queue.cancelled


@played
async def test_out_of_memory_is_tried_again_and_then_whole_pictures_are_painted(studio):
    run_id = await studio.begun()
    for count in range(1, 8):
        await studio.next_prompt(count)
        if not is_repair(studio.graph(count)):
            break
        studio.fails(count, CUDA, "torch.OutOfMemoryError")
    assert studio.memory.unloads >= 1 and count > 2
    run = studio.driver.live.get(run_id).run
    assert run.pending.plan.action != "local_edit" and not run.can_edit_locally
    assert studio.driver.live.get(run_id).graph == SDXL, "what a repair needed changes no whole picture"
    assert [finding.kind for finding in run.warnings].count("no_repair") == 1
    assert all(not recovery.patch.operations for recovery in run.recoveries)


@played
async def test_a_repair_whose_node_fails_is_given_up_once_for_all(studio):
    run_id = await studio.begun()
    studio.fails(1, "no such model")
    await studio.next_prompt(2)
    assert not is_repair(studio.graph(2))
    run = studio.driver.live.get(run_id).run
    assert "no such model" in run.warnings[-1].what and run.status == "running"


@played
async def test_a_repair_that_the_server_refuses_is_given_up(studio):
    submit, refused = studio.queue.submit, []

    async def picky(submission):
        if is_repair(submission.graph):
            refused.append(submission)
            raise SubmissionRejected("Nodes are missing.")
        await submit(submission)

    studio.queue.submit = picky
    prompt_id = "p1"
    for count in range(1, 10):
        place = await studio.begin(prompt_id)
        studio.judges(prompt_id, place, FAILING)
        prompt_id = await studio.next_prompt(count)
        if refused:
            break
    assert len(refused) == 1 and not is_repair(studio.graph(count))


@played
async def test_pictures_that_are_gone_are_not_repaired(studio):
    prompt_id = "p1"
    for count in range(1, 6):
        place = await studio.begin(prompt_id)
        name = f"{stem(place.plan)}.png"
        hints = {f"{number}:r1": HINT for number in range(1, 20)}
        studio.driver.report(prompt_id, Report(itemised(*FAILING), name, checklist=FOX, region_hints=hints))
        studio.queue.states[prompt_id] = PromptState("success", started=time.time() - 2)
        prompt_id = await studio.next_prompt(count)
        assert not is_repair(studio.graph(count))
    run = studio.driver.live.get(place.run.id).run
    assert run.status == "running" and "no_repair" in [finding.kind for finding in run.warnings]


@played
async def test_a_server_that_dies_in_a_repair_resumes_with_the_same_one(studio):
    run_id = await studio.begun()
    before = studio.graph(1)
    studio.die()
    later = Studio(studio.root)
    await later.actions.resume(run_id)
    await later.next_prompt(1)
    assert later.graph(1) == before


@pytest.mark.parametrize(("judge", "asked"), [("auto", True), ("ollama", True), ("openai", False)])
def test_without_a_segmenter_the_judges_own_box_is_taken(tmp_path, judge, asked):
    """Where it gave none, a model of Ollama is asked; where there is none of those either, that is said."""
    journal, first = Journal(tmp_path), run().model_copy(update={"checklist": FOX})
    made = judged(first, itemised(*FAILING)).model_copy(update={"critic_node": CRITIC, "loop_node": LOOP})
    journal.open(made, SDXL, None)
    journal.save_picture(made.id, made.iterations[0].plan, torch.rand(96, 128, 3), {})
    workflow = copy.deepcopy(SDXL)
    workflow[CRITIC]["inputs"]["judge"] = judge
    renders = RepairRenders(KnowingQueue(), lambda: journal, lambda: OLLAMA_BOXES)
    repair = RegionRepair(kind="wrong", words="the fox", box=HINT.box, prompt="a red fox", denoise=0.6)
    fields = {"settings": SETTINGS, "action": "local_edit", "edit_of": 1, "requirement": "r1", "reason": "So."}

    def kinds(one):
        plan = Plan(loop=1, index=2, repair=one, **fields)
        return {node["class_type"] for node in asyncio.run(renders.graph(made, plan, workflow)).values()}

    assert "LoadImageMask" in kinds(repair) and "ImitatoesTextSegmentMask" not in kinds(repair)
    nowhere = repair.model_copy(update={"box": None})
    if asked:
        assert "ImitatoesTextSegmentMask" in kinds(nowhere)
    else:
        with pytest.raises(EditRefused, match="the fox"):
            kinds(nowhere)


def test_a_detector_that_fails_is_not_used_again(tmp_path):
    """And nothing else that fails is taken for one."""
    journal, first = Journal(tmp_path), run().model_copy(update={"checklist": FOX})
    made = judged(first, itemised(*FAILING)).model_copy(update={"critic_node": CRITIC, "loop_node": LOOP})
    journal.open(made, SDXL, None)
    journal.save_picture(made.id, made.iterations[0].plan, torch.rand(96, 128, 3), {})
    queue = KnowingQueue()
    queue.object_info = with_detectors
    renders = RepairRenders(queue, lambda: journal, lambda: OLLAMA_BOXES)
    repair = RegionRepair(kind="hand", words="the hand", box=HINT.box, prompt="a hand", denoise=0.5)
    fields = {"settings": SETTINGS, "action": "local_edit", "edit_of": 1, "requirement": "r1", "reason": "So."}
    plan = Plan(loop=1, index=2, repair=repair, **fields)
    graph = asyncio.run(renders.graph(made, plan, SDXL))
    assert detectors_of(graph) == ("Ultralytics detector for hands",)
    detector = next(node for node in graph if detector_in(graph, node))

    def dropped(node):
        error = RenderError(type="RuntimeError", message="no weights", node=node)
        return asyncio.run(renders.drop_detector(made, plan, SDXL, error))

    whole = repair.model_copy(update={"words": "", "box": WHOLE})
    told = asyncio.run(renders.graph(made, plan.model_copy(update={"repair": whole}), SDXL))
    assert detectors_of(told) == (), "where all of a picture may change, nothing is looked for"
    nowhere = repair.model_copy(update={"box": None})
    (crop,) = of_class(asyncio.run(renders.graph(made, plan.model_copy(update={"repair": nowhere}), SDXL)), CROP)
    assert "else_mask" in crop, "words, where the detector finds nothing"
    assert not dropped(CRITIC) and not asyncio.run(renders.drop_detector(made, plan, SDXL, None))
    assert dropped(detector) and not dropped(detector), "once"
    assert detectors_of(asyncio.run(renders.graph(made, plan, SDXL))) == ()


async def with_detectors():
    return {**INFO, **IMPACT}
