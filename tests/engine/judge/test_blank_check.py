"""The blank check: what a judge sees where there is nothing."""

from __future__ import annotations

import asyncio
import io

import pytest
import torch
from pack.engine.judge.blank_check import blank_check, impossible_on_blank
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.judge.scoring import Bias
from pack.engine.judge.vision_model import ModelUnreachable, Reply
from PIL import Image

from .memory_model import CHECKLIST, DUCKS, HAT, RED, MemoryModel, answers, requirement, seeing

PICTURE = torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(1))
NOTHING = {"r1": 0, "r2": "no", "r3": "no"}


def is_blank(jpeg):
    return len(Image.open(io.BytesIO(jpeg)).convert("RGB").getcolors(2) or []) == 1


def imagining(blank=NOTHING, **given):
    """A model that sees all right in every picture, and on a blank one what it is given."""
    real = seeing(**given)
    return MemoryModel(lambda question: answers(**blank) if is_blank(question.jpeg) else real(question))


def judged(model, bias=Bias(), images=1, checklist=CHECKLIST):  # noqa: B008
    judge = Judge("ollama", model, 0.8, CHECKS, bias)
    return asyncio.run(judge.judge_pictures([Picture(PICTURE)] * images, checklist, 7))


@pytest.mark.parametrize(
    ("asked", "impossible"),
    [
        (HAT, True),
        (DUCKS, True),
        (RED, True),
        (requirement("r4", "attribute", "a grey background", parents=("r2",)), False),
        (requirement("r4", "attribute", "red light everywhere"), False),
        (requirement("r4", "object", "a plain wall"), False),
        (requirement("r4", "object", "dense fog"), False),
        (requirement("r4", "object", "a skyscraper"), True),
        (requirement("r4", "count", "no ducks", ask="count", expect=("0",)), False),
        (requirement("r4", "absence", "no cars"), False),
        (requirement("r4", "style", "a watercolour"), False),
        (requirement("r4", "text", 'a sign "OPEN"'), True),
    ],
)
def test_only_what_nothing_cannot_meet_is_asked(asked, impossible):
    assert impossible_on_blank(asked) is impossible


def test_where_nothing_can_be_asked_no_model_is_asked():
    model = imagining()
    checklist = CHECKLIST.model_copy(update={"requirements": (requirement("r1", "style", "a watercolour"),)})
    assert asyncio.run(blank_check(model, checklist, 0)) == {}
    assert model.questions == []


def test_a_picture_that_fails_costs_no_blank_look():
    model = imagining(r1=2, edit="{}")
    critique = judged(model).critiques[0]
    assert critique.blank is None
    assert not any(is_blank(question.jpeg) for question in model.questions)


def test_a_sober_judge_is_believed_and_asked_once():
    model = imagining()
    found = judged(model, images=3)
    assert [critique.passed for critique in found.critiques.values()] == [True, False, False]
    assert sum(is_blank(question.jpeg) for question in model.questions) == 1
    assert len(model.questions) == 3 + 1 + 1, "one second look: the first picture is confirmed"
    assert all(value < 0 for value in found.critiques[0].blank.values())
    again = imagining()
    assert judged(again, Bias(blank=found.critiques[0].blank)).critiques[0].passed
    assert len(again.questions) == 2, "what is known is not asked again"


def test_what_is_seen_on_a_blank_picture_is_not_believed():
    model = imagining(blank=NOTHING | {"r2": "yes"})
    critique = judged(model).critiques[0]
    assert critique.blank["r2"] > 0 > critique.blank["r1"]
    hat = next(item for item in critique.items if item.id == "r2")
    sober = next(item for item in judged(imagining()).critiques[0].items if item.id == "r2")
    assert (hat.passed, sober.passed) == (False, True)
    assert critique.reason == "I cannot be sure of: a hat (the judge sees it in an empty picture too)."


def test_without_an_answer_about_the_blank_picture_the_verdict_stands():
    model = imagining()
    real = model.answers[0]
    model.answers = [lambda question: Reply("nonsense") if is_blank(question.jpeg) else real(question)]
    critique = judged(model).critiques[0]
    assert (critique.passed, critique.blank) == (True, {})


def test_what_the_blank_picture_tells_counts_for_every_picture_of_a_batch():
    model = imagining(blank=NOTHING | {"r2": "yes"})
    found = judged(model, images=3)
    assert not any(item.passed for critique in found.critiques.values() for item in critique.items if item.id == "r2")
    assert sum(is_blank(question.jpeg) for question in model.questions) == 1


DONE = '{"done": true, "changes": {}, "reason": "Splendid."}'


@pytest.mark.parametrize("wanted", [CHECKLIST.requirements, (requirement("r1", "style", "a watercolour"),)])
def test_a_vote_for_the_whole_is_asked_about_a_blank_picture_too(wanted):
    checklist = CHECKLIST.model_copy(update={"requirements": wanted})
    flatterer = MemoryModel(DONE)
    critique = judged(flatterer, checklist=checklist).critiques[0]
    assert (critique.passed, [item.passed for item in critique.items]) == (False, [False] * len(wanted))
    assert sum(is_blank(question.jpeg) for question in flatterer.questions) == 1
    no = '{"done": false, "changes": {}, "reason": "There is nothing."}'
    sober = MemoryModel(lambda question: no if is_blank(question.jpeg) else DONE)
    assert judged(sober, checklist=checklist).critiques[0].passed


def test_a_server_lost_at_the_blank_look_leaves_the_first_look():
    model = imagining()
    real = model.answers[0]
    lost = ModelUnreachable("Ollama is gone.")
    model.answers = [lambda question: lost if is_blank(question.jpeg) else real(question)]
    critique = judged(model).critiques[0]
    assert (critique.passed, critique.looks, critique.blank) == (False, 1, None)
    assert "Ollama is gone." in critique.reason
