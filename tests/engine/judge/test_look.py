"""One verdict about one picture, with a model in memory."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
import torch
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.look import judge_batch, judge_picture, parse_checks
from pack.engine.judge.schema import ANSWER_SCHEMA
from pack.engine.judge.vision_model import AnswerUnusable, ModelUnreachable
from PIL import Image

PICTURE = torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(1))
BLACK = torch.zeros(64, 96, 3)


class Interrupted(BaseException):
    pass


class MemoryModel:
    """Gives the prepared answers, the last one for ever. An exception among them is raised."""

    name = "memory:1b"

    def __init__(self, *answers, check=None):
        self.answers, self.check_problem = list(answers), check
        self.questions, self.checks, self.released = [], 0, 0

    async def check(self):
        self.checks += 1
        if self.check_problem:
            raise self.check_problem

    async def ask(self, question):
        self.questions.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def release(self):
        self.released += 1


def answer(match=9, other=9, done=True, reason="fine", **changes):
    scores = {name: other for name in CHECKS} | {"prompt_match": match}
    edits = {"cfg": None, "neg_append": "", "prompt_append": "", "seed": "keep", "steps": None} | changes
    return json.dumps({"assessment": scores, "changes": edits, "done": done, "reason": reason})


def judged(model, image=PICTURE, goal="a red cube", pass_score=0.8, checks="", seed=7):
    critique = asyncio.run(judge_picture(model, image, goal, pass_score, parse_checks(checks), seed))
    assert model.released == 1
    assert critique.seconds >= 0
    assert critique.model == model.name
    return critique


def test_one_look_is_enough_for_a_no():
    model = MemoryModel(answer(4, 8, done=False, reason="No cube.", prompt_append="a red cube", seed="new"))
    critique = judged(model)
    assert (critique.judge, critique.outcome, critique.looks, critique.sees_content) == ("ollama", "judged", 1, True)
    assert critique.score == pytest.approx(0.85 * 0.4 + 0.15 * 0.8)
    assert critique.checks == {name: 0.4 if name == "prompt_match" else 0.8 for name in CHECKS}
    assert (critique.done, critique.passed, critique.reason) == (False, False, "No cube.")
    assert (critique.changes.prompt_append, critique.changes.seed) == ("a red cube", "new")
    assert model.checks == 1


def test_the_question_is_blind_and_carries_picture_and_schema():
    model = MemoryModel(answer(done=False))
    judged(model, seed=2**63 + 5)
    (question,) = model.questions
    assert "<goal>a red cube</goal>" in question.text
    assert question.schema is ANSWER_SCHEMA
    assert Image.open(io.BytesIO(question.jpeg)).size == (96, 64)
    assert question.seed == 5


def test_yes_needs_a_second_look_in_other_words_with_another_seed():
    model = MemoryModel(answer(10, 10), answer(8, 8, reason="also fine"))
    critique = judged(model)
    assert (critique.passed, critique.done, critique.looks, critique.score) == (True, True, 2, 0.9)
    assert critique.checks["faces"] == 0.9
    assert critique.reason == "fine"
    first, second = model.questions
    assert first.system != second.system
    assert first.text != second.text
    assert first.seed != second.seed
    assert first.jpeg == second.jpeg


def test_a_score_that_meets_the_pass_score_exactly_passes():
    assert judged(MemoryModel(answer(8, 8)), pass_score=0.8).passed


@pytest.mark.parametrize(
    "second", [answer(9, 9, done=False, reason="Two cubes."), answer(2, 9, done=True, reason="Two cubes.")]
)
def test_a_second_look_that_disagrees_prevents_passing(second):
    critique = judged(MemoryModel(answer(9, 9), second))
    assert not critique.passed
    assert critique.looks == 2
    assert critique.score < 0.95
    assert "Two cubes." in critique.reason


def test_the_disagreeing_look_proposes_the_changes():
    critique = judged(MemoryModel(answer(), answer(5, done=False, prompt_append="one cube only")))
    assert critique.changes.prompt_append == "one cube only"


@pytest.mark.parametrize("problem", ["nonsense", AnswerUnusable("Cut off."), ModelUnreachable("Gone. Start it.")])
def test_without_a_readable_second_look_nothing_passes(problem):
    critique = judged(MemoryModel(answer(), problem))
    assert (critique.outcome, critique.done, critique.passed, critique.looks) == ("judged", True, False, 1)
    assert "second" in critique.reason


def test_done_below_the_pass_score_is_no_pass_and_needs_no_second_look():
    model = MemoryModel(answer(5, 5, done=True, reason=""))
    critique = judged(model)
    assert (critique.done, critique.passed, critique.looks, len(model.questions)) == (True, False, 1, 1)
    assert "pass score 0.80" in critique.reason


def test_only_selected_checks_count():
    text = json.dumps(json.loads(answer(10, 0, done=False)))
    assert judged(MemoryModel(text), checks="prompt_match").score == 1.0
    critique = judged(MemoryModel(text), checks="faces")
    assert critique.score == 0.85
    assert set(critique.checks) == {"prompt_match", "faces"}


def test_a_plain_yes_is_a_full_score_without_checks():
    critique = judged(MemoryModel('{"done": true, "changes": {}, "reason": "ok"}'))
    assert (critique.score, critique.checks, critique.passed, critique.looks) == (1.0, {}, True, 2)
    critique = judged(MemoryModel('{"done": false, "changes": {"prompt_append": "hat"}, "reason": "no hat"}'))
    assert (critique.score, critique.checks, critique.passed) == (0.0, {}, False)
    assert critique.changes.prompt_append == "hat"


def test_an_unusable_answer_is_asked_again_with_the_reason():
    model = MemoryModel('{"reason": "x"}', answer(done=False))
    assert judged(model).outcome == "judged"
    first, second = model.questions
    assert second.text.startswith(first.text)
    assert '"done"' in second.text.removeprefix(first.text)


@pytest.mark.parametrize("bad", ["no idea", AnswerUnusable("The answer was cut off.")])
def test_two_unusable_answers_are_no_score(bad):
    model = MemoryModel(bad)
    critique = judged(model)
    assert (critique.outcome, critique.score, critique.passed, critique.looks) == ("unreadable", None, False, 0)
    assert len(model.questions) == 2
    assert "memory:1b" in critique.reason


@pytest.mark.parametrize("where", ["check", "ask", "ask again"])
def test_an_unreachable_model_is_no_score(where):
    problem = ModelUnreachable("No connection to Ollama. Start it.")
    models = {
        "check": MemoryModel("x", check=problem),
        "ask": MemoryModel(problem),
        "ask again": MemoryModel("nonsense", problem),
    }
    critique = judged(models[where])
    assert (critique.outcome, critique.score, critique.reason) == ("unreachable", None, str(problem))


def test_a_broken_picture_costs_no_call():
    model = MemoryModel(answer())
    critique = judged(model, image=BLACK)
    assert (critique.outcome, critique.score, critique.passed, critique.looks) == ("judged", 0.0, False, 0)
    assert "black" in critique.reason
    assert (model.questions, model.checks) == ([], 0)


def test_an_interrupt_goes_through_and_the_model_is_released():
    model = MemoryModel(Interrupted())
    with pytest.raises(Interrupted):
        asyncio.run(judge_picture(model, PICTURE, "a cube", 0.8, CHECKS, 0))
    assert model.released == 1


def batch(model, images, pass_score=0.8):
    found = asyncio.run(judge_batch(model, images, "a red cube", pass_score, CHECKS, 7))
    assert model.released == 1
    return found


def test_a_batch_has_one_critique_each_and_a_best():
    images = torch.stack([PICTURE, BLACK, PICTURE.flip(0), PICTURE.flip(1)])
    model = MemoryModel(answer(4, done=False), answer(7, done=False), answer(6, done=False))
    critiques, best = batch(model, images)
    assert [critique.score for critique in critiques] == [0.475, 0.0, 0.73, 0.645]
    assert best == 2


def test_in_a_batch_a_confirmed_picture_beats_a_higher_score():
    model = MemoryModel(answer(10, 10, done=False), answer(8, 8), answer(8, 8))
    critiques, best = batch(model, torch.stack([PICTURE, PICTURE]))
    assert [critique.passed for critique in critiques] == [False, True]
    assert best == 1


def test_the_first_is_best_on_a_tie_and_unjudged_ones_come_last():
    images = torch.stack([PICTURE, PICTURE, PICTURE])
    assert batch(MemoryModel(answer(5, done=False)), images).best == 0
    model = MemoryModel("bad", "bad", answer(1, done=False))
    found = batch(model, images)
    assert found.critiques[0].outcome == "unreadable"
    assert found.best == 1


def test_an_unreachable_model_is_asked_once_per_batch():
    model = MemoryModel(ModelUnreachable("Gone. Start it."))
    critiques, best = batch(model, torch.stack([PICTURE, PICTURE, PICTURE]))
    assert [critique.outcome for critique in critiques] == ["unreachable"] * 3
    assert (best, len(model.questions)) == (0, 1)


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="no picture"):
        asyncio.run(judge_batch(MemoryModel(answer()), torch.zeros(0, 8, 8, 3), "x", 0.8, CHECKS, 0))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", CHECKS),
        (" , ", CHECKS),
        ("faces", ("prompt_match", "faces")),
        ("Text, prompt_match ,text", ("prompt_match", "text")),
        (", ".join(reversed(CHECKS)), CHECKS),
    ],
)
def test_checks_from_text(text, names):
    assert parse_checks(text) == names


def test_an_unknown_check_is_named_with_the_valid_ones():
    with pytest.raises(ValueError, match=r'"hands".*prompt_match, artifacts, faces, text, composition'):
        parse_checks("faces, hands")
