"""Writing that is read exactly, beside one judge and beside several: what it changes, and what it leaves alone."""

from __future__ import annotations

import asyncio
import io
import json
import math
import re

import pytest
import torch
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.checklist_rules import requirement_of
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.detector import MOST_EVIDENCE, DetectorFailed
from pack.engine.judge.judge import Judge
from pack.engine.judge.jury import Jury
from pack.engine.judge.jury_verdict import only_the_first
from pack.engine.judge.picture import Picture
from pack.engine.judge.reliability import UNTESTED, reliability_of
from pack.engine.judge.self_test import bias_of
from pack.engine.judge.vision_model import ModelUnreachable, Reply, Token
from pack.engine.judge.writing import FOUND
from pack.engine.judge.writing_detector import (
    WritingDetector,
    evidence_of,
    measured_evidence,
    measured_rates,
)
from pack.engine.loop.belief.run_belief import _chances
from PIL import Image

from .test_jury import GOOD, self_test

CHECKLIST = Checklist(
    goal='a duck beside the word "HELLO"',
    requirements=(
        requirement_of("r1", "a duck", "object", "user"),
        requirement_of("r2", 'the word "HELLO"', "text", "user"),
        requirement_of("r3", "a duck left of a dog", "relation", "user"),
    ),
)
DUCK = Checklist(goal="a duck", requirements=CHECKLIST.requirements[:1])
PICTURE = Picture(torch.rand(64, 64, 3))
_LINE = re.compile(r"^(q\d+) \([^)]*\): (.*)", re.MULTILINE)
_ABOUT = {"HELLO": "r2", "Which word": "r2", "left of": "r3", "duck": "r1"}


class Model:
    """Says yes to what it finds met. surely: with what probability, as tokens; None without any."""

    def __init__(self, met, surely=None, failing=None, name="model", imagines=()):
        self.met, self.surely, self.failing, self.name = set(met), surely, failing, name
        self.imagines = set(imagines)
        self.calls = 0

    async def check(self):
        if self.failing:
            raise self.failing

    async def ask(self, question):
        self.calls += 1
        if self.failing:
            raise self.failing
        low, high = Image.open(io.BytesIO(question.jpeg)).convert("L").getextrema()
        blank = high - low < 10
        said = {}
        for key, text in _LINE.findall(question.text):
            about = next(name for words, name in _ABOUT.items() if words in text)
            there = about in (self.imagines if blank else self.met)
            if text.startswith("Which word"):
                said[key] = "hello" if there else "music"
            else:
                said[key] = "yes" if there != ("missing" in text) else "no"
        said |= dict.fromkeys(re.findall(r"quality_\w+", question.text), "excellent")
        text = json.dumps(said)
        return Reply(text, self._tokens(text) if self.surely else ())

    def _tokens(self, text):
        tokens = []
        for piece in re.findall(r'"yes"|"no"|"[^"]*"|[^"]+', text):
            word = piece.strip('"')
            other = {"yes": "no", "no": "yes"}.get(word)
            top = ((piece, math.log(self.surely)), (f'"{other}"', math.log(1 - self.surely))) if other else ()
            tokens.append(Token(piece, math.log(self.surely) if other else 0.0, top))
        return tuple(tokens)

    async def digest(self):
        return "sha"

    async def release(self):
        pass


class Reader:
    name = "reader"

    def __init__(self, *lines, failing=False):
        self.lines, self.failing, self.times = lines, failing, 0

    def read(self, pixels):
        self.times += 1
        assert pixels.shape[2] == 3 and pixels.dtype.name == "uint8"
        if self.failing:
            raise DetectorFailed("reader could not read the picture (OSError).")
        return list(self.lines)


def judge(model, tested=None):
    one = Judge("ollama", model, 0.8, CHECKS)
    if tested is not None:
        one.tested, one.bias = tested, bias_of(tested)
    return one


def jury(model, reader, tested=None, others=()):
    return Jury(judge(model, tested), list(others), [WritingDetector(reader)])


def verdict(judge, checklist=CHECKLIST, *pictures):
    batch = asyncio.run(judge.judge_pictures(pictures or (PICTURE,), checklist, 5))
    return batch.critiques[batch.best]


def items(critique):
    return {item.id: item.passed for item in critique.items}


ALL = {"r1", "r2", "r3"}


