"""What an experiment has seen so far, as data: the request, the runs it made, and every look at a picture.

An experiment's folder holds it in parts, so that each step writes little: experiment.json (the head) and one file for
each prompt. Pictures stay in the folders of their runs.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..judge.ranking import JudgeChoice
from ..settings import MAX_SEED
from .arms import ARM_NAMES, ArmName
from .prompts import OwnPrompt

ExperimentState = Literal["running", "planned", "stopped", "done", "failed"]
"""planned: a first render was measured, and the rest waits for the user's word."""
Looker = Literal["judge", "referee"]
MOST_PROMPTS, MOST_RENDERS = 120, 50
QUICK_PROMPTS, QUICK_RENDERS = 12, 4
TICKED_PICTURES = 50
"""Pictures laid out for a person: more is an afternoon."""


class ExperimentRequest(BaseModel):
    """What is measured.

    workflow: API graph or UI workflow, with or without its loop. judge: as in a run. referee: who says at the end what
    the pictures show; of another model family than the judge, unless same_family is true. prompts: how many of the
    shipped ones, drawn by the seed; held_out: of those kept for last. own: prompts of the user's own instead. renders:
    at most, for each run. checklists: "given" with the prompts, or "made" by the judge, whose making is then measured
    too. arms: see arms. quick: few prompts and renders, to see that all works. ask_first: wait after the first
    measured render, and tell what the rest would take. judge_node: as in a run.
    """

    model_config = ConfigDict(extra="forbid")

    workflow: Any
    judge: JudgeChoice = JudgeChoice()
    referee: JudgeChoice = JudgeChoice()
    same_family: bool = False
    prompts: int = Field(default=60, ge=1, le=MOST_PROMPTS)
    held_out: bool = False
    own: list[OwnPrompt] = Field(default_factory=list, max_length=MOST_PROMPTS)
    renders: int = Field(default=12, ge=1, le=MOST_RENDERS)
    checklists: Literal["given", "made"] = "given"
    arms: list[ArmName] = Field(default_factory=lambda: list(ARM_NAMES), min_length=1)
    seed: int = Field(default=1, ge=0, le=MAX_SEED)
    quick: bool = False
    ask_first: bool = True
    judge_node: str = Field(default="", max_length=200)

    def settled(self) -> ExperimentRequest:
        """With what quick stands for."""
        if not self.quick:
            return self
        fewer = {"prompts": min(self.prompts, QUICK_PROMPTS), "renders": min(self.renders, QUICK_RENDERS)}
        return self.model_copy(update={**fewer, "own": self.own[:QUICK_PROMPTS]})


class PictureLook(BaseModel):
    """One look at a picture by one model in one wording. p: by requirement id, how probable it is that it is met, with
    the corrections of the model's self-test; the log-odds of these are what belief calculates with."""

    model_config = ConfigDict(frozen=True)

    by: Looker
    wording: Literal[1, 2]
    p: dict[str, float]
    soft: bool = True
    seconds: float = 0.0


class LookedAtPicture(BaseModel):
    """A picture that was looked at after the runs. run_id, name: where it lies. key: of its pixels."""

    model_config = ConfigDict(frozen=True)

    key: str
    run_id: str
    name: str
    looks: tuple[PictureLook, ...] = ()

    def look(self, by: Looker, wording: int) -> PictureLook | None:
        return next((one for one in self.looks if (one.by, one.wording) == (by, wording)), None)


class Milestone(BaseModel):
    """What a run would have given after so many renders. seconds: rendering and judging until then. picture: key of the
    leading one. claimed: the share of the requirements that the run takes it to meet. sure: how sure it is of all."""

    model_config = ConfigDict(frozen=True)

    renders: int
    seconds: float
    calls: int
    picture: str
    claimed: float | None = None
    sure: float | None = None


class RenderVerdict(BaseModel):
    """What the judge said in the loop about one render: p by requirement id, the mean of so many looks, in logits.
    own_words: whether it was painted with the user's own words alone."""

    model_config = ConfigDict(frozen=True)

    number: int
    looks: int
    soft: bool
    own_words: bool
    p: dict[str, float]


class PlayedRun(BaseModel):
    """One run of an arm at a prompt.

    prompt_id: as queued; written before it is queued. run_id: "" until it has begun. ended: its status, "" while it
    has not come to an end of its own. milestones: after each render. files: by key,
    the name of each picture that led. verdicts: of the judge about each new picture, as they came.
    """

    model_config = ConfigDict(frozen=True)

    arm: ArmName
    prompt_id: str = ""
    run_id: str = ""
    ended: str = ""
    reason: str = ""
    milestones: tuple[Milestone, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)
    verdicts: tuple[RenderVerdict, ...] = ()


class PromptRecord(BaseModel):
    """All that was seen at one prompt. failed: by arm, why a run gave nothing. looked: whether all looks were made."""

    model_config = ConfigDict(frozen=True)

    id: str
    runs: dict[ArmName, PlayedRun] = Field(default_factory=dict)
    failed: dict[ArmName, str] = Field(default_factory=dict)
    pictures: tuple[LookedAtPicture, ...] = ()
    looked: bool = False

    def with_run(self, run: PlayedRun) -> PromptRecord:
        return self.model_copy(update={"runs": {**self.runs, run.arm: run}})

    def with_picture(self, picture: LookedAtPicture) -> PromptRecord:
        """The record with this picture, in the place of the one of the same key."""
        others = tuple(one for one in self.pictures if one.key != picture.key)
        return self.model_copy(update={"pictures": (*others, picture)})

    def tried_again(self) -> PromptRecord:
        """What failed is to be played again, and looked at then."""
        return self.model_copy(update={"failed": {}, "looked": self.looked and not self.failed})

    def picture(self, key: str) -> LookedAtPicture | None:
        return next((one for one in self.pictures if one.key == key), None)


class Measured(BaseModel):
    """Seconds of one render, one look of the judge and one of the referee, and bytes of one picture with its files."""

    model_config = ConfigDict(frozen=True)

    render: float
    look: float
    referee: float
    picture_bytes: int


class Setup(BaseModel):
    """What it was measured on: names and versions, never a path. models: files that the workflow names. settings: of
    the workflow that every run starts from. tested: by looker, whether the model has a self-test. detectors: what
    measured some requirements exactly, beside judge and referee."""

    model_config = ConfigDict(frozen=True)

    imitatoes: str = ""
    comfyui: str = ""
    card: str = ""
    system: str = ""
    models: tuple[str, ...] = ()
    settings: dict[str, float | int | str] = Field(default_factory=dict)
    judge: str = ""
    judge_digest: str = ""
    referee: str = ""
    referee_digest: str = ""
    same_family: bool = False
    tested: dict[Looker, bool] = Field(default_factory=dict)
    detectors: tuple[str, ...] = ()
    prompt_set: str = ""
    held_out: bool = False
    seed: int = 0
    renders: int = 0
    checklists: str = "given"


class Ticks(BaseModel):
    """What a person said of one picture: by requirement id, whether it is met."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    met: dict[str, bool] = Field(max_length=30)
