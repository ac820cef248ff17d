"""The judge that the user chose, and where its checklist comes from."""

from __future__ import annotations

import asyncio
import json

import pytest
import torch
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.judge.vision_model import ModelUnfit, ModelUnreachable

from .memory_model import CHECKLIST, MemoryModel, seeing

PICTURES = [Picture(torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(1)))]
GONE = ModelUnreachable("No connection. Start it.")
WRITTEN = json.dumps(
    {
        "requirements": [
            {
                "alt_ask": "yesno",
                "alt_expect": ["no"],
                "alt_question": "Is the hat missing?",
                "ask": "yesno",
                "expect": ["yes"],
                "kind": "object",
                "parents": [],
                "question": "Is there a hat?",
                "span": "hat",
                "text": "a hat",
            }
        ]
    }
)


def judge(kind, *answers, check=None):
    model = MemoryModel(*(answers or ("",)), check=check)
    return Judge(kind, model, 0.8, CHECKS), model


def made(chosen, lines=(), goal="a hat"):
    return asyncio.run(chosen.make_checklist(goal, lines, 3))


@pytest.mark.parametrize("kind", ["auto", "ollama", "offline"])
def test_the_users_lines_come_first_and_cost_no_call(kind):
    chosen, model = judge(kind, check=GONE)
    assert [one.text for one in made(chosen, ["two cats", ""]).requirements] == ["two cats"]
    assert (model.checks, model.questions) == (0, [])
    with pytest.raises(ValueError, match="at most 30"):
        made(chosen, [f"thing {n}" for n in range(31)])


def test_the_model_takes_the_goal_apart():
    chosen, model = judge("ollama", WRITTEN)
    (one,) = made(chosen).requirements
    assert (one.source, len(model.questions), model.released) == ("model", 1, 0)


def test_where_no_model_can_the_goal_is_split():
    for chosen, _ in (judge("offline"), judge("auto", check=GONE), judge("ollama", "nonsense"), judge("auto", "[]")):
        found = made(chosen, goal="a hat and two cats")
        assert [one.text for one in found.requirements] == ["a hat", "two cats"]
    assert made(Judge("offline", None, 0.8, CHECKS), goal="").requirements == ()


@pytest.mark.parametrize(
    ("kind", "problem"), [("ollama", GONE), ("ollama", ModelUnfit("Blind.")), ("auto", ModelUnfit("Blind."))]
)
def test_where_no_verdict_could_be_had_either_it_is_told(kind, problem):
    with pytest.raises(type(problem)):
        made(judge(kind, check=problem)[0])


def judged(chosen):
    chosen.remember_blank({})
    critiques, best = asyncio.run(chosen.judge_pictures(PICTURES, CHECKLIST, 7))
    return critiques[best]


def test_a_model_judges_by_the_checklist():
    assert judged(judge("auto", seeing())[0]).passed
    assert judged(judge("ollama", seeing(r1=2))[0]).items[0].answer == "2"


def test_auto_falls_back_where_nobody_answers_and_says_so():
    critique = judged(judge("auto", check=GONE)[0])
    assert (critique.judge, critique.sees_content) == ("offline", False)
    assert "No connection" in critique.reason
    assert judged(judge("ollama", check=GONE)[0]).outcome == "unreachable"
    assert judged(judge("auto", check=ModelUnfit("Blind."))[0]).outcome == "unreachable"


def test_a_second_look_stands_alone_and_nothing_is_released_before_the_end():
    chosen, model = judge("ollama", seeing(r1=2))
    first = judged(chosen)
    again = asyncio.run(chosen.look_again(PICTURES[0], CHECKLIST, 7))
    assert (again.looks, len(again.items)) == (1, len(first.items))
    assert not again.passed
    assert model.released == 0
    asyncio.run(chosen.release())
    assert model.released == 1


def test_the_editor_is_asked_for_what_is_wanted_alone():
    chosen, _ = judge("ollama", seeing(r1=2))
    first = judged(chosen)
    assert asyncio.run(chosen.propose_edits(PICTURES[0], CHECKLIST, first, (), 7)) is first
    passed = [item.id for item in first.items if item.passed]
    assert asyncio.run(chosen.propose_edits(PICTURES[0], CHECKLIST, first, passed, 7)) is first


def test_the_offline_judge_has_no_model_to_release():
    offline, model = judge("offline")
    asyncio.run(offline.release())
    assert model is None or model.released == 0


def test_a_checklist_that_rules_stood_in_for_says_so():
    unusable = made(judge("ollama", "nonsense")[0], goal="a hat and two cats")
    assert {one.source for one in unusable.requirements} == {"rule"}
    assert "wrote no checklist that can be used" in unusable.notes[0]
    alone = made(judge("auto", check=GONE)[0], goal="a hat and two cats")
    assert {one.source for one in alone.requirements} == {"rule"} and "No judge model answered" in alone.notes[0]
    assert made(judge("offline")[0], goal="a hat").notes == ()
