"""Tiny models in a folder, and Models in plain memory."""

from __future__ import annotations

import sys

import pytest
import torch
from pack.engine.mask.segmenters.folders import folders_in
from pack.engine.mask.segmenters.loading import load

from .... import tiny_segmenters


class PlainMemory:
    """Models that keeps everything on the CPU. room: what `free` says. stop_after: pictures until the interrupt."""

    def __init__(self, dtype=torch.float32, room=10**12, stop_after=None):
        self.dtype, self.room, self.stop_after = dtype, room, stop_after
        self.loaded, self.working, self.finished = {}, [], []

    def ready(self, folder, working):
        self.working.append((folder.kind.name, working))
        if folder.name not in self.loaded:
            self.loaded[folder.name] = load(folder)
            self.loaded[folder.name].model.to(self.dtype)
        return self.loaded[folder.name]

    def free(self, folder):
        return self.room

    def between_chunks(self, finished):
        self.finished.append(finished)
        if self.stop_after is not None and sum(self.finished) >= self.stop_after:
            raise InterruptedError


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory):
    """One folder for each kind that the installed transformers has."""
    root = tmp_path_factory.mktemp("tiny")
    for name in filter(tiny_segmenters.offered, tiny_segmenters.MAKERS):
        tiny_segmenters.save(name, root / name)
    return root


@pytest.fixture(scope="session")
def tiny(tiny_root):
    """By name of the maker."""
    return {folder.path.name: folder for folder in folders_in([("models", tiny_root)])}


@pytest.fixture(scope="session")
def memory():
    """Shared, so that each tiny model is read once."""
    return PlainMemory()


@pytest.fixture
def pictures():
    """Five of odd size, the middle one black."""
    drawn = torch.rand(5, 61, 91, 3, generator=torch.Generator().manual_seed(1))
    drawn[2] = 0
    return drawn


@pytest.fixture
def broken_transformers(monkeypatch):
    """A stand-in for the library whose attributes fail as told."""

    def broken(fails, version="4.50.3"):
        class Library:
            __version__ = version

            def __getattr__(self, name):
                raise fails

        monkeypatch.setitem(sys.modules, "transformers", Library())

    return broken
