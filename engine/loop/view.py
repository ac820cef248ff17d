"""A run as the page and scripts see it: models of plain JSON, without what only the pack itself needs.

Every field is optional for a reader: an older page may meet a newer server. `model_dump(mode="json")` is the wire form.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from ..graph.finding_view import FindingView, finding_view
from ..judge.checklist import Checklist, Requirement
from ..judge.critique import Critique
from ..settings import Settings
from .batch_pictures import PictureSource
from .journal import BEST, JOINED, best_clip_name
from .pictures import contact_sheet_names
from .plan import Action, Pending, Plan, Recovery, RegionRepair, Wording
from .run import BatchPicture, ClipRecord, Decision, Iteration, Phase, RepairedRegion, Run, Status
from .run_filter import judge_model

TOLD_ITERATIONS = 3
"""A message to the page holds the last iterations only: with all of 200 it would be half a megabyte, three times a
render. A page that misses one asks for the whole run."""


class BestView(BaseModel):
    """The result of a run. score: of both looks where there were two; null where no judge has looked: the latest
    picture, for want of a better one. sure: how probable it is that it meets everything, null where the judge told no
    requirements. image: its file name in the run, null where it could not be saved. clip: of a run of clips, that of
    the clip; image is then its middle frame."""

    iteration: int
    score: float | None
    sure: float | None
    image: str | None
    clip: str | None = None


class RunSummary(BaseModel):
    """A run in the list of runs. waiting: it has ended. Times are epoch seconds.

    elsewhere: it runs on another server that shares the output folder, and cannot be stopped or changed here.
    continue_adds: how many renders continuing it adds. model: of the judge, "" where none has judged. paid_used,
    paid_allowed: renders that cost money; both 0 where none does.
    """

    run_id: str
    first_prompt_id: str
    revision: int
    created: float
    updated: float
    goal: str
    instructions: tuple[str, ...]
    status: Status
    phase: Phase
    stopping: Literal["", "now", "after"]
    waiting: bool
    reason: str
    workflow_id: str
    iteration_count: int
    iteration_limit: int
    best: BestView | None
    elsewhere: bool
    continue_adds: int
    paid_used: int
    paid_allowed: int
    starred: bool
    model: str


class PlanView(BaseModel):
    """What a render was to do, see Plan; its settings stand beside it."""

    loop: int
    index: int
    wording: Wording
    action: Action
    edit_of: int | None
    requirement: str
    repair: RegionRepair | None
    remedy: str
    reason: str


class SourceView(PictureSource):
    """seed_text: as of IterationView."""

    seed_text: str


class BatchPictureView(BaseModel):
    """See BatchPicture."""

    index: int
    critique: Critique
    picture: str | None
    source: SourceView | None


class IterationView(BaseModel):
    """picture: file name in the run. repaired: of a repair, the box around what changed: left, top, right, bottom, as
    shares of width and height; repaired_region: what it was allowed to change, null where that is not known. clip:
    of a clip judged as one, what is kept of it; picture is then its middle frame. reverted: a repair that did not help,
    or harmed. seconds: by stage. others: of a batch, the pictures beside the best. source: of a batch, what paints the
    picture again. seed_text: the picture's own seed, for readers whose numbers end at 2**53."""

    number: int
    prompt_id: str
    plan: PlanView
    critique: Critique
    decision: Decision
    picture: str | None
    batch_index: int
    others: list[BatchPictureView]
    source: SourceView | None
    duplicate_of: int | None
    repaired: tuple[float, float, float, float] | None
    repaired_region: RepairedRegion | None
    clip: ClipRecord | None
    reverted: bool
    seconds: dict[str, float]
    settings: Settings
    seed_text: str


class PendingView(Plan):
    """The render that is queued or running. number: of the iteration that it will be."""

    number: int
    prompt_id: str


