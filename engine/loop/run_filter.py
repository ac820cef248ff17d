"""Which runs of the list are asked for: by words, by how they ended, by judge model, score and star. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .run import Run, Status

RunState = Literal["met", "not_met", "failed", "cut_off", "running"]
"""How a run stands, in the words of a user: several of Status each."""
STATES: dict[RunState, tuple[Status, ...]] = {
    "met": ("done",),
    "not_met": ("unverified", "limit", "no_progress", "no_effect", "stopped", "interrupted", "deleted"),
    "failed": ("failed", "judge_failed", "unsaved", "unreadable"),
    "cut_off": ("suspended",),
    "running": ("running",),
}


class RunFilter(BaseModel):
    """What a run must be to be listed. Empty fields ask for nothing.

    search: words that all occur in goal, wishes, prompt or id, in any order and case. model: of the judge, by its name.
    least_score: of the best picture.
    """

    model_config = ConfigDict(frozen=True)

    search: str = Field(default="", max_length=400, description="Words that goal, wishes, prompt or id must hold.")
    state: RunState | Literal[""] = Field(default="", description="How the run stands.")
    model: str = Field(default="", max_length=200, description="Name of the judge model.")
    least_score: float = Field(default=0.0, ge=0, le=1, description="The best picture's score must be this or more.")
    starred: bool = Field(default=False, description="Only runs with a star.")

    def keeps(self, run: Run) -> bool:
        """Whether the run is asked for."""
        if self.starred and not run.starred:
            return False
        if self.state and run.status not in STATES[self.state]:
            return False
        if self.model and judge_model(run) != self.model:
            return False
        if self.least_score > 0:
            best = run.best
            score = run.score_of(best) if best is not None else None
            if score is None or score < self.least_score:
                return False
        words = self.search.casefold().split()
        if not words:
            return True
        said = " ".join([run.start.goal, run.start.settings.prompt, *run.instructions, run.id]).casefold()
        return all(word in said for word in words)


def judge_model(run: Run) -> str:
    """Name of the model that judged last; "" where none did."""
    return next((i.critique.model for i in reversed(run.iterations) if i.critique.model), "")
