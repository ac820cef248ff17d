"""Several judges as one: who is asked about what, how what they say adds up, and what is recorded."""

from __future__ import annotations

import asyncio
import io
import json
import re

import pytest
import torch
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.jury import Jury
from pack.engine.judge.jury_evidence import KINDS, Worth, jury_reliability, scale_of
from pack.engine.judge.picture import Picture
from pack.engine.judge.reliability import UNTESTED, Reliability, reliability_of
from pack.engine.judge.self_test import KindFigures, SelfTest, bias_of
from pack.engine.judge.vision_model import AnswerUnusable, ModelUnreachable, Reply
from PIL import Image

from .memory_model import requirement

CHECKLIST = Checklist(
    goal="a duck, a hat, a dog",
    requirements=(
        requirement("r1", "object", "a duck"),
        requirement("r2", "count", "a hat"),
        requirement("r3", "relation", "a dog"),
    ),
)
_LINE = re.compile(r"^(q\d+) \([^)]*\): Is (?:there )?(a duck|a hat|a dog)( missing)?", re.MULTILINE)
NAMES = {"a duck": "r1", "a hat": "r2", "a dog": "r3"}


class Witness:
    """A model that finds these met, by id, whatever the picture; on a blank one nothing, unless it imagines it.

    Each question that it was asked is in `asked`, as (id, second wording, blank).
    """

    def __init__(self, name, met, imagines=(), failing=None):
        self.name, self.met, self.imagines, self.failing = name, set(met), set(imagines), failing
        self.asked, self.released = [], 0

    async def check(self):
        if self.failing:
            raise self.failing

    async def ask(self, question):
        if self.failing:
            raise self.failing
        low, high = Image.open(io.BytesIO(question.jpeg)).convert("L").getextrema()
        blank = high - low < 10
        said = {}
        for key, what, missing in _LINE.findall(question.text):
            name = NAMES[what]
            self.asked.append((name, bool(missing), blank))
            there = name in (self.imagines if blank else self.met)
            said[key] = "yes" if there != bool(missing) else "no"
        quality = dict.fromkeys(re.findall(r"quality_\w+", question.text), "excellent")
        return Reply(json.dumps({**said, **quality}))

    async def digest(self):
        return "sha"

    async def release(self):
        self.released += 1

    @property
    def subjects(self):
        return [name for name, again, blank in self.asked if not again and not blank]


def self_test(name, **auroc):
    """Of kinds by name; a coin below .75."""
    kinds = tuple(
        KindFigures(
            kind=kind, n=40, unreadable=0, tpr=0.9, fpr=0.1, auroc=area, threshold=0.0, threshold_again=0.0,
            verdict="too weak" if area < 0.75 else "good" if area >= 0.9 else "fair",
        )
        for kind, area in auroc.items()
    )  # fmt: skip
    return SelfTest(model=name, digest="a", date="2026-01-01T00:00:00+00:00", soft=False, kinds=kinds)


def judge(witness, tested=None, kind="ollama"):
    one = Judge(kind, witness, 0.8, CHECKS)
    if tested is not None:
        one.tested, one.bias = tested, bias_of(tested)
    return one


GOOD = {"object": 0.98, "count": 0.98, "relation": 0.98}
PICTURE = Picture(torch.rand(64, 64, 3))


def verdict(jury, *pictures):
    batch = asyncio.run(jury.judge_pictures(pictures or (PICTURE,), CHECKLIST, 5))
    return batch.critiques[batch.best]


def items(critique):
    return {item.id: item.passed for item in critique.items}


def test_each_alone_ends_wrong_and_together_they_end_right():
    """One says yes to every count, the other to every position; neither hat nor dog is there."""
    first, second = Witness("first", ["r1", "r2"], ["r2"]), Witness("second", ["r1", "r3"], ["r3"])
    blind_for_counts = self_test("first", **{**GOOD, "count": 0.5})
    blind_for_places = self_test("second", **{**GOOD, "relation": 0.5})
    alone = [verdict(judge(first, blind_for_counts)), verdict(judge(second, blind_for_places))]
    assert items(alone[0])["r3"] is False
    assert all(items(one) != {"r1": True, "r2": False, "r3": False} for one in alone)
    met = {"r1", "r2", "r3"}
    # The picture shows everything: the first misses each count, the second each position.
    first, second = Witness("first", met - {"r2"}), Witness("second", met - {"r3"})
    jury = Jury(judge(first, blind_for_counts), [judge(second, blind_for_places)])
    found = verdict(jury)
    assert not verdict(judge(Witness("first", met - {"r2"}), blind_for_counts)).passed
    assert not verdict(judge(Witness("second", met - {"r3"}), blind_for_places)).passed
    assert (found.passed, items(found)) == (True, dict.fromkeys(met, True)), found.reason
    # And where it shows neither, though each imagines one of them.
    first, second = Witness("first", {"r1", "r2"}), Witness("second", {"r1", "r3"})
    found = verdict(Jury(judge(first, blind_for_counts), [judge(second, blind_for_places)]))
    assert (found.passed, items(found)) == (False, {"r1": True, "r2": False, "r3": False})


def test_each_ones_own_word_is_recorded_where_all_say_the_same():
    met = {"r1", "r2", "r3"}
    sure, doubtful = self_test("first", **GOOD), self_test("second", **dict.fromkeys(GOOD, 0.8))
    found = verdict(Jury(judge(Witness("first", met), sure), [judge(Witness("second", met), doubtful)]))
    first, second = [{item.id: item.evidence for item in one.items} for one in found.jury]
    assert first.keys() == second.keys() == met
    assert all(0 < second[name] < first[name] for name in met)


