"""What a contact sheet shows of a run: a tile for each picture, with its score and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .batch_pictures import letter
from .belief.stopping import percent
from .pictures import SheetTile, TileRepair
from .run import Iteration, Run

FindPicture = Callable[[str | None], Path | None]
"""Where a picture of a run lies, by its name; None where it is not there."""


def sheet_tiles(run: Run, find: FindPicture) -> list[SheetTile]:
    """In the order of the renders; of a batch all its pictures. What is not there has no tile."""
    best = run.result
    return [tile for iteration in run.iterations for tile in _tiles(run, iteration, iteration is best, find)]


def _tiles(run: Run, iteration: Iteration, best: bool, find: FindPicture) -> list[SheetTile]:
    if not iteration.others:
        path = find(iteration.picture)
        if path is None:
            return []
        caption = f"{iteration.number}: {_outcome(run, iteration)}"
        frames = find(iteration.clip.strip) if iteration.clip is not None else None
        return [SheetTile(path, caption, best, _repair(run, iteration, find), frames)]
    tiles = []
    for one in iteration.pictures:
        shown = one.index == iteration.batch_index
        caption = _outcome(run, iteration) if shown else _score_in_words(one.critique.score)
        if path := find(one.picture):
            tiles.append(SheetTile(path, f"{iteration.number}{letter(one.index)}: {caption}", best and shown))
    return tiles


def _repair(run: Run, iteration: Iteration, find: FindPicture) -> TileRepair | None:
    if iteration.repaired is None and iteration.repaired_region is None:
        return None
    number = iteration.plan.edit_of or 0
    before = run.iterations[number - 1].picture if 1 <= number < iteration.number else None
    return TileRepair(iteration.repaired_region, iteration.repaired, find(before))


def _outcome(run: Run, iteration: Iteration) -> str:
    shown = _score_in_words(run.score_of(iteration))
    if iteration.number in run.standing:
        shown += f", {percent(run.standing[iteration.number])} sure"
    repaired = f", repair of {iteration.plan.edit_of}" if iteration.plan.repair is not None else ""
    return f"{shown} {'kept' if iteration.decision.kind == 'accept' else 'rejected'}{repaired}"


def _score_in_words(score: float | None) -> str:
    return "not looked at" if score is None else f"{score:.2f}"
