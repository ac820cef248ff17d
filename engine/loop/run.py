"""A run as data: what happened, what is on its way, and what is best so far. Everything here goes into run.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..graph.finding import Finding
from ..judge.checklist import Checklist, Kind
from ..judge.critique import Check, Critique
from ..judge.region_question import RegionHint
from ..judge.reliability import Reliability
from ..judge.verdict import quality_faults
from ..settings import LoopHandle, Settings
from .batch_pictures import PictureSource
from .plan import PastWording, Pending, Plan, Recovery

Status = Literal[
    "running",
    "done",
    "unverified",
    "limit",
    "no_progress",
    "no_effect",
    "stopped",
    "interrupted",
    "deleted",
    "failed",
    "judge_failed",
    "unsaved",
    "suspended",
    "unreadable",
]
"""running: iterations are being rendered or judged.   done: the goal is met, two looks agreed.
unverified: the picture is technically sound, but no judge that sees content has looked.
limit: all iterations, or all paid renders, are used.   no_progress: rendering on would not help.
no_effect: what the loop changes does not reach the picture.   stopped: the user stopped the run.
interrupted, deleted: ComfyUI's Interrupt ended the render, or its queue item (or history entry) was removed.
failed: a node failed or the server refused the graph.   judge_failed: no usable verdict, twice in a row.
unsaved: the journal could not be written.   suspended: the server stopped in the middle; the run can be resumed.
unreadable: its run.json is damaged, or of a newer version; nothing but its folder is known."""

Phase = Literal["rendering", "judging", "waiting"]
"""waiting: the run has ended; it can be continued, with a further instruction or without."""

SCORE_SHARE = 0.02
"""Between pictures that meet everything as surely, the one with the better score is better."""
MEASURING = "imitatoes-measuring-"
"""How the client id of an experiment's runs begins: they come by hundreds, and each ends without a word to the page."""
POOR_COUNTS = 0.9
"""A picture with poor quality, which cannot end a run, counts for so much of its chance: a sound one that is nearly as
sure stands before it."""


class Decision(BaseModel):
    """kind "accept": this iteration is the best so far. "reject": it is not. reverted: it is a repair of the loop's
    that did not help or harmed, and can never become the best."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["accept", "reject"]
    reason: str
    reverted: bool = False


class RepairedRegion(BaseModel):
    """What a repair was allowed to change: the mask that was used, once it was found. feather: width in pixels of the
    border around it in which old and new blend. outlines: closed lines around the mask, of points (x, y) in shares of
    width and height. looked_for_by: the detector of faces or hands that was asked first, "" for none."""

    model_config = ConfigDict(frozen=True)

    outlines: tuple[tuple[tuple[float, float], ...], ...] = ()
    feather: float = Field(default=0.0, ge=0)
    looked_for_by: str = ""


class BatchPicture(BaseModel):
    """Another picture of the batch that an iteration rendered: evidence like the best one, and kept beside it.

    index: its place in the batch. picture: its file name, None when it was not saved. source: what paints it again;
    None in runs of before that was kept.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    critique: Critique
    picture: str | None = None
    source: PictureSource | None = None


class ClipRecord(BaseModel):
    """The clip of an iteration, whose picture is its middle frame.

    frames: how many it has. rate: frames a second, 0 where the graph does not say. shown: numbers of the frames that
    were judged, from 0. strip: file name in the run folder of these frames side by side, None where it could not be
    saved. file: of the clip itself, None where there is none. problem: why there is none, in words.
    """

    model_config = ConfigDict(frozen=True)

    frames: int = Field(ge=1)
    rate: float = Field(default=0.0, ge=0)
    shown: tuple[int, ...] = ()
    strip: str | None = None
    file: str | None = None
    problem: str = ""


