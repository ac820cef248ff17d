"""The tutorial's judge behind the port of vision models, asked by the real judge."""

import asyncio
import json
import random

import numpy as np
import pytest
import torch
from pack.engine.judge import scoring
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.judge.vision_model import AnswerUnusable, Question
from pack.engine.tutorial.answers import answer
from pack.engine.tutorial.checklist import checklist
from pack.engine.tutorial.model import SURE, TutorialModel
from pack.engine.tutorial.painted_image import paint_image
from pack.engine.tutorial.painter import draw
from pack.engine.tutorial.questions import read_question
from pack.engine.tutorial.scene import parse
from pack.engine.tutorial.seeing import see

from ...rehearsal.scenes import goal_of, photographed, random_scene

GOALS = (
    "three red circles to the left of a blue square, four green stars at the top, on a white background",
    "five yellow stars above two blue squares, a green ring in the top left, on a black background",
    'two purple diamonds and the word "HELLO", no red squares',
)


def shown(text: str, **damage) -> Picture:
    pixels = draw(parse(text), 3, 512, 512, **damage)
    return Picture(torch.from_numpy(pixels.astype(np.float32) / 255))


def judged(goal: str, picture: Picture):
    async def look():
        judge = Judge("auto", TutorialModel(), 0.8, CHECKS)
        checklist = await judge.make_checklist(goal)
        verdict = (await judge.judge_pictures([picture], checklist, 1))[0][0]
        failing = [item.id for item in verdict.items if not item.passed]
        return checklist, await judge.propose_edits(picture, checklist, verdict, failing, 1)

    return asyncio.run(look())


@pytest.mark.parametrize("goal", GOALS)
def test_what_the_goal_says_is_met_in_two_looks(goal):
    checklist, verdict = judged(goal, shown(goal))
    assert all(requirement.source == "model" for requirement in checklist.requirements)
    assert not checklist.uncovered
    assert (verdict.passed, verdict.model) == (True, "tutorial"), verdict.reason


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ("three red", "two red", "I count 2"),
        ("to the left", "to the right", "left of"),
        ("white", "black", "black"),
        ("at the top", "at the bottom", "top"),
    ],
)
def test_what_is_wrong_is_seen_and_said(right, wrong, reason):
    _, verdict = judged(GOALS[0], shown(GOALS[0].replace(right, wrong)))
    assert not verdict.passed
    assert reason in verdict.reason
    assert verdict.edits, "with other words to ask for it"


def test_damage_is_seen():
    assert not judged(GOALS[1], shown(GOALS[1], scratches=True))[1].passed


def test_it_answers_nothing_but_its_three_tasks():
    def ask(text, jpeg=b""):
        return asyncio.run(TutorialModel().ask(Question("", text, jpeg, {})))

    for text in ("", "hello", "<task>verdict</task><goal>a circle</goal>", "<goal><task>checklist</task></goal>"):
        with pytest.raises(AnswerUnusable):
            ask(text if "goal" not in text else text.replace("checklist", "verdict"))
    with pytest.raises(AnswerUnusable, match="cannot be read"):
        ask("<task>look</task><questions>q01 (yes/no): Is there a circle?</questions>", b"no picture")


def test_the_painter_paints_an_image():
    image = paint_image("a red circle on a white background", "", 1, 20, 7.0, 320, 192)
    assert image.shape == (1, 192, 320, 3)
    assert image.dtype == torch.float32
    assert 0 <= image.min() < image.max() <= 1
    assert torch.equal(image, paint_image("a red circle on a white background", "", 1, 20, 7.0, 320, 192))


def test_its_answers_are_as_sure_as_it_says():
    """Every question of a checklist, in both wordings, about its own scene."""
    right = asked = 0
    for number in range(60):
        dice = random.Random(f"sure {number}")
        scene = random_scene(dice)
        view = see(photographed(draw(scene, number, 512, 512)))
        for item in checklist(goal_of(scene)):
            for prefix in ("", "alt_"):
                form = {"yesno": "yes/no", "count": "number", "open": "one word"}[item[f"{prefix}ask"]]
                said = answer(read_question(item[f"{prefix}question"]), form, view)
                right += str(said).lower() in item[f"{prefix}expect"]
                asked += 1
    assert asked > 300
    assert right / asked >= SURE


def test_each_value_is_a_token_with_its_probability():
    text = "<task>look</task><questions>\nq01 (number): How many red circles are there?\n"
    text += "q02 (yes/no): Is the background white?\nq03 (one word): What colour is the background?\n</questions>"
    jpeg = shown("three red circles on a white background").encoded.jpeg
    reply = asyncio.run(TutorialModel().ask(Question("", text, jpeg, {}, probabilities=True)))
    assert "".join(token.text for token in reply.tokens) == reply.text
    said = json.loads(reply.text)
    assert (said["q01"], said["q02"], said["q03"], said["quality_artifacts"]) == (3, "yes", "white", "excellent")
    assert scoring.of_choice(reply.tokens, "q02", "yes", "yes", "no") == pytest.approx(SURE)
    assert scoring.of_answer(reply.tokens, "q01", "3", ("3",)) == pytest.approx(SURE)
    assert scoring.of_answer(reply.tokens, "q03", "white", ("white",)) == pytest.approx(SURE)
