"""Runs as the answers tell them, for the OpenAPI document; engine/loop/view.py makes them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from ..engine.judge.checklist import Checklist
from ..engine.judge.critique import Critique
from ..engine.loop.run import Decision, Phase, Plan, Recovery, Status
from ..engine.settings import Settings
from .documented import Told


class Best(BaseModel):
    """image: its file name in the run, null where it could not be saved."""

    iteration: int
    score: float | None
    image: str | None


class RunLine(BaseModel):
    """A run in the list. waiting: it has ended. Times are epoch seconds."""

    run_id: str
    first_prompt_id: str
    revision: int
    created: float
    updated: float
    goal: str
    status: Status
    phase: Phase
    stopping: Literal["", "now", "after"]
    waiting: bool
    reason: str
    workflow_id: str
    iteration_count: int
    iteration_limit: int
    best: Best | None


class RunList(BaseModel):
    runs: list[RunLine]


class IterationView(BaseModel):
    """picture: file name in the run. seconds: by stage. seed_text: the seed for readers whose numbers end at 2**53."""

    number: int
    prompt_id: str
    plan: dict[str, Any]
    settings: Settings
    seed_text: str
    critique: Critique
    decision: Decision
    picture: str | None
    batch_index: int
    duplicate_of: int | None
    seconds: dict[str, float]


class PendingView(Plan):
    """The render that is queued or running."""

    number: int
    prompt_id: str


class ChecklistView(Checklist):
    """digest: the same for the same checklist."""

    mark: str = Field(alias="digest")


class RunView(RunLine):
    """A run, whole. warnings: what the preflight found in its graph."""

    instructions: list[str]
    pass_score: float
    start_settings: Settings
    taken: int | None
    loop_node: str
    critic_node: str
    prompt_ids: list[str]
    pending: PendingView | None
    best_iteration: IterationView | None
    checklist: ChecklistView | None
    relooks: dict[str, Critique]
    swap_seconds: float
    warnings: list[Told]
    recoveries: list[Recovery]
    contact_sheet: str | None
    iterations: list[IterationView]


class Iterations(BaseModel):
    run_id: str
    iterations: list[IterationView]
