"""The judge's structured answer about one render."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

CHECKS = ("prompt_match", "artifacts", "faces", "text", "composition")
"""The named checks. Each is a score 0..1; 1 is flawless, or nothing of the kind to find fault with."""

Check = Literal["prompt_match", "artifacts", "faces", "text", "composition"]


class Changes(BaseModel):
    """What the judge proposes for the next render. A proposal: the policy decides what becomes of it."""

    model_config = ConfigDict(frozen=True)

    prompt_append: str = ""
    neg_append: str = ""
    cfg: float | None = None
    steps: int | None = None
    seed: Literal["keep", "new"] = "keep"


class Item(BaseModel):
    """One requirement of the checklist, as seen in one picture.

    answer: the model's own word or number. p: probability that the requirement is met, bias corrected, .02 to .98;
    .5 is unknown. passed: p above .5 in every look, and no parent failed. looks: how many wordings were asked.
    evidence: what is there instead, if asked.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    answer: str
    p: float = Field(ge=0, le=1)
    passed: bool
    looks: int = 1
    evidence: str = ""


class Edit(BaseModel):
    """A clause that asks for one requirement in other words. A proposal of the editor."""

    model_config = ConfigDict(frozen=True)

    requirement: str
    clause: str


class LocalFix(BaseModel):
    """A part of this picture that an edit could mend, leaving the rest. region: where, in words. A proposal."""

    model_config = ConfigDict(frozen=True)

    requirement: str
    region: str
    instruction: str


class Critique(BaseModel):
    """One verdict about one picture.

    outcome: "judged" means a verdict was read. "unreadable" (the model answered, nothing usable in it) and
        "unreachable" (no answer at all) carry no score: a failed judgement is not a zero.
    score: overall 0..1, None unless judged.
    checks: score 0..1 by check name; empty when the model gave only a yes or no.
    done: the model's own vote that the goal is met.
    passed: every look agreed: done, no poor quality, and score at or above the pass score.
    sees_content: False for the offline judge, which measures the picture and cannot tell what it shows.
    items: one per requirement, in the checklist's order; empty without a checklist.
    soft: whether p comes from token probabilities rather than from plain words.
    edits, negative: the editor's proposals: clauses for failing requirements, unwanted things seen in this picture.
    local_fix, editor_says: its proposal for one region, and its own verdict; recorded, never obeyed blindly.
    blank: by requirement id, the logit with which the judge finds it met on a blank picture, where this verdict asked.
    measures: raw picture measures of the offline judge, by name.
    reason: one or two plain sentences for the user.
    seconds: wall time spent on this verdict.
    """

    model_config = ConfigDict(frozen=True)

    judge: Literal["ollama", "offline"]
    model: str = ""
    outcome: Literal["judged", "unreadable", "unreachable"]
    score: float | None = Field(default=None, ge=0, le=1)
    checks: dict[Check, float] = Field(default_factory=dict)
    done: bool = False
    passed: bool = False
    looks: int = 0
    changes: Changes = Changes()
    reason: str = ""
    sees_content: bool = True
    items: tuple[Item, ...] = ()
    soft: bool = False
    edits: tuple[Edit, ...] = ()
    negative: tuple[str, ...] = ()
    local_fix: LocalFix | None = None
    editor_says: Literal["", "continue", "done"] = ""
    blank: dict[str, float] | None = None
    measures: dict[str, float] = Field(default_factory=dict)
    seconds: float = 0.0

    def describe(self) -> str:
        """The verdict in words, one short paragraph."""
        if self.score is None:
            return f"Not judged: {self.reason}"
        verdict = "Passed" if self.passed else "Not passed"
        checks = ", ".join(f"{name} {value:.2f}" for name, value in self.checks.items())
        return f"{verdict}, score {self.score:.2f}{f' ({checks})' if checks else ''}. {self.reason}".strip()
