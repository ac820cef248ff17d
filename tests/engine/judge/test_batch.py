"""Batches: which pictures are looked at, in how many calls, and which is best."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.batch import MOST_CALLS, MOST_LOOKED_AT, sample_batch
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.picture import Picture

from .memory_model import CHECKLIST, MemoryModel, answers, seeing

NOISE = torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(1))


def frames(count):
    """Pictures that differ, so that each has a JPEG of its own."""
    return [Picture((NOISE + n / 100).clamp(0, 1)) for n in range(count)]


def judged(model, pictures, blank=None):
    judge = Judge("ollama", model, 0.8, CHECKS)
    judge.remember_blank(blank)
    verdict = asyncio.run(judge.judge_pictures(pictures, CHECKLIST, 7))
    assert judge.asked.calls == len(model.questions)
    return verdict


@given(st.integers(1, 500), st.integers(2, 12))
def test_a_sample_has_the_first_and_the_last_and_even_gaps(count, most):
    chosen = sample_batch(count, most)
    assert len(chosen) == min(count, most)
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert chosen == sorted(set(chosen))
    gaps = {b - a for a, b in pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(
    "sees",
    [
        seeing(),
        seeing(r1_again=2),
        seeing(r1=2),
        "nonsense",
        answers(r1=None),
        lambda question: seeing()(question) if len(question.text) % 2 else "nonsense",
    ],
    ids=["all well", "no second look agrees", "nothing is there", "nonsense", "half an answer", "now and then"],
)
@pytest.mark.parametrize("count", [9, 81])
def test_a_clip_costs_at_most_twelve_calls(sees, count):
    model = MemoryModel(sees)
    verdict = judged(model, frames(count))
    assert len(model.questions) <= MOST_CALLS == 12
    assert len(verdict.critiques) == MOST_LOOKED_AT
    assert {0, count - 1} < set(verdict.critiques)
    assert f"Looked at 8 of {count} pictures, evenly spaced." in verdict.critiques[verdict.best].reason


def test_a_good_clip_costs_ten_calls():
    pictures = frames(81)
    real = {picture.encoded.jpeg for picture in pictures}
    model = MemoryModel(lambda q: seeing()(q) if q.jpeg in real else answers(r1=0, r2="no", r3="no"))
    verdict = judged(model, pictures)
    assert verdict.critiques[verdict.best].passed
    assert len(model.questions) == 8 + 1 + 1, "a look at each, a blank picture, one second look"


def test_second_looks_begin_with_the_best():
    pictures = frames(3)
    jpegs = [picture.encoded.jpeg for picture in pictures]

    def sees(question):
        best = question.jpeg == jpegs[1]
        return seeing(quality="excellent" if best else "good")(question)

    model = MemoryModel(sees)
    verdict = judged(model, pictures, blank={})
    assert (verdict.best, verdict.critiques[1].passed) == (1, True)
    assert model.questions[-1].jpeg == jpegs[1]
    assert not verdict.critiques[0].passed


def test_the_next_best_is_looked_at_again_where_the_best_is_not_confirmed():
    pictures = frames(3)
    jpegs = [picture.encoded.jpeg for picture in pictures]
    model = MemoryModel(lambda q: seeing(r1_again=2 if q.jpeg == jpegs[0] else 3)(q))
    verdict = judged(model, pictures, blank={})
    assert (verdict.best, [c.looks for c in verdict.critiques.values()]) == (1, [2, 2, 1])


def test_a_batch_of_eight_is_looked_at_whole_and_says_nothing_of_a_sample():
    verdict = judged(MemoryModel(seeing(r1=2)), frames(8))
    assert len(verdict.critiques) == 8
    assert "Looked at" not in verdict.critiques[0].reason