def test_a_biased_first_judge_passes_nothing_by_itself():
    everything = {"r1", "r2", "r3"}
    biased, good = Witness("biased", everything), Witness("good", {"r1"})
    alone = verdict(judge(biased))
    assert alone.passed, "alone it ends wrong"
    for tested in (None, self_test("good", **GOOD)):
        found = verdict(Jury(judge(biased), [judge(good, tested)]))
        assert not found.passed
        assert found.items[0].passed
        assert "disagree about: A hat; a dog." in found.reason


def test_what_a_tested_judge_is_sure_of_is_not_asked_of_the_other():
    first, second = Witness("first", {"r1"}), Witness("second", {"r1", "r2", "r3"})
    tested = self_test("first", **{**GOOD, "count": 0.76})
    found = verdict(Jury(judge(first, tested), [judge(second, self_test("second", **GOOD))]))
    assert second.subjects == ["r2"], "a fair judge of counts leaves them open"
    assert [one.calls for one in found.jury] == [1, 1]


def test_before_a_picture_passes_the_other_is_asked_about_everything_twice():
    met = {"r1", "r2", "r3"}
    first, second = Witness("first", met), Witness("second", met)
    jury = Jury(judge(first, self_test("first", **GOOD)), [judge(second, self_test("second", **GOOD))])
    found = verdict(jury)
    assert found.passed, found.reason
    assert sorted(second.subjects) == sorted(met)
    assert {name for name, again, _ in second.asked if again} == met
    assert [(one.model, one.looks) for one in found.jury] == [("first", 2), ("second", 2)]
    assert found.swaps == 1


def test_a_batch_changes_models_once():
    first, second = Witness("first", {"r1", "r2"}), Witness("second", {"r1", "r2"})
    jury = Jury(judge(first), [judge(second)])
    found = verdict(jury, *(Picture(torch.rand(64, 64, 3)) for _ in range(3)))
    assert found.swaps <= 1
    assert found.judge == "jury"


def test_relooks_begin_with_the_one_that_is_loaded():
    met = {"r1", "r2", "r3"}
    jury = Jury(judge(Witness("first", met)), [judge(Witness("second", met))])
    before = jury.swaps
    for _ in range(4):
        looked = asyncio.run(jury.look_again(PICTURE, CHECKLIST, 5))
        assert (looked.judge, looked.looks, looked.passed) == ("jury", 1, False)
    assert jury.swaps - before == 4, "one change a picture"


def test_a_coin_adds_nothing_to_its_kind():
    tested = self_test("second", **{**GOOD, "count": 0.5})
    first, second = Witness("first", {"r1", "r3"}), Witness("second", {"r1", "r2", "r3"})
    found = verdict(Jury(judge(first), [judge(second, tested)]))
    assert "r2" not in second.subjects
    assert items(found)["r2"] is False


def test_where_all_are_too_weak_the_first_ones_word_stands():
    weak = {**GOOD, "count": 0.5}
    first, second = Witness("first", {"r1", "r2", "r3"}), Witness("second", set())
    jury = Jury(judge(first, self_test("first", **weak)), [judge(second, self_test("second", **weak))])
    assert items(verdict(jury))["r2"] is True


@pytest.mark.parametrize("problem", [ModelUnreachable("gone"), AnswerUnusable("nonsense")])
def test_a_judge_that_fails_leaves_the_word_to_the_others(problem):
    first, second = Witness("first", {"r1"}, failing=problem), Witness("second", {"r1"})
    found = verdict(Jury(judge(first), [judge(second)]))
    assert (found.outcome, found.judge) == ("judged", "ollama")
    assert "first gave no verdict" in found.reason
    found = verdict(Jury(judge(Witness("second", NAMES.values())), [judge(Witness("first", (), failing=problem))]))
    assert found.outcome == "judged"
    assert found.jury[1].reason
    assert not found.passed, "before a picture passes, each must have been heard"
    assert "first gave no verdict" in found.reason
    both = verdict(Jury(judge(first), [judge(Witness("other", (), failing=problem))]))
    assert both.score is None


def test_all_are_released_and_blank_looks_are_remembered():
    met = {"r1", "r2", "r3"}
    first, second = Witness("first", met), Witness("second", met)
    jury = Jury(judge(first), [judge(second)])
    found = verdict(jury)
    asyncio.run(jury.release())
    assert (first.released, second.released) == (1, 1)
    assert found.blank is None
    assert found.jury[0].blank
    again = Jury(judge(first), [judge(second)])
    again.recall([found])
    assert again.bias.blank == found.jury[0].blank


def test_evidence_of_all_is_read_back_from_one_verdict():
    """Whoever reads the jury as one judge comes to the sum of the log-likelihood ratios."""
    tested = [Worth({"count": Reliability(separation=a, spread=s)}) for a, s in ((1.2, 1.3), (0.8, 1.5))]
    whole = jury_reliability(tested)
    assert set(whole) == {"count"}
    steep = 2 * whole["count"].separation / whole["count"].spread ** 2
    assert steep * scale_of("count", tested, 1) == pytest.approx(1.0)
    steep = 2 * UNTESTED.separation / UNTESTED.spread**2
    assert steep * scale_of("style", tested, 1) == pytest.approx(1.0)
    assert all(kind in KINDS for kind in reliability_of(self_test("x", **GOOD)))
