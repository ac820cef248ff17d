"""The self-test with models in memory: what it finds, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.scoring import Bias, correct_logit_bias, logit, sigmoid
from pack.engine.judge.self_test import (
    KindFigures,
    SelfTest,
    TrialAnswer,
    bias_of,
    figures_of,
    in_words,
    lower_trust,
    run_self_test,
    trust_of,
)
from pack.engine.judge.self_test_scenes import self_test_scenes
from pack.engine.judge.vision_model import AnswerUnusable, ModelUnreachable

from .memory_model import MemoryModel, requirement

LINE = re.compile(r"^(q\d\d) \((yes/no|number|one word)\)", re.M)
SAYS = {"yes/no": "yes", "number": 3, "one word": "hello"}


class Interrupted(BaseException):
    pass


def same(question):
    """An answer that does not depend on the picture."""
    levels = {key: "good" for key in question.schema["properties"] if key.startswith("quality_")}
    return json.dumps({key: SAYS[form] for key, form in LINE.findall(question.text)} | levels)


def found_by(*answers, **more):
    model = MemoryModel(*answers, **more)
    return asyncio.run(run_self_test(model)), model


def kind(name="relation", verdict="too weak", **more):
    given = {"n": 40, "unreadable": 0, "tpr": 0.6, "fpr": 0.5, "auroc": 0.61, "threshold": 0.7, "threshold_again": -0.2}
    return KindFigures(kind=name, verdict=verdict, **(given | more))


def self_test(*kinds, soft=True):
    return SelfTest(model="small:2b", digest="ab", date="2026-01-01T00:00:00+00:00", soft=soft, kinds=kinds)


def test_a_model_that_always_says_yes_is_too_weak_for_everything():
    found, model = found_by(same)
    assert [(k.auroc, k.verdict, k.unreadable) for k in found.kinds if k.kind not in ("count", "text")] == [
        (0.5, "too weak", 0)
    ] * 4
    assert all(k.verdict == "too weak" for k in found.kinds)
    assert set(trust_of(found).values()) == {0.5}
    assert bias_of(found).thresholds == {}, "what is noise is taken off nothing"
    assert bias_of(found).weak == {one.kind for one in found.kinds}
    assert "Try a larger judge" in " ".join(in_words(found))
    assert (found.model, found.digest, found.soft) == ("memory:1b", "sha", False)
    assert (model.released, len(model.questions)) == (1, 2 * len(self_test_scenes()))


def test_its_progress_is_told():
    steps = []
    asyncio.run(run_self_test(MemoryModel(same), lambda done, of: steps.append((done, of))))
    assert steps == [(n, 60) for n in range(1, 61)]


@pytest.mark.parametrize("answer", ["", "not json", "{}", AnswerUnusable("cut off"), '{"q01": null}', "[1]"])
def test_broken_answers_are_counted_and_never_taken_for_right(answer):
    found, model = found_by(answer)
    assert all((k.n, k.unreadable, k.tpr, k.auroc, k.verdict) == (0, 40, None, None, "too weak") for k in found.kinds)
    assert "240 of 240 answers could not be used." in in_words(found)
    assert not found.soft
    assert bias_of(found).of(requirement("r1")) == 0.0
    assert model.released == 1


def test_many_broken_answers_make_a_kind_too_weak_however_good_the_rest():
    good = [TrialAnswer("count", w, h, 0.9 if h else 0.1) for w in (1, 2) for h in (True, False)]
    (enough,) = figures_of([*good, TrialAnswer("count", 1, True, None)])
    assert (enough.verdict, enough.unreadable, enough.auroc) == ("good", 1, 1.0)
    (few,) = figures_of([*good, *[TrialAnswer("count", 1, True, None)] * 3])
    assert (few.verdict, few.unreadable) == ("too weak", 3)
    assert "3 of 7 answers" in in_words(self_test(few))[0]


@pytest.mark.parametrize("shift", [-2.0, 0.0, 1.5])
def test_a_biased_judges_threshold_moves_and_the_correction_undoes_it(shift):
    def p(right, wording):
        return sigmoid((1 if right else -1) + (shift if wording == 1 else -shift))

    (found,) = figures_of([TrialAnswer("object", w, h, p(h, w)) for w in (1, 2) for h in (True, False)] * 5)
    assert found.threshold == pytest.approx(shift, abs=0.01)
    assert found.threshold_again == pytest.approx(-shift, abs=0.01)
    assert found.auroc == 1.0, "a shared bias is no weakness"
    bias, one = bias_of(self_test(found)), requirement("r1")
    for wording in (1, 2):
        assert logit(correct_logit_bias(p(True, wording), one, bias, wording)) == pytest.approx(1, abs=0.01)
        assert logit(correct_logit_bias(p(False, wording), one, bias, wording)) == pytest.approx(-1, abs=0.01)


def test_a_threshold_of_the_first_wording_alone_holds_for_both():
    assert Bias(thresholds={"object": 0.4}).of(requirement("r1"), 2) == 0.4


def test_an_interrupt_and_a_lost_server_pass_through():
    for problem in (Interrupted(), ModelUnreachable("Gone. Start it.")):
        model = MemoryModel(same, problem)
        with pytest.raises(type(problem)):
            asyncio.run(run_self_test(model))
        assert model.released == 1
    with pytest.raises(ModelUnreachable):
        found_by(same, check=ModelUnreachable("Gone. Start it."))


def test_the_words_say_what_is_weak_and_how_much():
    said = in_words(
        self_test(kind("count", "good", auroc=0.97), kind("text", "fair", auroc=0.8), kind(), kind("object", "good"))
    )
    assert said == [
        "small:2b judges counts and things well.",
        "small:2b judges writing fairly well.",
        "small:2b is too weak for positions: it tells true from false in 61 of 100 pairs of drawn scenes, "
        "where guessing gives 50. Such requirements weigh half at most.",
        "Try a larger judge, or one of another family.",
    ]
    assert "coarse" in in_words(self_test(kind("count", "good"), soft=False))[-1]


def test_a_checklist_trusts_weak_kinds_less_and_says_so():
    checklist = Checklist(goal="g", requirements=(requirement("r1"), requirement("r2", "relation", "a left of b")))
    found = lower_trust(checklist, self_test(kind(), kind("object", "good"), kind("text")))
    assert [r.trust for r in found.requirements] == [1.0, 0.5]
    assert len(found.notes) == 1 and "positions" in found.notes[0], "only of kinds that occur"
    assert found.digest == found.model_copy(update={"notes": ()}).digest
    assert lower_trust(checklist, None) is checklist


def test_the_chosen_judge_weighs_its_checklists():
    weak = self_test(kind("count"))
    for judge, trust in (("ollama", 0.5), ("offline", 1.0)):
        chosen = Judge(judge, MemoryModel(""), 0.8, CHECKS, tested=weak)
        made = asyncio.run(chosen.make_checklist("three ducks", ["three ducks"]))
        assert made.requirements[0].trust == trust
        assert bool(made.notes) == (trust < 1)
    assert checklist_of_lines("g", ["three ducks"]).notes == ()
