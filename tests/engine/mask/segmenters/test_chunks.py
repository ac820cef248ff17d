"""How many pictures go through a model at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pack.engine.mask.segmenters.chunks import MOST_AT_ONCE, in_chunks
from pack.engine.mask.segmenters.folders import ModelFolder
from pack.engine.mask.segmenters.kinds import CLIPSEG
from pack.engine.mask.segmenters.loading import Loaded
from pack.engine.mask.segmenters.preprocessing import PixelRules

FOLDER = ModelFolder("models/clipseg", Path("nowhere"), CLIPSEG)


class Memory:
    def __init__(self, room=10**15, dtype=torch.float32):
        self.room, self.loaded = room, Loaded(torch.nn.Linear(1, 1).to(dtype), None, PixelRules())
        self.asked, self.finished = [], []

    def ready(self, folder, working):
        self.asked.append(working)
        return self.loaded

    def free(self, folder):
        return self.room

    def between_chunks(self, finished):
        self.finished.append(finished)


def looked(memory, count, frames, most=10**9):
    """Sizes of the passes, and the results. most: pictures that fit into memory."""
    sizes = []

    def work(loaded, part, start):
        if len(part) > most:
            raise torch.cuda.OutOfMemoryError
        sizes.append(len(part))
        assert part.dtype == torch.float32
        return [int(value) for value in part[:, 0, 0, 0]]

    pictures = torch.arange(count).view(-1, 1, 1, 1).expand(-1, 2, 2, 3)
    return sizes, in_chunks(pictures, memory, FOLDER, frames, work)


@pytest.mark.parametrize(
    ("frames", "room", "expected"),
    [
        (2, 0, [2, 2, 2, 1]),
        (100, 0, [7]),
        (0, 10**15, [7]),
        (0, 3 * CLIPSEG.working, [3, 3, 1]),
        (0, 0, [1] * 7),
    ],
)
def test_as_many_as_asked_or_as_fit(frames, room, expected):
    memory = Memory(room)
    sizes, results = looked(memory, 7, frames)
    assert sizes == expected
    assert results == list(range(7))
    assert memory.finished == [0, *expected]
    assert memory.asked[-1] == expected[-1] * CLIPSEG.working


def test_16_bits_need_half():
    memory = Memory(2 * CLIPSEG.working, torch.float16)
    assert looked(memory, 7, 0)[0] == [4, 3]
    assert max(memory.asked) <= memory.room, "or others would be evicted for nothing"


def test_never_more_than_helps():
    assert looked(Memory(), MOST_AT_ONCE + 1, 0)[0] == [MOST_AT_ONCE, 1]


def test_a_pass_that_does_not_fit_is_halved_until_it_does():
    memory = Memory()
    sizes, results = looked(memory, 7, 0, most=2)
    assert results == list(range(7))
    assert max(sizes) <= 2
    assert sum(memory.finished) == 7


def test_one_picture_that_does_not_fit_is_an_error():
    with pytest.raises(torch.cuda.OutOfMemoryError):
        looked(Memory(), 3, 0, most=0)
