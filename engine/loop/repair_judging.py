"""What a critic does about repairs: see what one has changed, and have the judge point at what the next one mends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from ..judge.checklist import Checklist, Kind
from ..judge.critique import Critique
from ..judge.judge import Judge
from ..judge.picture import Picture
from ..judge.region_question import RegionHint
from ..judge.scoring import UNKNOWN, average_in_logits
from ..judge.verdict import merge_looks
from .journal import Journal
from .pictures import eight_bits
from .plan import Plan
from .repair_plan import hint_wanted
from .run import Run
from .run_context import KnownPicture
from .waiting_wishes import wish_hint_wanted

Shares = tuple[float, float, float, float]
READ_BACK: tuple[Kind, ...] = ("object", "attribute", "text", "absence")
"""Kinds of requirements that a part of the picture tells by itself."""
AROUND, LONGER_SIDE = 0.25, 512
"""Surroundings of a part that is looked at alone, as a share of its sides; and its longer side in pixels."""


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
    """The judge's hints for what is mended next, by key: a wish that waits, else what the policy would mend. Empty
    where neither is.

    run: with the iteration at hand, whose pictures these are. One that the judge cannot give is empty, so that it is
    not asked for again.
    """
    wanted = wish_hint_wanted(run) if run.wishes else hint_wanted(run)
    if wanted is None or not judge.looks:
        return {}
    iteration, key, requirement, wrong, asks = wanted
    if iteration.number == len(run.iterations):
        picture = pictures[batch_index]
    else:
        try:
            picture = Picture(await asyncio.to_thread(journal.load_picture, run.id, iteration.picture))
        except (OSError, ValueError):
            return {key: RegionHint(requirement=requirement)}
    hint = await judge.point_at(picture, run.start.goal, requirement, wrong, asks, len(run.iterations))
    return {key: hint or RegionHint(requirement=requirement)}


async def read_back(
    judge: Judge, run: Run, plan: Plan, critique: Critique, picture: Picture, box: Shares | None
) -> Critique:
    """The critique of a repaired picture, with a look at the repaired part alone as second evidence for what it was
    to bring: small things are seen better enlarged.

    Counts and relations need the whole picture. A verdict that two looks confirmed stays as it is.
    """
    known = {} if run.checklist is None else {one.id: one for one in run.checklist.requirements}
    requirement = known.get(plan.requirement)
    item = next((one for one in critique.items if one.id == plan.requirement), None)
    if requirement is None or requirement.kind not in READ_BACK or item is None or box is None:
        return critique
    if critique.passed or critique.score is None or not judge.looks:
        return critique
    alone = Checklist(goal=run.start.goal, requirements=(requirement.model_copy(update={"parents": ()}),))
    part = await asyncio.to_thread(enlarged_part, picture.image, box)
    seen = await judge.look_again(Picture(part), alone, len(run.iterations) + 1)
    told = next((one for one in seen.items if one.told), None)
    if seen.score is None or told is None:
        return critique
    chance = average_in_logits(item.p, told.p)
    both = item.model_copy(update={"p": chance, "passed": chance > UNKNOWN})
    items = tuple(both if one.id == item.id else one for one in critique.items)
    changed = critique.model_copy(update={"items": items, "done": all(one.passed for one in items)})
    # Merged with itself every figure stays, and the score is that of these items.
    scored = merge_looks(changed, changed, run.checklist, judge.pass_score, judge.bias)
    kept = {"looks": critique.looks, "passed": False, "seconds": critique.seconds + seen.seconds}
    return scored.model_copy(update={**kept, "items": items})


def enlarged_part(image: torch.Tensor, box: Shares) -> torch.Tensor:
    """The part [h, w, 3] of a picture [H, W, C] in and around a box, enlarged to LONGER_SIDE where it is smaller."""
    height, width = image.shape[:2]
    across, down = (box[2] - box[0]) * AROUND, (box[3] - box[1]) * AROUND
    left, right = int(max(0.0, box[0] - across) * width), round(min(1.0, box[2] + across) * width)
    top, bottom = int(max(0.0, box[1] - down) * height), round(min(1.0, box[3] + down) * height)
    left, top = min(left, width - 1), min(top, height - 1)
    part = image[top : max(bottom, top + 1), left : max(right, left + 1), : min(3, image.shape[-1])].float()
    if part.shape[-1] == 1:
        part = part.expand(*part.shape[:2], 3)
    scale = LONGER_SIDE / max(part.shape[:2])
    if scale <= 1:
        return part
    size = tuple(max(1, round(side * scale)) for side in part.shape[:2])
    larger = torch.nn.functional.interpolate(part.movedim(-1, 0)[None], size=size, mode="bicubic", antialias=True)
    return larger[0].movedim(0, -1).clamp(0, 1)


def changed_box(before: torch.Tensor, after: torch.Tensor) -> Shares | None:
    """The box around the pixels that differ in two pictures [H, W, C] once they are saved in 8 bits: left, top, right,
    bottom as shares of width and height; None where none does. Of different sizes, everything differs."""
    if before.shape[:2] != after.shape[:2]:
        return 0.0, 0.0, 1.0, 1.0
    colours = min(3, before.shape[-1], after.shape[-1])
    old, new = (torch.from_numpy(eight_bits(one[..., :colours])) for one in (before, after))
    differs = (old != new).any(-1)
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