def test_a_misspelling_that_the_judge_overlooks_is_found():
    alone = verdict(judge(Model(ALL)))
    assert alone.passed, "the judge reads what it expects"
    found = verdict(jury(Model(ALL), Reader("HELO")))
    assert not found.passed
    assert found.items[1].p < 0.6, "a reader misreads generated writing, too: one of five"
    assert "disagree" in found.reason
    assert (found.judge, found.model) == ("ollama", "model"), "a detector is no judge"
    reader = found.jury[1]
    assert (reader.model, reader.judge, reader.calls, reader.looks) == ("reader", "detector", 1, 1)
    assert [(one.id, one.answer) for one in reader.items] == [("r2", "HELO")]
    assert reader.items[0].evidence < 0


def test_many_requirements_that_are_met_do_not_carry_a_misspelling_along():
    more = [requirement_of(f"r{number}", "a duck", "object", "user") for number in range(3, 11)]
    checklist = CHECKLIST.model_copy(update={"requirements": (*CHECKLIST.requirements[:2], *more)})
    found = verdict(jury(Model(ALL), Reader("HELO")), checklist)
    assert found.score > 0.8 and found.items[1].passed
    assert not found.passed
    assert 'neither is sure enough: The word "HELLO" (reader reads HELO)' in found.reason
    assert verdict(jury(Model(ALL), Reader("HELLO")), checklist).passed


def test_two_judges_that_differ_may_pass_where_the_reader_says_nothing():
    """What was read says nothing here; the first judge's yes outweighs the second one's no, as without a reader."""
    tested = self_test("model", **{**GOOD, "text": 0.97})
    mute = dict.fromkeys(FOUND, 0.0)
    sure, other = judge(Model(ALL, 0.98), tested), judge(Model(ALL - {"r2"}, name="second"))
    without = verdict(Jury(sure, [other]))
    beside = verdict(Jury(judge(Model(ALL, 0.98), tested), [other], [WritingDetector(Reader("HELO"), mute)]))
    assert beside.passed == without.passed


def test_a_good_judges_word_stands_beside_a_misreading():
    sure = self_test("model", **{**GOOD, "text": 0.99})
    found = verdict(jury(Model(ALL, 0.97), Reader("HELO"), sure))
    assert found.passed, found.reason


def test_writing_that_the_judge_cannot_read_is_found():
    weak = self_test("model", **{**GOOD, "text": 0.6})
    alone = verdict(judge(Model(ALL - {"r2"}), weak))
    assert items(alone)["r2"] is False
    model = Model(ALL - {"r2"})
    found = verdict(jury(model, Reader("HELLO"), weak))
    assert found.passed, found.reason
    assert found.decides


def test_a_sure_reading_and_a_sure_judge_pass():
    found = verdict(jury(Model(ALL), Reader("HELLO")))
    assert found.passed, found.reason
    assert found.looks == 2
    assert "in two looks" in found.reason


@pytest.mark.parametrize("surely", [None, 0.9])
@pytest.mark.parametrize("tested", [None, self_test("model", **GOOD)])
def test_other_kinds_are_judged_as_if_it_were_not_there(surely, tested):
    def others(critique):
        return [item for item in critique.items if item.id != "r2"]

    alone, beside = judge(Model({"r1"}, surely), tested), jury(Model({"r1"}, surely), Reader("HELLO"), tested)
    one, two = verdict(alone), verdict(beside)
    assert others(two) == others(one)
    assert two.soft == one.soft
    assert {k: v for k, v in beside.reliability_for(CHECKLIST).items() if k != "text"} == reliability_of(tested)
    assert beside.reliability_for(CHECKLIST)["text"] != UNTESTED
    believed = [_chances(critique, ["r1", "r2", "r3"]) for critique in (one, two)]
    assert [believed[0][at] for at in (0, 2)] == [believed[1][at] for at in (0, 2)]
    assert believed[1][1] == pytest.approx(two.items[1].p), "evidence is read as it stands, words or not"


def test_nothing_is_read_where_no_writing_is_asked_for():
    reader = Reader("HELLO")
    one, two = verdict(judge(Model({"r1"})), DUCK), verdict(jury(Model({"r1"}), reader), DUCK)
    assert reader.times == 0
    assert two.model_copy(update={"seconds": 0}) == one.model_copy(update={"seconds": 0})


def test_a_reader_that_fails_leaves_the_word_to_the_judge():
    found = verdict(jury(Model(ALL), Reader(failing=True)))
    assert found.passed, found.reason
    assert "could not read" in found.jury[1].reason


def test_a_reader_alone_judges_nothing():
    found = verdict(jury(Model(ALL, failing=ModelUnreachable("It is gone.")), Reader("HELLO")))
    assert (found.outcome, found.score, found.jury) == ("unreachable", None, ())


