"""What a critic does inside a run: find its place, recognise known pictures, judge, save, report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..graph.detectors import detectors_of
from ..graph.family import family_named
from ..judge.batch import MOST_LOOKED_AT
from ..judge.clip import Clip
from ..judge.critique import Critique
from ..judge.judge import Judge
from ..judge.picture import Fingerprint, Picture, near_duplicate
from ..judge.vision_model import ModelFailure
from .batch_pictures import PictureSource, picture_sources
from .clip_saving import ClipEncoder, save_clip
from .journal import Journal, stem
from .judging_notes import notes_after_verdict
from .outcome import record
from .picture_saving import PictureSaving
from .plan import Plan
from .policy import clauses_wanted, final_look, wordings_tried
from .repair_judging import ask_hints, read_back, see_repair
from .repair_plan import without_impossible_repair
from .run import BatchPicture, RepairedRegion, Run
from .run_context import KnownPicture, PromptContext, Report, RunContext


class DriverCalls(Protocol):
    """The driver, as seen from the worker's event loop."""

    async def begin(self, prompt_context: PromptContext) -> RunContext:
        """See Driver.begin."""

    async def report(self, prompt_id: str, report: Report) -> Run | None:
        """See Driver.report."""


@dataclass(frozen=True)
class Judged:
    """What the node shows. picture: file name in the run folder, None when it was not saved."""

    critique: Critique
    batch_index: int
    run_id: str
    number: int
    picture: str | None


async def critique_in_run(
    driver: DriverCalls,
    journal: Journal,
    judge: Judge,
    pictures: Sequence[Picture],
    prompt_context: PromptContext,
    embed: bool,
    swap_seconds: Callable[[], float] = lambda: 0.0,
    repaired_region: RepairedRegion | None = None,
    encode: ClipEncoder | None = None,
    clip_savers: Sequence[str] = (),
) -> Judged:
    """Judge the pictures of a batch, or one clip, as the pending render of its run and report to the driver.

    The picture is written while the model looks at it, and not before its JPEG is ready, so that neither waits for
    the other. embed: whether pictures carry their graph. swap_seconds: what it has cost so far that the judge and
    ComfyUI's models take turns on the card. repaired_region: what a repair in this prompt was allowed to change.
    encode: of a clip that the graph does not save, see save_clip; clip_savers: of one that it does, see Report.
    Whatever the judge raises, an interrupt above all, passes.
    """
    place = await driver.begin(prompt_context)
    judge.recall([one.critique for one in place.run.comparable])
    if any(i.critique.looks for i in place.run.iterations):
        judge.be_patient()
    since = time.perf_counter()
    marks = await asyncio.to_thread(_fingerprints, pictures)
    repair = await see_repair(journal, place.run, place.plan, place.seen, pictures)
    known = _known(place.seen, marks) if repair is None else repair.known
    if known is None and judge.looks:
        await asyncio.to_thread(_encode, pictures)
    seconds = {"reduce": time.perf_counter() - since}
    sources = _sources(place.plan, prompt_context, pictures)
    saving = PictureSaving(journal, place, prompt_context, pictures, sources, embed)
    first = asyncio.ensure_future(saving.save(0)) if len(pictures) == 1 else None
    clip = pictures[0] if isinstance(pictures[0], Clip) else None
    keeping = asyncio.ensure_future(save_clip(journal, place, clip, encode)) if clip is not None else None
    judged_at = time.perf_counter()
    try:
        if known is not None:
            report = Report(known.critique, stem(place.plan), duplicate_of=known.number, checklist=place.run.checklist)
        else:
            report = await _judged(judge, place, pictures, sources)
            if repair is not None:
                verdict = await read_back(judge, place.run, place.plan, report.critique, pictures[0], repair.box)
                report = replace(report, critique=verdict)
        # The policy recognises a repeated picture by its mark, so it must be there before it is asked.
        mark = marks[report.batch_index].to_text()
        report = replace(report, fingerprint=mark)
        if repair is not None:
            asked = ", ".join(detectors_of(prompt_context.graph))
            region = repaired_region and repaired_region.model_copy(update={"looked_for_by": asked})
            report = replace(report, repaired=repair.box, repaired_region=region)
        # One object as long as nothing changes: what is derived from a run is remembered for it.
        report = replace(report, notes=(*report.notes, *prompt_context.card_notes))
        run, _ = record(place.run, report)
        relooks = await _looked_again(judge, journal, run, report, pictures)
        if relooks:
            report = replace(report, relooks=relooks)
            run, _ = record(place.run, report)
        hints = await ask_hints(judge, journal, run, pictures, report.batch_index)
        if hints:
            report = replace(report, region_hints=hints)
            run = run.model_copy(update={"region_hints": {**run.region_hints, **hints}})
        if known is None:
            report = await _with_edits(judge, run, report, pictures)
    finally:
        await judge.release()
    seconds["swap"] = swap_seconds()
    seconds["judge"] = time.perf_counter() - judged_at - seconds["swap"]
    best = report.batch_index
    picture, save_error = await (first if first is not None else saving.save(best))
    others = [one.model_copy(update={"picture": (await saving.save(one.index))[0]}) for one in report.others]
    seconds["save"] = saving.seconds
    report = replace(report, picture=picture, save_error=save_error, others=tuple(others), seconds=seconds)
    if keeping is not None:
        report = replace(report, clip=await keeping, clip_savers=tuple(clip_savers))
    await driver.report(prompt_context.prompt_id, report)
    return Judged(report.critique, best, place.run.id, place.number, picture)


