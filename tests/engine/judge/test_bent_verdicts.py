"""Judges that would bend a verdict: wrong words, votes about nothing, servers that stumble."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
import torch
from pack.engine.judge import patient_model
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture
from pack.engine.judge.questions import GROUP_SIZE
from pack.engine.judge.scoring import Bias
from pack.engine.judge.self_test import KindFigures, SelfTest, bias_of
from pack.engine.judge.vision_model import ModelStumbled, ModelUnreachable, Reply, Token

from .memory_model import CHECKLIST, DUCKS, MemoryModel, answers, requirement, seeing, wording_of

STEPS = torch.linspace(0, 1, 96).repeat(64, 1)
PICTURE = Picture(torch.stack([STEPS, STEPS.flip(1), STEPS.roll(30, 1)], -1))
DONE = '{"done": true, "changes": {}, "reason": "All there."}'


def figures(kind, verdict, threshold=0.0):
    return KindFigures(
        kind=kind,
        n=40,
        unreadable=0,
        tpr=0.9,
        fpr=0.1,
        auroc=0.6 if verdict == "too weak" else 0.95,
        threshold=threshold,
        threshold_again=threshold,
        verdict=verdict,
    )


def self_test_of(*kinds):
    return SelfTest(model="memory:1b", digest="sha", date="2026-01-01", soft=True, kinds=kinds)


def judged(model, checklist=CHECKLIST, pass_score=0.8, bias=Bias()):  # noqa: B008
    judge = Judge("ollama", model, pass_score, CHECKS, bias)
    return asyncio.run(judge.judge_pictures([PICTURE], checklist, 7)).critiques[0]


@pytest.mark.parametrize("verdict", ["good", "fair", "too weak"])
def test_a_judge_that_counts_seven_never_makes_it_three(verdict):
    """The goal is three ducks, the judge says 7 in every look, P("3") is .45, the threshold is -1.7."""
    ducks = Checklist(goal="three ducks", requirements=(DUCKS,))
    levels = {f"quality_{check}": "excellent" for check in CHECKS[1:]}

    def seven(question):
        head, tail = '{"q01": ', f", {json.dumps(levels)[1:]}"
        tokens = [Token(head, -0.01, ((head, -0.01),)), Token("7", -0.7, (("7", -0.7), ("3", -0.8)))]
        return Reply(f"{head}7{tail}", (*tokens, Token(tail, -0.01, ((tail, -0.01),))))

    found = judged(MemoryModel(seven), ducks, 0.75, bias_of(self_test_of(figures("count", verdict, -1.7))))
    assert (found.passed, found.items[0].passed, found.items[0].answer) == (False, False, "7")
    assert found.items[0].p <= 0.5


def test_a_judge_too_weak_for_all_of_it_is_not_asked_a_second_time_and_passes_nothing():
    weak = bias_of(self_test_of(*(figures(kind, "too weak", -3.0) for kind in ("count", "object", "attribute"))))
    model = MemoryModel(seeing())
    found = judged(model, bias=replace(weak, blank={}))
    assert (found.passed, found.decides) == (False, False)
    assert found.reason.startswith("This judge cannot tell whether the goal is met")
    assert wording_of(model.questions[-1]) == 1


def test_a_vote_is_no_answer_to_a_second_look_where_the_first_was_answered():
    model = MemoryModel(lambda q: DONE if wording_of(q) == 2 else answers())
    found = judged(model, bias=Bias(blank={}))
    assert (found.passed, found.looks) == (False, 1)
    assert "no second one" in found.reason


def many(count):
    wanted = (requirement(f"r{n}", text=f"thing {n}") for n in range(1, count + 1))
    return Checklist(goal="things", requirements=tuple(wanted))


def about(question, no=()):
    """The answers to whichever things are asked about; no: those that are not there."""
    told = {}
    for line in question.text.split("<questions>")[1].split("</questions>")[0].strip().splitlines():
        key, asked = line.split(" ", 1)
        name = asked.split("thing ")[1].split()[0].rstrip("?")
        there = name not in no
        told[key] = "yes" if there != ("missing" in asked) else "no"
    levels = {f"quality_{check}": "good" for check in CHECKS[1:]} if "quality_faces" in question.text else {}
    return json.dumps(told | levels)


@pytest.mark.parametrize("count", [10, 11, 30])
def test_a_long_checklist_is_asked_in_groups_and_all_of_it_has_to_be_met(count):
    model = MemoryModel(about)
    groups = -(-count // GROUP_SIZE)
    found = judged(model, many(count), bias=Bias(blank={}))
    assert (found.passed, len(found.items), len(model.questions)) == (True, count, 2 * groups)
    assert [item.id for item in found.items] == [f"r{n}" for n in range(1, count + 1)]
    assert sum("quality_faces" in q.text for q in model.questions) == 2, "once a look"
    last = MemoryModel(lambda q: about(q, no=(str(count),)))
    assert not judged(last, many(count), bias=Bias(blank={})).passed


def test_a_vote_passes_only_the_group_that_was_asked():
    """done to the first ten says nothing of the eleventh."""

    def votes_once(question):
        return DONE if "quality_faces" in question.text else "{}"

    assert judged(MemoryModel(votes_once), many(11), bias=Bias(blank={})).score is None
    partly = MemoryModel(lambda q: DONE if "quality_faces" in q.text else about(q, no=("1", "2", "3", "4", "5")))
    assert not judged(partly, many(11), bias=Bias(blank={})).passed


BUSY = ModelStumbled("Ollama is busy.")


@pytest.mark.parametrize("problem", [BUSY, ModelStumbled("Out of memory.", out_of_memory=True)])
def test_a_server_that_stumbles_once_is_asked_again_about_the_same_picture(problem):
    model = MemoryModel(problem, answers(r1=2))
    found = judged(model)
    assert (found.outcome, len(model.questions)) == ("judged", 2)
    assert model.questions[0] == model.questions[1]


def test_a_server_that_stumbles_twice_is_not_there():
    model = MemoryModel(BUSY)
    found = judged(model)
    assert (found.outcome, found.reason, len(model.questions)) == ("unreachable", "Ollama is busy.", 2)


def test_a_check_that_stumbles_once_is_made_again():
    model = MemoryModel(answers(r1=2))
    problems = [BUSY]

    async def check():
        model.checks += 1
        if problems:
            raise problems.pop()

    model.check = check
    assert judged(model).outcome == "judged"
    assert model.checks == 2


def test_what_did_not_stumble_is_not_asked_again():
    model = MemoryModel(ModelUnreachable("Gone."))
    assert judged(model).outcome == "unreachable"
    assert len(model.questions) == 1


class Returning(MemoryModel):
    """A server that is gone for some tries and then back."""

    def __init__(self, away, *answers):
        super().__init__(*answers)
        self.away = away

    async def check(self):
        self.checks += 1
        if self.checks <= self.away:
            raise ModelUnreachable("No connection.")


@pytest.mark.parametrize("kind", ["auto", "ollama"])
def test_a_judge_that_was_there_is_waited_for(kind, monkeypatch):
    monkeypatch.setattr(patient_model, "WAIT_SECONDS", 0.001)
    for patience, seen in ((5.0, True), (0.0, False)):
        judge = Judge(kind, Returning(3, answers(r1=2)), 0.8, CHECKS)
        judge.asked.patience = patience
        found = asyncio.run(judge.judge_pictures([PICTURE], CHECKLIST, 7)).critiques[0]
        assert (found.score is not None) is seen


def test_one_that_goes_while_it_is_asked_is_waited_for(monkeypatch):
    monkeypatch.setattr(patient_model, "WAIT_SECONDS", 0.001)
    model = Returning(0, ModelUnreachable("Gone."), answers(r1=2))
    judge = Judge("auto", model, 0.8, CHECKS)
    judge.asked.patience = 5.0
    assert asyncio.run(judge.judge_pictures([PICTURE], CHECKLIST, 7)).critiques[0].score is not None


def test_patience_ends(monkeypatch):
    monkeypatch.setattr(patient_model, "WAIT_SECONDS", 0.001)
    judge = Judge("auto", Returning(10**9, answers()), 0.8, CHECKS)
    judge.asked.patience = 0.05
    found = asyncio.run(judge.judge_pictures([PICTURE], CHECKLIST, 7)).critiques[0]
    assert (found.score, found.passed, found.sees_content, found.sound) == (None, False, False, True)
    assert "No connection" in found.describe()


def test_only_a_judge_chosen_to_be_blind_passes_what_is_sound():
    chosen = asyncio.run(Judge("offline", None, 0.8, CHECKS).judge_pictures([PICTURE], CHECKLIST, 7)).critiques[0]
    assert (chosen.passed, chosen.score) == (True, None)
