"""The drawn writing that OCR is measured with: what is drawn is what is said of it."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from pack.benchmarks._ocr_bench import counted
from pack.benchmarks._ocr_scenes import STYLES, WORDS, misspelt, writing_scenes
from pack.engine.judge.writing import compare_writing, wanted_writing

from .engine.judge.memory_model import requirement


def test_a_misspelling_is_one_letter_away():
    dice = random.Random(1)
    for word in WORDS * 20:
        wrong = misspelt(dice, word)
        assert wrong != word
        assert compare_writing(word, [wrong]).found == "nearly", (word, wrong)
        assert compare_writing(word, [word]).found == "as wanted"


def test_every_word_is_one_that_a_reader_can_be_asked_for():
    assert all(wanted_writing(requirement("r1", "text", f'the words "{word}"')) for word in WORDS)


@pytest.fixture(scope="module")
def scenes():
    return list(writing_scenes(8))


def test_shares_and_sameness(scenes):
    assert Counter(scene.case for scene in scenes) == {
        case: share * len(STYLES) for case, share in {"met": 4, "misspelt": 2, "other": 1, "none": 1}.items()
    }
    first = next(writing_scenes(8))
    assert np.array_equal(first.pixels, scenes[0].pixels)


def test_a_perfect_reader_finds_exactly_the_right_ones(scenes):
    counts = counted([(scene, compare_writing(scene.wanted, [scene.shown]).found) for scene in scenes])
    assert counts["met"]["as wanted"] == sum(counts["met"].values())
    assert counts["unmet"]["as wanted"] == counts["unmet"]["within"] == 0