def _sources(plan: Plan, prompt_context: PromptContext, pictures: Sequence[Picture]) -> list[PictureSource | None]:
    """What paints each picture of a batch again; empty for a clip: its frames are no pictures of their own."""
    if not prompt_context.shares and len(pictures) > MOST_LOOKED_AT:
        return []
    return picture_sources(plan.settings.seed, len(pictures), prompt_context.shares)


async def _judged(
    judge: Judge, place: RunContext, pictures: Sequence[Picture], sources: Sequence[PictureSource | None]
) -> Report:
    """The verdict about the best picture."""
    run, seed = place.run, place.number
    checklist = run.checklist
    if checklist is None:
        try:
            lines, clip = run.start.checklist.splitlines(), isinstance(pictures[0], Clip)
            checklist = await judge.make_checklist(run.start.goal, lines, seed, clip)
        except ModelFailure as problem:
            return Report(Critique(judge=judge.served_by, outcome="unreachable", reason=str(problem)), None)
    if sources:  # what cards bring are pictures of their own, however many
        judge.most_looked_at = max(judge.most_looked_at, len(pictures))
    measures = [i.critique.measures for i in run.comparable if i.critique.measures]
    critiques, best = await judge.judge_pictures(pictures, checklist, seed, measures)
    kept = critiques if sources else {}
    others = tuple(BatchPicture(index=i, critique=c, source=sources[i]) for i, c in kept.items() if i != best)
    return Report(
        critiques[best],
        stem(place.plan),
        batch_index=best,
        others=others,
        source=sources[best] if sources else None,
        checklist=checklist,
        reliability=judge.reliability_for(checklist),
        notes=notes_after_verdict(run, checklist, critiques[best]),
    )


async def _with_edits(judge: Judge, run: Run, report: Report, pictures: Sequence[Picture]) -> Report:
    """With the clauses that the policy wants for the next prompt. run: with the iteration at hand."""
    run = without_impossible_repair(run)
    wanted = clauses_wanted(run)
    if not wanted:
        return report
    family = family_named(run.family)
    style = family.prompt.style if family else ""
    picture, critique = pictures[report.batch_index], report.critique
    tried = wordings_tried(run)
    edited = await judge.propose_edits(picture, report.checklist, critique, wanted, len(run.iterations), style, tried)
    return replace(report, critique=edited)


async def _looked_again(
    judge: Judge, journal: Journal, run: Run, report: Report, pictures: Sequence[Picture]
) -> dict[int, Critique]:
    """The second looks that the policy wants before the next step. run: with the iteration at hand."""
    at_hand, relooks = len(run.iterations), {}
    if isinstance(pictures[0], Clip) and judge.asked.spent:
        return relooks
    while run.checklist is not None and (numbers := final_look(without_impossible_repair(run))):
        for number in numbers:
            if number == at_hand:
                picture = pictures[report.batch_index]
            else:
                try:
                    picture = await asyncio.to_thread(journal.load_judged, run.id, run.iterations[number - 1])
                except (OSError, ValueError) as problem:
                    why = f"The picture of iteration {number} could not be read: {problem}"
                    relooks[number] = Critique(judge=judge.served_by, outcome="unreachable", reason=why)
                    continue
            relooks[number] = await judge.look_again(picture, run.checklist, at_hand)
        run = run.model_copy(update={"relooks": {**run.relooks, **relooks}})
    return relooks


def _fingerprints(pictures: Sequence[Picture]) -> list[Fingerprint]:
    return [picture.fingerprint for picture in pictures]


def _encode(pictures: Sequence[Picture]) -> None:
    """Make the JPEGs now; the judge finds them ready."""
    for picture in pictures:
        _ = picture.encoded
        _ = picture.jpegs if isinstance(picture, Clip) else None


def _known(seen: Sequence[KnownPicture], marks: Sequence[Fingerprint]) -> KnownPicture | None:
    """The earlier picture that a single new one repeats. A batch is known only picture by picture: it is judged."""
    if len(marks) != 1:
        return None
    for earlier in seen:
        if near_duplicate(Fingerprint.from_text(earlier.fingerprint), marks[0]):
            return earlier
    return None