def test_every_picture_of_a_batch_is_read_once_and_the_right_one_wins():
    class ByPicture(Reader):
        def read(self, pixels):
            self.times += 1
            return ["HELLO"] if pixels.mean() > 200 else ["HELO"]

    reader = ByPicture()
    noise = torch.rand(64, 64, 3)
    pictures = [Picture(noise * 0.3), Picture(noise * 0.35), Picture(noise * 0.4), Picture(0.8 + noise * 0.2)]
    batch = asyncio.run(jury(Model(ALL), reader).judge_pictures(pictures, CHECKLIST, 5))
    assert batch.best == 3
    assert reader.times == len(pictures)


def test_a_second_look_finds_the_same_writing_again():
    judging = jury(Model(ALL), Reader("HELO"))
    again = asyncio.run(judging.look_again(PICTURE, CHECKLIST, 5))
    assert (again.passed, again.looks) == (False, 1)
    assert again.jury[1].items[0].answer == "HELO"
    nothing = asyncio.run(judging.look_again(PICTURE, DUCK, 5))
    assert nothing.jury == ()


def test_another_judge_is_not_asked_about_what_was_read():
    second = Model({"r1", "r3"}, name="second")
    tested = self_test("model", **{**GOOD, "text": 0.97})
    model = Model(set(), 0.98)
    found = verdict(jury(model, Reader("MUSIC"), tested, [judge(second)]))
    assert not found.passed
    assert [one.model for one in found.jury] == ["model", "second", "reader"]
    assert "r2" not in {item.id for item in found.jury[1].items}


def test_only_kinds_that_somebody_else_can_tell_are_weighed():
    members = jury(Model(ALL), Reader()).members
    assert not only_the_first("text", members, CHECKLIST)
    assert only_the_first("object", members, CHECKLIST)


def test_evidence_is_what_was_counted():
    found = evidence_of(dict.fromkeys(FOUND, 3), dict.fromkeys(FOUND, 3))
    assert set(found.values()) == {0.0}
    rates, evidence = measured_rates(), measured_evidence()
    assert set(rates["met"]) == set(rates["unmet"]) == set(FOUND)
    assert evidence["as wanted"] > 2 > -1 > evidence["nearly"] > evidence["otherwise"] >= evidence["nothing"]
    assert max(map(abs, evidence.values())) <= MOST_EVIDENCE


@pytest.mark.parametrize("surely", [0.72, 0.75, 0.9])
def test_untested_judges_that_are_only_fairly_sure_are_all_asked_before_anything_passes(surely):
    """The first one alone stays below what its words could reach; the second one's evidence raises the score."""
    first, second = Model({"r1"}, surely, name="first"), Model({"r1"}, surely, name="second")
    found = verdict(Jury(judge(first), [judge(second)]), DUCK)
    assert second.calls
    assert found.passed, found.reason


def test_a_judge_that_imagines_things_does_not_pass_by_what_was_read():
    """It finds duck and dog whatever is shown, and denies the writing, which is there."""
    fond = Model({"r1", "r3"}, imagines={"r1", "r3"})
    judging = jury(fond, Reader("HELLO"))
    found = verdict(judging)
    assert not found.passed
    assert items(found) == {"r1": False, "r2": True, "r3": False}
    assert set(found.blank) == {"r1", "r3"}, "no answer of the judge's alone is corrected by what all said"
    again = jury(fond, Reader("HELLO"))
    again.recall([found])
    assert set(again.bias.blank) == {"r1", "r2", "r3"}, "known for the run's next pictures"
    honest = verdict(jury(Model({"r1", "r3"}), Reader("HELLO"), self_test("model", **{**GOOD, "text": 0.6})))
    assert honest.passed, honest.reason


def test_writing_without_words_is_left_to_the_judge():
    sign = requirement_of("r1", "a readable duck sign", "text", "user")
    checklist = Checklist(goal="a sign and HELLO", requirements=(sign, CHECKLIST.requirements[1]))
    for tested in (None, self_test("model", **{**GOOD, "text": 0.6})):
        found = verdict(jury(Model({"r1", "r2"}), Reader("HELLO"), tested), checklist)
        assert items(found) == {"r1": True, "r2": True}, found.reason
    unread = verdict(
        jury(Model({"r1"}), Reader("HELLO"), tested), checklist.model_copy(update={"requirements": (sign,)})
    )
    assert not unread.passed and not unread.decides
