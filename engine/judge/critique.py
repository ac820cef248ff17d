"""The judge's structured answer about one render."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

CHECKS = ("prompt_match", "artifacts", "faces", "text", "composition")
"""The named checks. Each is a score 0..1; 1 is flawless, or nothing of the kind to find fault with."""

SOUND = 0.7
"""Technical figure from which a picture is sound: one mild warning is allowed, since a white background is legitimate.
"""

Check = Literal["prompt_match", "artifacts", "faces", "text", "composition"]
ServedBy = Literal["ollama", "openai", "comfyui", "jury", "tutorial", "detector"]
"""What runs the model that judges: an Ollama, a server of OpenAI's dialect, ComfyUI itself, or several of them.
detector: no model that judges, but what measures one thing exactly."""


def parse_checks(text: str) -> tuple[Check, ...]:
    """The checks that count, from comma separated names. Empty means all; prompt_match always counts.

    Raises ValueError naming the valid checks.
    """
    names = {name.strip().lower() for name in text.split(",")} - {""}
    unknown = sorted(names - set(CHECKS))
    if unknown:
        raise ValueError(
            f'There is no check named "{unknown[0]}". Use any of {", ".join(CHECKS)}, separated by commas, '
            "or leave the field empty for all."
        )
    return tuple(name for name in CHECKS if not names or name in names or name == "prompt_match")


SCORE_OUT_OF_REACH = (
    "The pass score is higher than this judge's answers can reach, so {:.2f}, the most they can, counts instead."
)


class Changes(BaseModel):
    """What the judge proposes for the next render. A proposal: the policy decides what becomes of it."""

    model_config = ConfigDict(frozen=True)

    prompt_append: str = ""
    neg_append: str = ""
    cfg: float | None = None
    steps: int | None = None
    seed: Literal["keep", "new"] = "keep"


UNANSWERED = "unknown"


class Item(BaseModel):
    """One requirement of the checklist, as seen in one picture.

    answer: the model's own word or number. p: probability that the requirement is met, bias corrected, .02 to .98;
    .5 is unknown. passed: p above .5 in every look, and no parent failed. looks: how many wordings were asked.
    evidence: what is there instead, if asked.
    moments: of a clip, when it fails, where it does not fail all the time: "1.2 s", or "frame 31".
    judged: the p that the judge gave, where the user has said otherwise and p is the user's word; else None.
    weighed: whether p is the evidence of several, weighed by what each is worth, whatever form the answers had.
    failed: whether it was seen to fail. told: whether anything was seen of it at all.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    answer: str
    p: float = Field(ge=0, le=1)
    passed: bool
    looks: int = 1
    evidence: str = ""
    moments: tuple[str, ...] = ()
    judged: float | None = Field(default=None, ge=0, le=1)
    weighed: bool = False

    @property
    def failed(self) -> bool:
        return self.p < 0.5 or (self.p == 0.5 and not self.passed and self.answer != UNANSWERED)

    @property
    def told(self) -> bool:
        return self.p != 0.5 or self.answer != UNANSWERED


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


class JurorItem(BaseModel):
    """One judge's own answer. p: as that judge alone has it. evidence: its log-likelihood ratio in the jury."""

    model_config = ConfigDict(frozen=True)

    id: str
    answer: str
    p: float
    evidence: float


class JurorSaid(BaseModel):
    """What one judge of a jury said about a picture. items: those that it was asked about. calls, seconds: for this
    verdict, the whole batch together. blank: as Critique.blank. reason: why it said nothing, where it did not."""

    model_config = ConfigDict(frozen=True)

    model: str
    judge: ServedBy
    looks: int = 0
    calls: int = 0
    seconds: float = 0.0
    items: tuple[JurorItem, ...] = ()
    blank: dict[str, float] | None = None
    reason: str = ""


class Critique(BaseModel):
    """One verdict about one picture.

    outcome: "judged" means a verdict was read. "unreadable" (the model answered, nothing usable in it) and
        "unreachable" (no answer at all) carry no score: a failed judgement is not a zero.
    score: overall 0..1, None unless a judge that sees content has looked.
    technical: 0..1, what the offline judge measured: no verdict about what the picture shows.
    checks: score 0..1 by check name, of those that were answered; empty when the model gave only a yes or no.
    unanswered: checks that count and that the model was asked for in vain; each counts .5 for the score.
    done: the model's own vote that the goal is met.
    passed: every look agreed: done, no poor quality, and score at or above the pass score.
    decides: False where the judge's self-test found it too weak for every kind in the checklist: then nothing passes.
    reachable: the highest score that this judge's answers can reach, where that is below the pass score asked for: it
        was the pass score instead.
    sees_content: False for the offline judge, which measures the picture and cannot tell what it shows.
    items: one per requirement, in the checklist's order; empty without a checklist.
    soft: whether p comes from token probabilities rather than from plain words.
    edits, negative: the editor's proposals: clauses for failing requirements, unwanted things seen in this picture.
    local_fix, editor_says: its proposal for one region, and its own verdict; recorded, never obeyed blindly.
    blank: by requirement id, the logit with which the judge finds it met on a blank picture, where this verdict asked.
    faults: of a clip, what was measured to be wrong with it, in words: it flickers, it stands still, it cuts.
    measures: raw picture measures of the offline judge, by name.
    jury: what each of several judges said; empty for one alone. swaps: how often another model was asked than before.
    reason: one or two plain sentences for the user.
    seconds: wall time spent on this verdict.
    """

    model_config = ConfigDict(frozen=True)

    judge: ServedBy | Literal["offline"]
    model: str = ""
    outcome: Literal["judged", "unreadable", "unreachable"]
    score: float | None = Field(default=None, ge=0, le=1)
    technical: float | None = Field(default=None, ge=0, le=1)
    checks: dict[Check, float] = Field(default_factory=dict)
    unanswered: tuple[Check, ...] = ()
    decides: bool = True
    reachable: float | None = None
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
    faults: tuple[str, ...] = ()
    measures: dict[str, float] = Field(default_factory=dict)
    jury: tuple[JurorSaid, ...] = ()
    swaps: int = 0
    seconds: float = 0.0

    @model_validator(mode="before")
    @classmethod
    def _score_of_unseen_pictures(cls, data: Any) -> Any:
        """Runs of 0.1.0 hold what the offline judge measured as a score."""
        if isinstance(data, dict) and data.get("sees_content") is False and data.get("score") is not None:
            return {**data, "score": None, "technical": data["score"]}
        return data

    @property
    def sound(self) -> bool:
        """Whether nothing is technically wrong with a picture that nobody looked at."""
        return self.technical is not None and self.technical >= SOUND

    def describe(self) -> str:
        """The verdict in words, one short paragraph."""
        if not self.sees_content:
            return f"Not looked at. {self.reason}"
        if self.score is None:
            return f"Not judged: {self.reason}"
        verdict = "Passed" if self.passed else "Not passed"
        told = [f"{name} {value:.2f}" for name, value in self.checks.items()]
        checks = ", ".join([*told, *(f"{name} not answered" for name in self.unanswered)])
        said = f"{verdict}, score {self.score:.2f}{f' ({checks})' if checks else ''}. {self.reason}".strip()
        return said if self.reachable is None else f"{said} {SCORE_OUT_OF_REACH.format(self.reachable)}"