class Iteration(BaseModel):
    """Settings, render, critique, decision.

    number: from 1 over the whole run. picture: file name in the run folder, None when it could not be saved.
    batch_index: which picture of the batch was best. others: the batch's other pictures that were judged.
    source: of a batch, what paints its best picture again.
    fingerprint: see engine.judge.picture.
    duplicate_of: the earlier iteration whose picture this one repeats; its critique was reused.
    repaired: of a local edit, the box around what changed: left, top, right, bottom, as shares of width and height.
    repaired_region: and what it was allowed to change, where that is known.
    clip: where a clip was judged as one, what is kept of it.
    seconds: wall time by stage (reduce, render, judge, save, and swap: the judge and ComfyUI's models taking turns on
        the card, where they do not both fit).
    """

    model_config = ConfigDict(frozen=True)

    number: int
    prompt_id: str
    plan: Plan
    critique: Critique
    decision: Decision
    picture: str | None = None
    batch_index: int = 0
    others: tuple[BatchPicture, ...] = ()
    source: PictureSource | None = None
    fingerprint: str = ""
    duplicate_of: int | None = None
    repaired: tuple[float, float, float, float] | None = None
    repaired_region: RepairedRegion | None = None
    clip: ClipRecord | None = None
    seconds: dict[str, float] = Field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.plan.settings

    @property
    def seed(self) -> int:
        """That paints its picture: of a card that helped with the batch it is another one than the plan's."""
        return self.plan.settings.seed if self.source is None else self.source.seed

    @property
    def pictures(self) -> tuple[BatchPicture, ...]:
        """All that were judged, in the order of the batch."""
        best = BatchPicture(index=self.batch_index, critique=self.critique, picture=self.picture, source=self.source)
        return tuple(sorted((best, *self.others), key=lambda one: one.index))

    @property
    def reverted(self) -> bool:
        """Whether it is a repair of the loop's that did not help or harmed: recorded, and never the best."""
        return self.decision.reverted

    @property
    def rank(self) -> tuple[bool, float]:
        """Order of iterations as first judged: confirmed first, then score. Unscored ones come last."""
        return (self.critique.passed, -1.0 if self.critique.score is None else self.critique.score)


class UserPick(BaseModel):
    """The user's own choice of the best. after: how many iterations there were then; these it overrules."""

    model_config = ConfigDict(frozen=True)

    iteration: int = Field(ge=1)
    after: int = Field(ge=1)


@dataclass(frozen=True)
class Stop:
    """The end of a run, with its reason in plain words."""

    status: Status
    reason: str


