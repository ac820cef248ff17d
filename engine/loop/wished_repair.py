"""A repair that the user asks for: one region of any picture, with a wish."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from ..judge.judge import Judge
from ..judge.picture import Picture
from ..judge.region_question import SCALE, Box, RegionHint, one_thing
from ..judge.words import plain_words
from .journal import Journal
from .next_plan import edit_plan
from .plan import Plan, RegionRepair
from .repair_kinds import RepairKind, kind_of_wish
from .repair_plan import FEATHER, SURROUNDINGS
from .run import Run

LONGEST_WISH = 500
LARGEST_MASK = 64_000_000
"""Pixels of a mask that is read. ComfyUI's own pictures have sixteen million at 4096 x 4096."""
THIS_PLACE = "the marked region"


@dataclass(frozen=True)
class WishedRegion:
    """Where, in one of three ways. words: as Text Segment Mask takes them. box: left, top, right, bottom as shares of
    width and height. mask: a PNG as base64, white where the picture may change."""

    words: str = ""
    box: tuple[float, float, float, float] | None = None
    mask: str = ""

    def __post_init__(self) -> None:
        given = [bool(self.words.strip()), self.box is not None, bool(self.mask)]
        if sum(given) != 1:
            raise ValueError("mask: say where, by exactly one of mask, box and words.")


async def plan_wish(
    journal: Journal,
    run: Run,
    number: int,
    wish: str,
    region: WishedRegion,
    judge: Judge | None,
    place: tuple[int, int],
) -> Plan:
    """The render that carries out a wish about a picture; its mask, where one is given, is written into the folder.

    place: (loop, index) of that render. judge: asked what belongs into the region; None where nobody can be now.
    Raises ValueError, OSError.
    """
    source = run.iteration_at(number)
    if source.picture is None:
        raise ValueError(f"iteration: the picture of iteration {number} was not saved. Repair another one.")
    box = read_shares(region.box) if region.box is not None else None
    width, height, _ = await asyncio.to_thread(journal.picture_form, run.id, source.picture)
    mask = await asyncio.to_thread(read_mask, region.mask, width, height) if region.mask else None
    words = ", ".join(filter(None, map(one_thing, plain_words(region.words, 200, region.words).split(","))))
    kind = kind_of_wish(wish)
    where = words or THIS_PLACE
    hint = await _hint(journal, run, source.picture, number, f"{where}: {wish}", kind, judge)
    asked = plain_words(wish, 200, wish)
    repair = RegionRepair(
        kind=kind.name,
        words=words,
        box=box,
        prompt=SURROUNDINGS if kind.asks == "surroundings" else asked or wish,
        instruction=asked,
        denoise=kind.denoise,
        grow=kind.grow,
        feather=FEATHER,
        context=kind.context,
        wish=wish,
        goes_on=not run.ended,
    )
    repair = with_hint(repair, hint)
    reason = f'Your wish for iteration {number}: "{wish}".'
    plan = edit_plan(run, source, place, reason, keeps_seed=False, repair=repair)
    if mask is None:
        return plan
    file = await asyncio.to_thread(journal.save_mask, run.id, plan, mask)
    return plan.model_copy(update={"repair": repair.model_copy(update={"mask": file})})


async def _hint(
    journal: Journal, run: Run, picture: str, number: int, wrong: str, kind: RepairKind, judge: Judge | None
) -> RegionHint | None:
    if judge is None:
        return None
    try:
        image = Picture(await asyncio.to_thread(journal.load_picture, run.id, picture))
        return await judge.point_at(image, run.start.goal, "", wrong, kind.asks, number)
    except (OSError, ValueError):
        return None
    finally:
        await judge.release()


def with_hint(repair: RegionRepair, hint: RegionHint | None) -> RegionRepair:
    """A wished repair with what the judge says belongs there, as far as it says anything."""
    said = {} if hint is None else {"prompt": hint.prompt, "instruction": hint.instruction}
    return repair.model_copy(update={name: words for name, words in said.items() if words})


def read_shares(box: tuple[float, float, float, float]) -> Box:
    """A box in thousandths, of one in shares. Raises ValueError where it is none or lies outside."""
    left, right = sorted((box[0], box[2]))
    top, bottom = sorted((box[1], box[3]))
    if not all(0 <= one <= 1 for one in box):
        raise ValueError("box: left, top, right and bottom are shares of width and height, from 0 to 1.")
    found = (round(left * SCALE), round(top * SCALE), round(right * SCALE), round(bottom * SCALE))
    if found[2] - found[0] < 1 or found[3] - found[1] < 1:
        raise ValueError("box: it is empty. Draw one around what is to change.")
    return found


def read_mask(text: str, width: int, height: int) -> Image.Image:
    """A mask of the picture's size out of a PNG in base64. Raises ValueError for what is none or holds nothing."""
    try:
        data = base64.b64decode(text.removeprefix("data:image/png;base64,"), validate=True)
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if picture.width * picture.height > LARGEST_MASK:
                raise ValueError("mask: it is too large. Send one of the picture's size.")
            grey = picture.convert("L")
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as problem:
        raise ValueError("mask: it is no PNG in base64.") from problem
    mask = grey.point(lambda value: 255 if value > 127 else 0)
    if mask.size != (width, height):
        mask = mask.resize((width, height), Image.Resampling.NEAREST)
    if mask.getextrema()[1] == 0:
        raise ValueError("mask: nothing in it is white. Paint what may change white.")
    return mask
