"""Clips of known truth, judged through HTTP by a model that looks at pixels: in order, or on one sheet."""

from __future__ import annotations

import asyncio

import pytest
import torch
from pack.engine.judge.checklist_rules import checklist_of_goal, checklist_of_lines
from pack.engine.judge.clip import Clip
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.rehearsal.ollama_double import OllamaDouble, pixel_judge
from pack.rehearsal.world.clip_painter import COURSES, paint_clip

TRUTHS = [
    ("steady", "a red circle", True, ""),
    ("steady", "a red circle throughout", True, ""),
    ("steady", "the red circle turns blue", False, "turns blue"),
    ("one good", "a red circle", False, "red circle"),
    ("one good", "a red circle", False, "flickers at"),
    ("late", "a red circle at some point", True, ""),
    ("late", "a red circle", False, "red circle at 0.0 s"),
    ("late", "a red circle appears", True, ""),
    ("late", "a red circle at the end", True, ""),
    ("late", "a red circle at the start", False, "red circle"),
    ("early", "a red circle at the start", True, ""),
    ("early", "the red circle disappears", True, ""),
    ("flickers", "a red circle", False, "flickers at"),
    ("melts", "a red circle", False, ""),
    ("moves left", "the red circle moves left", True, ""),
    ("moves left", "the red circle moves right", False, "moves right"),
    ("moves right", "the red circle moves to the right", True, ""),
    ("turns blue", "the red circle turns blue", True, ""),
    ("turns blue", "a red circle", False, "red circle at"),
    ("grows", "the red circle grows", True, ""),
    ("steady", "the red circle grows", False, "grows"),
    ("frozen", "a red circle", False, "Nothing moves"),
    ("frozen", "a still red circle", True, ""),
    ("cuts", "a red circle at the start", False, "cuts to another shot at"),
    ("camera left", "the camera moves left", True, ""),
    ("camera left", "the camera moves right", False, "camera moves right"),
    ("camera left", "two red circles", False, "I count 1"),
]


def clip_of(course, frames=25):
    return Clip(torch.from_numpy(paint_clip(course, frames)).float() / 255, rate=8.0)


def judged(model, clip, checklist):
    async def look():
        judge = Judge("ollama", model, 0.8, CHECKS)
        critiques, best = await judge.judge_pictures([clip], checklist, 5)
        return critiques[best], judge.asked.calls

    return asyncio.run(look())


@pytest.fixture(scope="module")
def seeing():
    with OllamaDouble(default=pixel_judge, unload_delay=0.05, doubt=0.0) as server:
        yield server


@pytest.fixture(scope="module")
def one_picture():
    with OllamaDouble(default=pixel_judge, unload_delay=0.05, doubt=0.0, one_picture=True) as server:
        yield server


def test_every_course_is_judged():
    assert {course for course, *_ in TRUTHS} == set(COURSES)


@pytest.mark.parametrize(("course", "goal", "passes", "said"), TRUTHS)
def test_a_clip_is_judged_for_what_it_is(seeing, model_on, course, goal, passes, said):
    critique, calls = judged(model_on(seeing.url), clip_of(course), checklist_of_goal(goal, clip=True))
    assert (critique.outcome, critique.passed) == ("judged", passes), critique.reason
    assert said in critique.reason
    assert calls <= 3


@pytest.mark.parametrize("course", ["steady", "late", "moves left"])
def test_a_model_that_takes_one_picture_gets_a_sheet(one_picture, model_on, course):
    goal = {"steady": "a red circle", "late": "a red circle", "moves left": "the red circle moves left"}[course]
    before = len(one_picture.chats())
    critique, _ = judged(model_on(one_picture.url), clip_of(course), checklist_of_goal(goal, clip=True))
    assert critique.passed == (course != "late"), critique.reason
    sent = [len(record.images) for record in one_picture.chats()[before:]]
    assert sent[-1] == 1
    assert max(sent[1:]) == 1, "after one refusal no second one is provoked"


def test_the_frames_go_in_one_question_in_order(seeing, model_on):
    clip = clip_of("late")
    judged(model_on(seeing.url), clip, checklist_of_lines("a goal", ["a red circle", "a green square"], clip=True))
    look = next(record for record in reversed(seeing.chats()) if len(record.images) > 1)
    assert [one.data for one in look.images] == list(clip.jpegs)
    assert len(look.images) == 6
