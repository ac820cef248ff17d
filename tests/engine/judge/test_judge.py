"""Verdicts about pictures, with a model in memory."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
import torch
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.critique import CHECKS, parse_checks
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.judge.scoring import Bias
from pack.engine.judge.vision_model import AnswerUnusable, ModelUnreachable, Reply, Token
from PIL import Image

from .memory_model import CHECKLIST, MemoryModel, answers, seeing, wording_of

PICTURE = torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(1))
BLACK = torch.zeros(64, 96, 3)
EDIT = json.dumps(
    {
        "edits": [{"clause": "exactly three ducks", "requirement": "r1"}],
        "evidence": [{"requirement": "r1", "seen": "two ducks, one cropped"}],
        "local_fix": None,
        "negative": ["fog"],
        "reason": "x",
        "settings": {"cfg": None, "steps": 30},
        "verdict": "done",
    }
)
DONE = '{"done": true, "changes": {}, "reason": "All there."}'
NOT_DONE = (
    '{"done": false, "changes": {"prompt_append": "three ducks", "neg_append": "fog", "cfg": 5}, "reason": "Two."}'
)


class Interrupted(BaseException):
    pass


CHECKED = Bias(blank={})
"""Of a judge that was shown a blank picture before."""


def judge_of(model, pass_score=0.8, checks="", votes=1):
    return Judge("ollama", model, pass_score, parse_checks(checks), CHECKED, votes)


def judged(model, image=PICTURE, checklist=CHECKLIST, seed=7, **given):
    judge = judge_of(model, **given)
    critique = asyncio.run(judge.judge_pictures([Picture(image)], checklist, seed)).critiques[0]
    assert model.released == 0, "the model stays for what is asked next"
    assert critique.seconds >= 0
    assert critique.model == model.name
    return critique


def test_one_look_is_enough_for_a_no():
    model = MemoryModel(seeing(r1=2))
    critique = judged(model)
    assert (critique.judge, critique.outcome, critique.looks, critique.sees_content) == ("ollama", "judged", 1, True)
    assert (critique.done, critique.passed) == (False, False)
    assert critique.reason == "I count 2 where the goal wants three ducks."
    assert [item.passed for item in critique.items] == [False, True, True]
    assert (model.checks, model.tasks) == (1, ["look"])


def test_the_question_is_blind_and_carries_picture_and_schema():
    model = MemoryModel(seeing())
    judged(model, seed=2**31 + 7)
    for question in model.questions:
        assert CHECKLIST.goal not in question.text + question.system
        assert Image.open(io.BytesIO(question.jpeg)).size == (96, 64)
        assert (question.temperature, question.probabilities) == (0.0, True)
        assert question.schema["required"][0] == "q01"
    assert [question.seed for question in model.questions] == [7, 8]


def test_yes_needs_a_second_look_in_other_words_and_order():
    model = MemoryModel(seeing())
    critique = judged(model)
    assert (critique.passed, critique.done, critique.looks) == (True, True, 2)
    assert all(item.looks == 2 for item in critique.items)
    assert model.tasks == ["look", "look"]
    first, second = model.questions
    assert (first.system, first.text, first.jpeg) != (second.system, second.text, b"")
    assert first.jpeg == second.jpeg


@pytest.mark.parametrize("again", [{"r1_again": 2}, {"r2_again": "yes"}, {"r3_again": "blue"}, {"r3_again": ""}])
def test_a_second_look_that_disagrees_prevents_passing(again):
    critique = judged(MemoryModel(seeing(**again)))
    assert (critique.passed, critique.done, critique.looks) == (False, False, 2)
    assert critique.reason.startswith("A second look did not agree: ")
    assert critique.score < 0.8


@pytest.mark.parametrize("problem", ["nonsense", AnswerUnusable("Cut off."), ModelUnreachable("Gone. Start it.")])
def test_without_a_readable_second_look_nothing_passes(problem):
    critique = judged(MemoryModel(seeing(), problem))
    assert (critique.outcome, critique.done, critique.passed, critique.looks) == ("judged", True, False, 1)
    assert "second" in critique.reason


@pytest.mark.parametrize(("quality", "pass_score"), [("poor", 0.2), ("good", 0.9)])
def test_poor_quality_or_a_low_score_is_no_pass_and_needs_neither_second_look_nor_editor(quality, pass_score):
    model = MemoryModel(seeing(quality=quality))
    critique = judged(model, pass_score=pass_score)
    assert (critique.done, critique.passed, critique.looks, model.tasks) == (True, False, 1, ["look"])


def test_only_selected_checks_count():
    assert judged(MemoryModel(seeing(quality="bad")), checks="prompt_match").passed
    assert set(judged(MemoryModel(seeing()), checks="faces").checks) == {"prompt_match", "faces"}


def edited(model, *wanted, image=PICTURE):
    """The verdict, and what the editor makes of it."""
    picture, judge = Picture(image), judge_of(model)
    critique = asyncio.run(judge.judge_pictures([picture], CHECKLIST, 7)).critiques[0]
    return critique, asyncio.run(judge.propose_edits(picture, CHECKLIST, critique, wanted, 7))


def test_the_editor_is_asked_for_the_items_that_fail():
    model = MemoryModel(seeing(r1=2, edit=EDIT))
    first, critique = edited(model, "r1", "r2")
    assert model.tasks == ["look", "edit"]
    assert [(edit.requirement, edit.clause) for edit in critique.edits] == [("r1", "exactly three ducks")]
    assert (critique.negative, critique.changes.steps, critique.editor_says) == (("fog",), 30, "done")
    assert critique.items[0].evidence == "two ducks, one cropped"
    assert critique.reason == "I count 2 where the goal wants three ducks (two ducks, one cropped)."
    assert not critique.passed
    assert critique.seconds >= first.seconds
    assert model.questions[0].jpeg == model.questions[1].jpeg
    assert "r2: a hat (the judge sees it here, but other pictures lack it)" in model.questions[1].text


def test_the_editor_is_asked_after_a_second_look_that_disagrees():
    model = MemoryModel(seeing(r1_again=2, edit=EDIT))
    _, critique = edited(model, "r1")
    assert model.tasks == ["look", "look", "edit"]
    assert "two ducks, one cropped" in critique.reason


@pytest.mark.parametrize("edit", ["nonsense", AnswerUnusable("Cut."), ModelUnreachable("Gone.")])
def test_the_verdict_stands_without_the_editor(edit):
    model = MemoryModel(lambda question: edit if "<task>edit" in question.text else answers(r1=2))
    first, critique = edited(model, "r1")
    assert critique == first
    assert (critique.outcome, critique.edits, critique.looks) == ("judged", (), 1)
    assert critique.reason == "I count 2 where the goal wants three ducks."


def test_a_plain_done_passes_after_two():
    model = MemoryModel(DONE)
    critique = judged(model)
    assert (critique.passed, critique.done, critique.looks, critique.score) == (True, True, 2, 0.9)
    assert critique.checks == {}
    assert len(model.questions) == 2
    assert not judged(MemoryModel(DONE, NOT_DONE)).passed


def test_a_plain_no_keeps_its_proposals_and_asks_no_editor():
    model = MemoryModel(NOT_DONE)
    critique = judged(model)
    assert (critique.passed, critique.done, critique.reason, model.tasks) == (False, False, "Two.", ["look"])
    assert [(edit.requirement, edit.clause) for edit in critique.edits] == [("r1", "three ducks")]
    assert (critique.negative, critique.changes.cfg) == (("fog",), 5.0)
    assert critique.items[0].p == pytest.approx(0.1)


def test_an_unusable_answer_is_asked_again_with_the_reason():
    model = MemoryModel('{"reason": "x"}', answers(r1=2))
    assert judged(model).outcome == "judged"
    first, second = model.questions
    assert second.text.startswith(first.text)
    assert "unusable" in second.text.removeprefix(first.text)


def test_a_part_is_asked_again_and_then_unknown():
    part = answers(r2="perhaps")
    model = MemoryModel(part, "nonsense", "{}")
    critique = judged(model)
    assert len(model.questions) == 2
    assert (critique.items[1].answer, critique.items[1].p, critique.passed) == ("unknown", 0.5, False)
    whole = MemoryModel(part, answers(r1=2))
    assert judged(whole).items[1].passed


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
    model = MemoryModel(seeing())
    critique = judged(model, image=BLACK)
    assert (critique.outcome, critique.score, critique.passed, critique.looks) == ("judged", 0.0, False, 0)
    assert "black" in critique.reason
    assert (model.questions, model.checks, critique.items) == ([], 0, ())


def test_an_interrupt_goes_through():
    with pytest.raises(Interrupted):
        judged(MemoryModel(Interrupted()))


def test_votes_are_drawn_where_there_are_no_probabilities():
    model = MemoryModel(answers(r1=2), answers(), answers(), "{}")
    critique = judged(model, votes=3)
    assert [question.temperature for question in model.questions] == [0.0, 0.7, 0.7]
    assert len({question.seed for question in model.questions}) == 3
    assert [item.p for item in critique.items] == pytest.approx([0.625, 0.875, 0.875])
    lost = judged(MemoryModel(answers(), answers(), AnswerUnusable("x"), "{}"), votes=3)
    assert lost.items[0].p == pytest.approx(0.625)


def test_no_votes_are_drawn_where_there_are():
    text = answers(r1=2)
    model = MemoryModel(Reply(text, (Token(text, -0.1, (("x", -1.0),)),)))
    judged(model, votes=3)
    assert len(model.questions) == 1


def again(model, image=PICTURE):
    return asyncio.run(judge_of(model).look_again(Picture(image), CHECKLIST, 7))


def test_a_second_look_stands_for_itself():
    model = MemoryModel(seeing())
    found = again(model)
    assert (found.looks, found.passed, found.done, found.model) == (1, False, True, "memory:1b")
    assert [wording_of(question) for question in model.questions] == [2]


@pytest.mark.parametrize("problem", ["nonsense", ModelUnreachable("Gone.")])
def test_a_second_look_that_fails_is_no_score(problem):
    assert again(MemoryModel(problem)).score is None


def test_a_second_look_at_a_broken_picture_costs_no_call():
    model = MemoryModel(seeing())
    assert again(model, BLACK).score == 0.0
    assert model.questions == []


def test_an_empty_checklist_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        judged(MemoryModel(""), checklist=Checklist(goal="", requirements=()))


def batch(model, *images):
    return asyncio.run(judge_of(model).judge_pictures([Picture(image) for image in images], CHECKLIST, 7))


def test_a_batch_has_one_critique_each():
    model = MemoryModel(answers(r1=2, r3="no"), answers(r1=2), answers(r2="no", r1=1))
    critiques, best = batch(model, PICTURE, BLACK, PICTURE.flip(0), PICTURE.flip(1))
    assert best == 2
    assert critiques[1].score == 0.0
    assert model.tasks == ["look", "look", "look"]


def test_in_a_batch_a_confirmed_picture_wins():
    model = MemoryModel(answers(quality="excellent", r1=2), answers(quality="fair"), answers(2, "fair"))
    critiques, best = batch(model, PICTURE, PICTURE)
    assert [critique.passed for critique in critiques.values()] == [False, True]
    assert (best, len(model.questions)) == (1, 3)


def test_the_first_is_best_on_a_tie_and_unjudged_ones_come_last():
    assert batch(MemoryModel(answers(r1=2)), PICTURE, PICTURE, PICTURE).best == 0
    found = batch(MemoryModel("bad", "bad", answers(r1=1)), PICTURE, PICTURE, PICTURE)
    assert found.critiques[0].outcome == "unreadable"
    assert found.best == 1


def test_an_unreachable_model_is_asked_once_per_batch():
    model = MemoryModel(ModelUnreachable("Gone. Start it."))
    critiques, best = batch(model, PICTURE, PICTURE, PICTURE)
    assert [critique.outcome for critique in critiques.values()] == ["unreachable"] * 3
    assert (best, len(model.questions)) == (0, 1)


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="no picture"):
        batch(MemoryModel(""))


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