class ChecklistView(BaseModel):
    """digest: the same for the same checklist."""

    goal: str
    requirements: tuple[Requirement, ...]
    notes: tuple[str, ...]
    uncovered: tuple[str, ...]
    digest: str


class RunView(RunSummary):
    """A run. warnings: what the preflight found in its graph. relooks: by iteration number, the second look at its
    end. standing: by iteration number, how probable it is that its picture meets everything. confidence: what it must
    reach. fresh_from: iterations before this number were judged against the goal before a wish. steered: by setting,
    the inputs that take it from the loop. judged: the node whose picture is judged. extends: the run whose clip this
    one goes on from, "" for none; joined: its best clip is both as one. paid_nodes: what costs money at each render.
    wishes: repairs that the user asked for while it went on and that are still to come. can_repair: whether a region
    of its pictures can be painted anew; edit_refusal: why not. measured: whether it is one of an experiment's.

    iterations: all of them, in a message to the page the last ones; iteration_count says how many there are.
    prompt_ids, relooks, standing, recoveries: of all iterations, in a message of these.
    """

    fresh_from: int
    pass_score: float
    confidence: float
    measured: bool
    start_settings: Settings
    taken: int | None
    loop_node: str
    critic_node: str
    prompt_ids: list[str]
    pending: PendingView | None
    best_iteration: IterationView | None
    checklist: ChecklistView | None
    relooks: dict[int, Critique]
    standing: dict[int, float]
    swap_seconds: float
    warnings: list[FindingView]
    steered: dict[str, tuple[str, ...]]
    judged: str
    paid_nodes: tuple[str, ...]
    extends: str
    joined: bool
    wishes: list[PlanView]
    can_repair: bool
    edit_refusal: str
    recoveries: tuple[Recovery, ...]
    contact_sheet: str | None
    contact_sheets: list[str]
    iterations: list[IterationView]


def run_view(run: Run) -> RunView:
    """The whole run."""
    return _view(run, run.iterations)


def run_message(run: Run) -> RunView:
    """The run with its last iterations only, and of what grows with them only what is about these and the best.

    So a message is as long after 300 iterations as after ten; a page joins what it is told.
    """
    whole = _view(run, run.iterations[-TOLD_ITERATIONS:])
    shown = {i.number for i in whole.iterations} | ({whole.best.iteration} if whole.best else set())
    since = min((i.number for i in whole.iterations), default=1)
    told = {
        "prompt_ids": whole.prompt_ids[-TOLD_ITERATIONS - 1 :],
        "relooks": {number: critique for number, critique in whole.relooks.items() if number in shown},
        "standing": {number: chance for number, chance in whole.standing.items() if number in shown},
        "recoveries": tuple(one for one in whole.recoveries if one.number >= since),
    }
    return whole.model_copy(update=told)


def run_summary(run: Run) -> RunSummary:
    """One line of the list of runs."""
    return _summary(run, run.result)


def iteration_view(iteration: Iteration) -> IterationView:
    return IterationView(
        number=iteration.number,
        prompt_id=iteration.prompt_id,
        plan=_plan_view(iteration.plan),
        critique=iteration.critique,
        decision=iteration.decision,
        picture=iteration.picture,
        batch_index=iteration.batch_index,
        others=[_batch_picture_view(one) for one in iteration.others],
        source=_source_view(iteration.source),
        duplicate_of=iteration.duplicate_of,
        repaired=iteration.repaired,
        repaired_region=iteration.repaired_region,
        clip=iteration.clip,
        reverted=iteration.reverted,
        seconds=iteration.seconds,
        settings=iteration.settings,
        seed_text=str(iteration.seed),
    )


def _source_view(source: PictureSource | None) -> SourceView | None:
    return None if source is None else SourceView(**dict(source), seed_text=str(source.seed))


def _batch_picture_view(one: BatchPicture) -> BatchPictureView:
    return BatchPictureView(
        index=one.index, critique=one.critique, picture=one.picture, source=_source_view(one.source)
    )


