"""The arms of an experiment: what each run may do, and in which order they are played."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ..settings import DRAWN_SEEDS, Vary

ArmName = Literal["one_shot", "seeds", "ours", "repairs"]
ARM_NAMES: tuple[ArmName, ...] = get_args(ArmName)
PLAYED: tuple[ArmName, ...] = ("seeds", "ours", "repairs")
"""Arms that are runs. One shot is the first picture of the seeds' run: the same prompt and seed, not rendered twice."""
AUTOMATIC_REPAIRS, NO_REPAIRS = -1, 0


@dataclass(frozen=True)
class Arm:
    """title: for people. vary, repairs: as Self-Improving Prompt takes them."""

    name: ArmName
    title: str
    vary: Vary = "everything"
    repairs: int = NO_REPAIRS


ARMS: dict[ArmName, Arm] = {
    "one_shot": Arm("one_shot", "One shot", "seed"),
    "seeds": Arm("seeds", "Best of many seeds", "seed"),
    "ours": Arm("ours", "Imitatoes"),
    "repairs": Arm("repairs", "Imitatoes with repairs", repairs=AUTOMATIC_REPAIRS),
}


def source_of(arm: ArmName) -> ArmName:
    """The arm whose run an arm is read from."""
    return "seeds" if arm == "one_shot" else arm


def runs_of(arms: Sequence[ArmName]) -> tuple[ArmName, ...]:
    """The arms that have to be rendered, in their usual order."""
    needed = {source_of(arm) for arm in arms}
    return tuple(arm for arm in PLAYED if arm in needed)


def first_seed(prompt: str, seed: int) -> int:
    """The seed that every arm begins with at this prompt (its id)."""
    return random.Random(f"seed {seed} {prompt}").randrange(DRAWN_SEEDS)  # noqa: S311 (nothing secret)


def order_of(prompt: str, seed: int, arms: Sequence[ArmName]) -> tuple[ArmName, ...]:
    """In which order the runs of a prompt are played: drawn for each, so that none is always first on a cold card."""
    drawn = list(runs_of(arms))
    random.Random(f"order {seed} {prompt}").shuffle(drawn)  # noqa: S311 (nothing secret)
    return tuple(drawn)
