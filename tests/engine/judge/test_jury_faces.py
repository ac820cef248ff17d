"""Faces counted beside a judge: what they mend, what they leave alone, and a poor counter that does no harm."""

from __future__ import annotations

import asyncio
import io
import json
import random
import re

import pytest
import torch
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.detector import DetectorFailed
from pack.engine.judge.face_detector import FaceCounter, measured_face_rates
from pack.engine.judge.faces import FaceRates, chance_of_faces
from pack.engine.judge.judge import Judge
from pack.engine.judge.jury import Jury
from pack.engine.judge.picture import Picture
from pack.engine.judge.reliability import reliability_of
from pack.engine.judge.self_test import bias_of
from pack.engine.judge.vision_model import Reply
from PIL import Image

from .test_jury import GOOD, self_test

GOAL = "two women on a bench"
CHECKLIST = checklist_of_lines(GOAL, ["two women", "a bench"])
DUCKS = checklist_of_lines("three ducks", ["three ducks", "a pond"])
RATES = measured_face_rates()["facenet-pytorch"]
POOR = FaceRates(found=0.05, kept=1, alike=0.3, extra=0.4)
_LINE = re.compile(r"^(q\d+) \(([^)]*)\): (.*)", re.MULTILINE)


def picture(seed=0):
    return Picture(torch.rand(32, 32, 3, generator=torch.Generator().manual_seed(seed)))


class Counting:
    """A judge that sees everything, and this many of what it is asked to count; nothing in a blank picture."""

    name = "model"

    def __init__(self, number=2):
        self.number = number

    async def check(self):
        pass

    async def ask(self, question):
        low, high = Image.open(io.BytesIO(question.jpeg)).convert("L").getextrema()
        blank = high - low < 10
        said = {}
        for key, _, text in _LINE.findall(question.text):
            if "How many" in text or "number of" in text:
                said[key] = "0" if blank else str(self.number)
            else:
                said[key] = "no" if blank != ("missing" in text) else "yes"
        return Reply(json.dumps({**said, **dict.fromkeys(re.findall(r"quality_\w+", question.text), "excellent")}))

    async def digest(self):
        return "sha"

    async def release(self):
        pass


class Faces:
    name = "faces"

    def __init__(self, number, failing=False):
        self.number, self.failing, self.times = number, failing, 0

    def count(self, pixels):
        self.times += 1
        assert pixels.shape[2] == 3 and pixels.dtype.name == "uint8"
        if self.failing:
            raise DetectorFailed("faces could not look at the picture (OSError).")
        return self.number


def judge(model, tested=None):
    one = Judge("ollama", model, 0.8, CHECKS)
    if tested is not None:
        one.tested, one.bias = tested, bias_of(tested)
    return one


def jury(model, faces, rates=RATES, tested=None):
    return Jury(judge(model, tested), [], [FaceCounter(faces, rates)])


def verdict(judging, checklist=CHECKLIST, shown=None):
    batch = asyncio.run(judging.judge_pictures([shown or picture()], checklist, 5))
    return batch.critiques[batch.best]


def counted(critique):
    return critique.items[0].passed


def test_a_third_face_that_the_judge_overlooks_is_found():
    assert verdict(judge(Counting(2))).passed, "it counts what it expects"
    found = verdict(jury(Counting(2), Faces(3)))
    assert not found.passed and not counted(found)
    assert "faces finds 3 faces" in found.reason
    told = found.jury[1]
    assert (told.model, told.judge, told.calls, told.looks) == ("faces", "detector", 1, 1)
    assert [(one.id, one.answer) for one in told.items] == [("r1", "3")]
    assert told.items[0].evidence == -2.5


@pytest.mark.parametrize("faces", [0, 1, 2])
def test_whoever_turns_away_stops_nothing(faces):
    found = verdict(jury(Counting(2), Faces(faces)))
    assert found.passed, found.reason


def test_two_faces_do_not_save_a_picture_whose_judge_counts_three():
    found = verdict(jury(Counting(3), Faces(2)))
    assert not found.passed and not counted(found)


def test_they_are_counted_once_for_a_picture_however_often_it_is_looked_at():
    faces, shown = Faces(2), picture()
    judging = jury(Counting(2), faces)
    verdict(judging, CHECKLIST, shown)
    asyncio.run(judging.look_again(shown, CHECKLIST, 5))
    assert faces.times == 1


@pytest.mark.parametrize("tested", [None, self_test("model", **GOOD), self_test("model", **{**GOOD, "count": 0.6})])
def test_ducks_are_judged_as_if_nobody_counted_faces(tested):
    faces = Faces(3)
    alone, beside = judge(Counting(3), tested), jury(Counting(3), faces, tested=tested)
    one, two = verdict(alone, DUCKS), verdict(beside, DUCKS)
    assert two.model_copy(update={"seconds": 0}) == one.model_copy(update={"seconds": 0})
    assert faces.times == 0
    assert beside.reliability_for(DUCKS) == alone.reliability_for(DUCKS) == reliability_of(tested)
    assert "count" in beside.reliability_for(CHECKLIST)


def test_a_counter_that_fails_leaves_the_word_to_the_judge():
    found = verdict(jury(Counting(2), Faces(0, failing=True)))
    assert found.passed, found.reason
    assert "could not look" in found.jury[1].reason


def played(rates, seed, pictures=40):
    """(right verdicts of the judge alone, right ones beside a counter that errs by these rates) about two women.

    Half of the pictures show two, the others one or three; the judge says "two" of four in five, whatever is there.
    """
    dice = random.Random(seed)
    alone = beside = 0
    for number in range(pictures):
        people = dice.choice((2, 2, 1, 3))
        said = 2 if dice.random() < 0.8 else people
        found = dice.choices(range(8), [chance_of_faces(rates, people, faces) for faces in range(8)])[0]
        shown = picture(number)
        alone += verdict(judge(Counting(said)), CHECKLIST, shown).passed == (people == 2)
        beside += verdict(jury(Counting(said), Faces(found), rates), CHECKLIST, shown).passed == (people == 2)
    return alone, beside


def test_a_good_counter_mends_a_judge_that_always_sees_two():
    good = FaceRates(found=0.95, kept=1, alike=0.05, extra=0.01)
    alone, beside = played(good, 1)
    assert beside >= alone + 4
    alone, beside = played(RATES, 1)
    assert beside >= alone, "of the measured one a third face helps where it is seen"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_poor_counter_does_no_harm(seed):
    alone, beside = played(POOR, seed)
    assert beside == alone