def _summary(run: Run, best: Iteration | None) -> RunSummary:
    return RunSummary(
        run_id=run.id,
        first_prompt_id=run.first_prompt_id,
        revision=run.revision,
        created=run.created,
        updated=run.updated,
        goal=run.start.goal,
        instructions=run.instructions,
        status=run.status,
        phase=run.phase,
        stopping=run.stopping,
        waiting=run.ended,
        reason=run.reason,
        workflow_id=run.workflow_id,
        iteration_count=len(run.iterations),
        iteration_limit=run.renders_allowed,
        best=_best_view(run, best) if best else None,
        elsewhere=run.elsewhere,
        continue_adds=run.renders_to_grant,
        paid_used=run.paid_used,
        paid_allowed=run.start.limits.paid_renders if run.paid_nodes else 0,
        starred=run.starred,
        model=judge_model(run),
    )


def _view(run: Run, shown: tuple[Iteration, ...]) -> RunView:
    best, pending = run.result, run.pending
    drawn = sum(one.picture is not None for i in run.iterations for one in i.pictures)
    sheets = contact_sheet_names(drawn) if _closed(run) else []
    return RunView(
        **dict(_summary(run, best)),
        fresh_from=run.fresh_from,
        pass_score=run.start.pass_score,
        confidence=run.start.confidence,
        measured=run.measured,
        start_settings=run.start.settings,
        taken=run.taken.iteration if run.taken else None,
        loop_node=run.loop_node,
        critic_node=run.critic_node,
        prompt_ids=[i.prompt_id for i in run.iterations] + ([pending.prompt_id] if pending else []),
        pending=_pending_view(run, pending) if pending else None,
        best_iteration=iteration_view(best) if best else None,
        checklist=_checklist_view(run.checklist) if run.checklist else None,
        relooks=run.relooks,
        standing={number: round(chance, 4) for number, chance in run.standing.items()},
        swap_seconds=round(sum(i.seconds.get("swap", 0.0) for i in run.iterations), 4),
        warnings=[finding_view(finding) for finding in run.warnings],
        steered=run.steered,
        judged=run.judged,
        paid_nodes=run.paid_nodes,
        extends=run.extends,
        joined=run.joined,
        wishes=[_plan_view(wish) for wish in run.wishes],
        can_repair=not run.edit_refusal and bool(run.steered),
        edit_refusal=run.edit_refusal,
        recoveries=run.recoveries,
        contact_sheet=next(iter(sheets), None),
        contact_sheets=sheets,
        iterations=[iteration_view(i) for i in shown],
    )


def _best_view(run: Run, best: Iteration) -> BestView:
    image = BEST if best.picture and _closed(run) else best.picture
    clip = best.clip.file if best.clip is not None else None
    if clip is not None and _closed(run):
        clip = JOINED if run.joined else best_clip_name(clip)
    sure = run.standing.get(best.number)
    return BestView(iteration=best.number, score=run.score_of(best), sure=sure, image=image, clip=clip)


def _closed(run: Run) -> bool:
    """Whether what an ended run leaves behind was written: a server that stopped in the middle wrote nothing of it."""
    return run.ended and run.status not in ("unsaved", "suspended")


def _plan_view(plan: Plan) -> PlanView:
    return PlanView(
        loop=plan.loop,
        index=plan.index,
        wording=plan.wording,
        action=plan.action,
        edit_of=plan.edit_of,
        requirement=plan.requirement,
        repair=plan.repair,
        remedy=plan.remedy,
        reason=plan.reason,
    )


def _pending_view(run: Run, pending: Pending) -> PendingView:
    return PendingView(**dict(pending.plan), number=len(run.iterations) + 1, prompt_id=pending.prompt_id)


def _checklist_view(checklist: Checklist) -> ChecklistView:
    return ChecklistView(**dict(checklist), digest=checklist.digest)