class Run(BaseModel):
    """One run.

    id: time and prompt id, safe as a folder name. revision: grows with every change.
    start: the user's goal, settings and limits; its settings are the user's own words, which edits never touch.
    instructions: what the user added when continuing; already part of start.goal.
    continued_after: number of the last iteration before the user continued the run, 0 if never.
    renders_granted: renders allowed over the whole run since it was continued last, 0 before that. extra_loops: what
        version 0.1.0 granted instead.
    fresh_from: iterations before this number were judged against an earlier goal; their scores do not count.
    checklist: the present goal's requirements; None where the judge has none.
    relooks: by iteration number, what a second look at its picture found before the run ended: merged with the first
        look (looks 2) or by itself.
    past_wordings: by requirement id, the clauses that past runs tried for it (see wording_memory).
    remembered: as runs of 0.1.0 have it: by requirement id, the clause that worked best.
    reliability: by kind of requirement, how far this judge's answers can be believed; empty where it was not tested.
    standing: by iteration number, how probable it is that its picture meets everything, by all looks so far.
    can_edit_locally: whether the graph can change one spot of a picture and keep the rest. edit_refusal: why not.
    edits_by_instruction: whether it does so by a model made for editing, which is told what to change.
    region_hints: by "iteration:requirement", where the judge says that a requirement is to be mended in a picture.
    wishes: repairs that the user asked for while the run went on and that are still to come, see waiting_wishes.
    recoveries: what was changed after renders that failed, oldest first; the graph on disk stays the user's own.
    taken: the iteration that the user took as best, None while the judge's word stands.
    starred: the user wants to find it again.
    stopping: a stop was asked for and has not come about yet: at once, or after the iteration at hand.
    end: how it ends, from the moment that is decided; a server that dies while it writes the rest leaves it here.
    elsewhere: another server that lives has the run. Found out on reading, never true on disk.
    loop_node, critic_node: node ids in the graph. client_id: the page that queued the run, or that follows it now.
    measured: it is one of an experiment's, whoever follows it.
    first_prompt_id: the prompt that started it, by which a script knows it.
    workflow_id: id of the UI workflow, empty for API graphs. family: model family the ranges come from.
    warnings: what the preflight found in the graph that was queued; it runs, but perhaps not as meant.
    extends: id of the run whose best clip this one goes on from, "" for none. joined: its best clip is the whole one,
        with that of the run before.
    targets: output nodes that every render runs; empty for all. steered: by setting, the inputs that take it from the
        loop, and judged: the node whose picture is judged, in words; empty for runs of version 0.1.0.
    paid_nodes: nodes of the graph that cost money at each render, in words. paid_used: renders of them queued since
        the run was started or continued.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    created: float
    updated: float
    revision: int = 0
    start: LoopHandle
    instructions: tuple[str, ...] = ()
    continued_after: int = 0
    fresh_from: int = 1
    extra_loops: int = 0
    renders_granted: int = Field(default=0, ge=0)
    checklist: Checklist | None = None
    relooks: dict[int, Critique] = Field(default_factory=dict)
    past_wordings: dict[str, tuple[PastWording, ...]] = Field(default_factory=dict)
    remembered: dict[str, str] = Field(default_factory=dict)
    reliability: dict[Kind, Reliability] = Field(default_factory=dict)
    standing: dict[int, float] = Field(default_factory=dict)
    can_edit_locally: bool = False
    edit_refusal: str = ""
    edits_by_instruction: bool = False
    region_hints: dict[str, RegionHint] = Field(default_factory=dict)
    wishes: tuple[Plan, ...] = ()
    taken: UserPick | None = None
    starred: bool = False
    stopping: Literal["", "now", "after"] = ""
    end: Stop | None = None
    elsewhere: bool = Field(default=False, exclude=True)
    family: str = ""
    loop_node: str
    critic_node: str
    client_id: str
    measured: bool = False
    first_prompt_id: str
    workflow_id: str = ""
    warnings: tuple[Finding, ...] = ()
    targets: tuple[str, ...] = ()
    extends: str = ""
    joined: bool = False
    steered: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    judged: str = ""
    paid_nodes: tuple[str, ...] = ()
    paid_used: int = Field(default=0, ge=0)
    status: Status = "running"
    phase: Phase = "rendering"
    reason: str = ""
    iterations: tuple[Iteration, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    pending: Pending | None = None

    @model_validator(mode="before")
    @classmethod
    def _measured_before_that_was_kept(cls, known: Any) -> Any:
        """Runs of before `measured` was written tell it by the client id that they began with."""
        if isinstance(known, dict) and "measured" not in known:
            return known | {"measured": str(known.get("client_id", "")).startswith(MEASURING)}
        return known

    @property
    def ended(self) -> bool:
        return self.status != "running"

    def iteration_at(self, number: int) -> Iteration:
        """Raises ValueError where there is none of that number."""
        if not 1 <= number <= len(self.iterations):
            raise ValueError(f"iteration: there is no iteration {number} in this run. It has {len(self.iterations)}.")
        return self.iterations[number - 1]

    @property
    def comparable(self) -> tuple[Iteration, ...]:
        """Iterations whose scores speak about the present goal."""
        return tuple(i for i in self.iterations if i.number >= self.fresh_from)

    def score_of(self, iteration: Iteration) -> float | None:
        """The score of an iteration: of both looks where its picture was looked at again at the end."""
        score, again = iteration.critique.score, self.relooks.get(iteration.number)
        if score is None or again is None or again.score is None:
            return score
        # A judge may give the second look merged with the first one, or by itself.
        return again.score if again.looks > 1 else (score + again.score) / 2

    def _checks_of(self, iteration: Iteration) -> dict[Check, float]:
        """The levels of the quality checks, of both looks where there were two."""
        first, again = iteration.critique.checks, self.relooks.get(iteration.number)
        if again is None or again.score is None or iteration.critique.looks > 1:
            return first
        both = {name: (level + again.checks.get(name, level)) / 2 for name, level in first.items()}
        return again.checks if again.looks > 1 else both

    def rank_of(self, iteration: Iteration) -> tuple[float, bool, float]:
        """Order by which the best iteration is chosen: by how surely it meets everything, where that is known, then
        confirmed ones first, then by score. Unscored ones come last."""
        score = self.score_of(iteration)
        score = -1.0 if score is None else score
        chance = self.standing.get(iteration.number)
        poor = bool(quality_faults(self._checks_of(iteration)))
        surely = -1.0 if chance is None else chance * (1 + SCORE_SHARE * score) * (POOR_COUNTS if poor else 1.0)
        return (surely, iteration.critique.passed, score)

    @property
    def best_of_goal(self) -> Iteration | None:
        """The best of the present goal; None where no picture of it was judged."""
        best = self.best
        return best if best is not None and best.number >= self.fresh_from else None

    @property
    def best(self) -> Iteration | None:
        """The iteration that the user took, else the scored one with the highest rank, the earlier one on a tie.

        After a further instruction, the best of the earlier goal until a picture of the new one was judged. One that
        the user took and no judge looked at stays until a later one is confirmed: it cannot be compared by score.
        """
        for pool in (self.comparable, self.iterations):
            scored = [i for i in pool if i.critique.score is not None and not i.reverted]
            taken = next((i for i in pool if self.taken is not None and i.number == self.taken.iteration), None)
            if taken is not None:
                later = [i for i in scored if i.number > self.taken.after]
                if taken.critique.score is None:
                    later = [i for i in later if i.critique.passed]
                scored = [taken, *later]
            if scored:
                return max(scored, key=lambda i: (self.rank_of(i), -i.number))
        return None

    def whole_render(self, iteration: Iteration) -> Iteration:
        """The render of the whole picture behind an iteration: of a repair, of what it was made from."""
        while iteration.plan.action == "local_edit" and 0 < (iteration.plan.edit_of or 0) < iteration.number:
            iteration = self.iterations[iteration.plan.edit_of - 1]
        return iteration

    @property
    def result(self) -> Iteration | None:
        """What the run has to show: the best, else of the saved pictures that nobody judged the latest sound one."""
        unjudged = [i for i in self.iterations if i.picture is not None]
        latest = max(unjudged, key=lambda i: (i.critique.sound, i.number), default=None)
        return self.best or latest

    @property
    def blank(self) -> dict[str, float] | None:
        """What the judge says about a blank picture (Critique.blank), asked at most once for a checklist."""
        return next((i.critique.blank for i in self.comparable if i.critique.blank is not None), None)

    @property
    def renders_allowed(self) -> int:
        """Over the whole run, with what continuing it added."""
        limits = self.start.limits
        return self.renders_granted or limits.iterations_per_loop * (limits.max_loops + self.extra_loops)

    @property
    def renders_to_grant(self) -> int:
        """What continuing it would add from where it stands: as many as it first had."""
        return self.start.limits.iterations_per_loop * self.start.limits.max_loops

    @property
    def renders_left(self) -> int:
        return self.renders_allowed - len(self.iterations)

    @property
    def paid_out(self) -> bool:
        """Whether a further render would cost more than the user allowed."""
        return bool(self.paid_nodes) and self.paid_used >= self.start.limits.paid_renders

    def changed(self, now: float, **fields: object) -> Run:
        """A copy with these fields, a new revision and time."""
        return self.model_copy(update={**fields, "updated": now, "revision": self.revision + 1})
