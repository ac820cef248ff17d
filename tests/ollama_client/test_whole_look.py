"""The judge from goal and tensor to critique over HTTP, with a model that reads pixels."""

from __future__ import annotations

import asyncio

import pytest
import torch
from pack.engine.judge.checklist_builder import make_checklist
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.rehearsal.ollama_double import OllamaDouble, Reply, pixel_judge

from ..painted import CHECKLIST, GOAL, painted
from .conftest import Stopped


@pytest.fixture
def seeing():
    with OllamaDouble(default=pixel_judge, unload_delay=0.05) as server:
        yield server


def whole_look(model, *images, checklist=CHECKLIST):
    """The verdict about a batch, with the editor's proposals for what fails in the best of it."""

    async def look():
        judge, pictures = Judge("ollama", model, 0.8, CHECKS), [Picture.of(image) for image in images]
        try:
            critiques, best = await judge.judge_pictures(pictures, checklist, 5)
            failing = [item.id for item in critiques[best].items if not item.passed]
            if failing:
                critiques[best] = await judge.propose_edits(pictures[best], checklist, critiques[best], failing, 5)
        finally:
            await judge.release()
        return critiques, best

    return asyncio.run(look())


def judged(model, image, checklist=CHECKLIST):
    return whole_look(model, image, checklist=checklist)[0][0]


def made(model, goal=GOAL):
    return asyncio.run(make_checklist(model, goal, 5))


@pytest.mark.parametrize(
    ("goal", "kinds"),
    [
        (GOAL, {"count"}),
        ("two green stars left of one yellow triangle", {"count", "relation"}),
        ('one red circle and the word "HELLO" on a black background', {"text"}),
    ],
)
def test_a_model_takes_the_goal_apart_and_the_right_picture_passes(seeing, model_on, goal, kinds):
    model = model_on(seeing.url)
    checklist = made(model, goal)
    assert kinds <= {one.kind for one in checklist.requirements}
    critique = judged(model, painted(goal), checklist)
    assert (critique.outcome, critique.passed, critique.looks) == ("judged", True, 2), critique.reason
    assert critique.soft


@pytest.mark.parametrize(
    ("picture", "passed"), [("two red circles", True), ("three red circles", True), ("one red circle", False)]
)
def test_a_range_is_met_by_each_of_its_numbers(seeing, model_on, picture, passed):
    model = model_on(seeing.url)
    checklist = made(model, "at least two red circles and no green stars")
    assert [one.kind for one in checklist.requirements] == ["count", "absence"]
    critique = judged(model, painted(picture), checklist)
    assert critique.passed is passed, critique.reason


def test_the_right_picture_passes_after_two_blind_looks(seeing, model_on):
    critique = judged(model_on(seeing.url, keep_alive=0), painted(GOAL))
    assert (critique.outcome, critique.passed, critique.looks) == ("judged", True, 2), critique.reason
    looks = [record for record in seeing.chats() if record.body["messages"]]
    pictures = [record.images[0].sha256 for record in looks]
    assert len(looks) == 3
    assert pictures[0] == pictures[2] != pictures[1], "a blank picture is shown between the two looks"
    assert looks[0].body["messages"] != looks[2].body["messages"]
    assert not any(GOAL in str(record.body["messages"]) for record in looks)
    assert seeing.loaded == {}


def test_the_wrong_picture_does_not_pass_and_a_wording_is_proposed(seeing, model_on):
    critique = judged(model_on(seeing.url), painted("two red circles and one blue square"))
    assert (critique.outcome, critique.passed, critique.looks) == ("judged", False, 1)
    assert critique.score < 0.8
    assert "I count 2 where the goal wants three red circles" in critique.reason
    assert {edit.requirement for edit in critique.edits} == {"r1"}


def test_a_server_without_probabilities_gives_plain_words(model_on):
    with OllamaDouble(default=pixel_judge, version="0.12.10") as old:
        critique = judged(model_on(old.url), painted(GOAL))
    assert (critique.passed, critique.soft) == (True, False)
    assert all(item.p == pytest.approx(0.9) for item in critique.items)


def test_the_final_look_at_a_picture_seen_once(seeing, model_on):
    picture = painted("two red circles and one blue square")
    judge = Judge("ollama", model_on(seeing.url), 0.8, CHECKS)
    found = asyncio.run(judge.look_again(picture, CHECKLIST, 5))
    assert (found.looks, found.passed) == (1, False)
    assert not found.items[0].passed


def test_the_best_of_a_batch(seeing, model_on):
    images = [painted("two red circles"), painted(GOAL), torch.zeros(512, 512, 3)]
    critiques, best = whole_look(model_on(seeing.url, keep_alive=0), *images)
    assert best == 1
    assert [critique.passed for critique in critiques.values()] == [False, True, False]
    unloads = [record for record in seeing.chats() if not record.body["messages"]]
    assert len(unloads) == 1


@pytest.mark.parametrize("kind", ["fenced", "prose", "trailing_comma", "think_tag", "json_in_thinking"])
def test_careless_models_are_understood(seeing, model_on, kind):
    seeing.script.extend([Reply(kind=kind), Reply(kind=kind)])
    assert judged(model_on(seeing.url), painted(GOAL)).passed


@pytest.mark.parametrize("kind", ["length", "no_done", "endless_spaces"])
def test_models_that_fail_twice_give_no_score(seeing, model_on, kind):
    seeing.script.extend([Reply(kind=kind), Reply(kind=kind)])
    critique = judged(model_on(seeing.url), painted(GOAL))
    assert (critique.outcome, critique.score) == ("unreadable", None)
    assert "qwen2.5vl:7b" in critique.reason


@pytest.mark.parametrize("kind", ["length", "format_ignored"])
def test_one_bad_answer_is_asked_again(seeing, model_on, kind):
    seeing.script.append(Reply(kind=kind))
    assert judged(model_on(seeing.url), painted("two red circles")).outcome == "judged"


def test_an_interrupt_ends_the_look(seeing, model_on):
    asked = []

    def interrupted():
        asked.append(len(seeing.chats()))
        return asked[-1] > 0

    seeing.script.append(Reply(kind="hang_headers"))
    with pytest.raises(Stopped):
        judged(model_on(seeing.url, interrupted=interrupted), painted(GOAL))
