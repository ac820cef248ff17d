"""What to free and in which order, as data. Pure.

Freed first is what nobody misses: our own models, which are small and quickly back; then the model in Ollama, which
is only needed when a picture is judged; then models that no later node of the graph reads; then the rest.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Group = Literal["own", "ollama", "unused", "rest"]
"""own: this pack's models.   ollama: models in Ollama on this computer.   unused: models that no later node of the
graph reads.   rest: every other model that ComfyUI holds."""
ORDER: tuple[Group, ...] = get_args(Group)
EVERYTHING = math.inf
"""As an amount: do not stop when enough."""


@dataclass(frozen=True)
class Holding:
    """A model that takes memory.

    key: what its keeper knows it by. name: for people. size: bytes it takes on the device now.
    kept: whether it must stay, because the value that passes through holds it.
    """

    key: str
    name: str
    group: Group
    size: int
    kept: bool = False


@dataclass(frozen=True)
class FreeingStep:
    """Free at least `amount` bytes of this holding; all of it where a part cannot be freed."""

    holding: Holding
    amount: float


def steps(holdings: Iterable[Holding], short: float, allowed: Collection[Group]) -> list[FreeingStep]:
    """The least that frees `short` bytes, in the order of ORDER; all that may go where that is not enough.

    Never a kept holding, never a group that is not allowed, nothing once it is enough. Within a group the smallest
    model that is enough by itself goes, else the largest first, so that as few models as possible have to come back.
    """
    planned: list[FreeingStep] = []
    for group in ORDER:
        left = [h for h in holdings if h.group == group and group in allowed and not h.kept and h.size > 0]
        while left and short > 0:
            enough = [h for h in left if h.size >= short]
            chosen = min(enough, key=lambda h: h.size) if enough else max(left, key=lambda h: h.size)
            left.remove(chosen)
            planned.append(FreeingStep(chosen, min(short, chosen.size)))
            short -= chosen.size
    return planned
