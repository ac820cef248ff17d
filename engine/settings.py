"""What the user asks for: the goal, the settings a run starts from, and its limits."""

from __future__ import annotations

import secrets
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SeedPolicy = Literal["auto", "keep", "new"]
SEED_POLICIES: tuple[SeedPolicy, ...] = ("auto", "keep", "new")
Vary = Literal["everything", "seed"]
VARIES: tuple[Vary, ...] = ("everything", "seed")
"""What a run may change from one render to the next. seed: new seeds with the user's own words, steps and cfg."""
MAX_SEED = 2**64 - 1
DRAWN_SEEDS = 2**32
"""Seeds that are drawn stay below this: every node of every pack takes them."""


def draw_seed() -> int:
    """A random seed, where a user or a workflow asks for one with -1."""
    return secrets.randbelow(DRAWN_SEEDS)


class Settings(BaseModel):
    """What a run may change. seed: 0 .. 2**64 - 1. steps: 1 or more. cfg: 0 or more."""

    model_config = ConfigDict(frozen=True)

    prompt: str
    negative: str
    seed: int = Field(ge=0, le=MAX_SEED)
    steps: int = Field(ge=1)
    cfg: float = Field(ge=0)


class Limits(BaseModel):
    """At most iterations_per_loop renders around one best picture, and max_loops such loops.

    render_minutes: a render that takes longer is interrupted; 0 for no limit. paid_renders: at most so many renders
    where nodes cost money; 0 for none. minutes: for the whole run, rendering and judging; 0 for no limit.
    repairs: at most so many pictures may be repaired in place; -1 leaves it to the run. repair_with: by which model,
    see engine.graph.edit_templates.
    """

    model_config = ConfigDict(frozen=True)

    iterations_per_loop: int = Field(default=4, ge=1)
    max_loops: int = Field(default=3, ge=1)
    render_minutes: float = Field(default=0.0, ge=0)
    paid_renders: int = Field(default=0, ge=0)
    minutes: float = Field(default=0.0, ge=0)
    repairs: int = Field(default=-1, ge=-1, le=20)
    repair_with: str = "auto"


class LoopHandle(BaseModel):
    """What SelfImprovingPrompt hands to VLMCritique through its `loop` output.

    checklist: the user's own requirements, one a line; empty to have them made from the goal.
    confidence: how probable it must be that a picture meets everything before the run is called done.
    vary: "seed" for the best of many seeds, with the run's own looks, end and pick.
    """

    model_config = ConfigDict(frozen=True)

    goal: str
    settings: Settings
    limits: Limits
    pass_score: float = Field(ge=0, le=1)
    seed_policy: SeedPolicy
    checklist: str = ""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    vary: Vary = "everything"
