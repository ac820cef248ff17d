"""What a critic does about repairs: see what one has changed, and have the judge point at what the next one mends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from ..judge.judge import Judge
from ..judge.picture import Picture
from ..judge.region_question import RegionHint
from .journal import Journal
from .repair_plan import hint_wanted, wrong_in_words
from .run import Plan, Run
from .run_context import KnownPicture

Shares = tuple[float, float, float, float]


@dataclass(frozen=True)
class SeenRepair:
    """What a repair has changed. box: see Iteration.repaired. known: the picture that it was made from, where nothing
    changed at all; one that differs in a few pixels alone is a new picture all the same."""

    box: Shares | None
    known: KnownPicture | None


async def see_repair(
    journal: Journal, run: Run, plan: Plan, seen: Sequence[KnownPicture], pictures: Sequence[Picture]
) -> SeenRepair | None:
    """What the render of a repair has changed; None for any other render, and where the picture before it is lost."""
    if plan.repair is None or plan.edit_of is None or len(pictures) != 1:
        return None
    source = run.iterations[plan.edit_of - 1]
    if source.picture is None:
        return None
    try:
        before = await asyncio.to_thread(journal.load_picture, run.id, source.picture)
    except (OSError, ValueError):
        return None
    box = await asyncio.to_thread(changed_box, before, pictures[0].image)
    same = next((one for one in seen if one.number == source.number), None)
    return SeenRepair(box, same if box is None else None)


async def ask_hints(
    judge: Judge, journal: Journal, run: Run, pictures: Sequence[Picture], batch_index: int
) -> Mapping[str, RegionHint]:
    """The judge's hints for what the policy would mend next, by key; empty where it plans something else.

    run: with the iteration at hand, whose pictures these are. One that the judge cannot give is empty, so that it is
    not asked for again.
    """
    wanted = hint_wanted(run)
    if wanted is None or not judge.looks:
        return {}
    iteration, requirement, item, kind = wanted
    key = f"{iteration.number}:{requirement.id}"
    if iteration.number == len(run.iterations):
        picture = pictures[batch_index]
    else:
        try:
            picture = Picture(await asyncio.to_thread(journal.load_picture, run.id, iteration.picture))
        except (OSError, ValueError):
            return {key: RegionHint(requirement=requirement.id)}
    wrong = wrong_in_words(run, iteration, item)
    hint = await judge.point_at(picture, run.start.goal, requirement.id, wrong, kind.asks, len(run.iterations))
    return {key: hint or RegionHint(requirement=requirement.id)}


def changed_box(before: torch.Tensor, after: torch.Tensor) -> Shares | None:
    """The box around the pixels that differ in two pictures [H, W, C] once they are saved in 8 bits: left, top, right,
    bottom as shares of width and height; None where none does. Of different sizes, everything differs."""
    if before.shape[:2] != after.shape[:2]:
        return 0.0, 0.0, 1.0, 1.0
    colours = min(3, before.shape[-1], after.shape[-1])
    old, new = (one[..., :colours].detach().cpu().float().nan_to_num(nan=0.0).clamp(0, 1) for one in (before, after))
    differs = (old.mul(255).round() != new.mul(255).round()).any(-1)
    rows, columns = differs.any(1).nonzero(), differs.any(0).nonzero()
    if not len(rows):
        return None
    height, width = differs.shape
    return (
        round(int(columns[0]) / width, 5),
        round(int(rows[0]) / height, 5),
        round((int(columns[-1]) + 1) / width, 5),
        round((int(rows[-1]) + 1) / height, 5),
    )
