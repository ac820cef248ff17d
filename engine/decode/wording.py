"""What a decode says about itself, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from .decode_step import DecodeStep
from .plan import Shape, TilePlan

GIB = 2**30


def gigabytes(size: float) -> str:
    return f"{size / GIB:.1f} GB" if size >= GIB / 20 else f"{size / GIB:.2f} GB"


def report(
    step: DecodeStep, shape: Shape, space: int, whole: float, free: float, failed: Sequence[DecodeStep] = ()
) -> str:
    """One sentence about how it was decoded and why, and one for each attempt that ran out of memory."""
    lines = [_how(step, shape, space, whole, free)]
    lines += [f"Ran out of memory before, {name(before, space)}." for before in failed]
    return "\n".join(lines)


def _how(step: DecodeStep, shape: Shape, space: int, whole: float, free: float) -> str:
    if step.kind == "whole":
        return f"Decoded whole: needs {gigabytes(whole)}, {gigabytes(free)} free."
    why = f"a whole decode needs {gigabytes(whole)}, {gigabytes(free)} free"
    if step.kind == "layerwise":
        return f"Decoded layer by layer in {gigabytes(step.need)}, the same picture as whole: {why}."
    if step.plan.tiles == 1:
        return f"Decoded in one tile, too small to be split: {why}."
    return f"{_tiles(step.plan, shape, space)}, {step.plan.work:.1f}x the work: {why}."


def name(step: DecodeStep, space: int) -> str:
    """A step, as in: ran out of memory before, decoding whole."""
    if step.kind == "tiles":
        text = f"with {_tiles_of(step.plan, space)}"
    else:
        text = "decoding whole" if step.kind == "whole" else "decoding layer by layer"
    return text if step.batch == 1 else f"{text}, {step.batch} pictures at a time"


def out_of_memory(step: DecodeStep, space: int, whole: float, free: float) -> str:
    if step.kind == "whole":
        return (
            f"Out of memory while decoding whole: that needs about {gigabytes(whole)}, {gigabytes(free)} is free. "
            "Set mode to auto, which then decodes in parts."
        )
    return (
        f"Out of memory while decoding, even {name(step, space)}, which needs about {gigabytes(step.need)}: "
        f"{gigabytes(free)} is free. Close other programs, unload models, or make the picture smaller."
    )


def _tiles(plan: TilePlan, shape: Shape, space: int) -> str:
    text = f"{plan.rows.count * plan.columns.count} {_tiles_of(plan, space)}"
    if plan.rows.count * plan.columns.count == 1:
        text = "Whole frames"
    if plan.time.count > 1:
        text += f", in {plan.time.count} pieces of {plan.time.tile} latent frames"
    return text


def _tiles_of(plan: TilePlan, space: int) -> str:
    kind = "stripes" if plan.striped else "tiles"
    return f"{kind} of {plan.columns.tile * space}x{plan.rows.tile * space} pixels"
