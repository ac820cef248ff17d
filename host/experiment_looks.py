"""The looks at an experiment's pictures after its runs: by the referee, and by the judge once more, in both wordings.

Both get a picture and questions, never which arm made it; the pictures of a prompt come in an order drawn by lot.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from ..engine.experiment.milestones import pictures_wanted
from ..engine.experiment.prompts import ExperimentPrompt
from ..engine.experiment.record import LookedAtPicture, Looker, PictureLook, PromptRecord
from ..engine.judge.critique import Critique
from ..engine.judge.judge import Judge
from ..engine.judge.picture import Picture
from ..engine.loop.journal import Journal

FAILURES_IN_A_ROW = 3
"""After so many looks without an answer the experiment gives up: the server is gone."""
KeepRecord = Callable[[PromptRecord], Awaitable[None]]


class LookerGone(Exception):
    """The message says which one gave no answer, and why."""


async def look_at_prompts(
    prompts: Sequence[ExperimentPrompt],
    records: Mapping[str, PromptRecord],
    lookers: Mapping[Looker, Judge],
    journal: Journal,
    renders: int,
    seed: int,
    keep: KeepRecord,
) -> str:
    """All looks that are missing at these prompts; why some are missing still, "" where none are. records: as they are
    now, by prompt id; keep: writes a changed one.

    One looker after the other, so that the card changes models seldom. Raises LookerGone, OSError.
    """
    unseen: dict[str, str] = {}
    known = {one.id: _with_pictures(records[one.id], renders) for one in prompts}
    for by, judge in lookers.items():
        failures = 0
        try:
            for prompt in prompts:
                record = known[prompt.id]
                pictures = list(record.pictures)
                random.Random(f"{by} {seed} {prompt.id}").shuffle(pictures)  # noqa: S311 (nothing secret)
                for picture in pictures:
                    seen, problem = await _looked(by, judge, prompt, picture, journal)
                    failures = failures + 1 if problem else 0
                    if problem:
                        unseen[prompt.id] = problem
                    if seen is not picture:
                        known[prompt.id] = record = record.with_picture(seen)
                        await keep(record)
                    if failures >= FAILURES_IN_A_ROW:
                        raise LookerGone(f"The {by} gave no answer about {failures} pictures. {problem}")
        finally:
            await judge.release()
    for record in known.values():
        if record.id not in unseen:
            await keep(record.model_copy(update={"looked": True}))
    return next(iter(unseen.values()), "")


async def look_once(by: Looker, judge: Judge, prompt: ExperimentPrompt, image: Picture, wording: int) -> PictureLook:
    """One look. Raises LookerGone where it gave no answer."""
    begun = time.perf_counter()
    critique = await judge.one_look(image, prompt.checklist, 0, 1 if wording == 1 else 2)
    if not _told(critique):
        raise LookerGone(critique.reason)
    return PictureLook(
        by=by,
        wording=1 if wording == 1 else 2,
        p={item.id: round(item.p, 4) for item in critique.items if item.told},
        soft=critique.soft,
        seconds=round(time.perf_counter() - begun, 3),
    )


def _with_pictures(record: PromptRecord, renders: int) -> PromptRecord:
    """With the pictures that are to be looked at; looks that were made stay."""
    runs = [run for run in record.runs.values() if run.ended]
    for key in pictures_wanted(runs, renders):
        if record.picture(key) is None:
            owner = next(run for run in runs if key in run.files)
            record = record.with_picture(LookedAtPicture(key=key, run_id=owner.run_id, name=owner.files[key]))
    return record


async def _looked(
    by: Looker, judge: Judge, prompt: ExperimentPrompt, picture: LookedAtPicture, journal: Journal
) -> tuple[LookedAtPicture, str]:
    """The picture with what was missing of this looker's looks, and why one is missing still, "" where none is."""
    missing = [wording for wording in (1, 2) if picture.look(by, wording) is None]
    if not missing:
        return picture, ""
    try:
        image = Picture(await asyncio.to_thread(journal.load_picture, picture.run_id, picture.name))
        for wording in missing:
            look = await look_once(by, judge, prompt, image, wording)
            picture = picture.model_copy(update={"looks": (*picture.looks, look)})
    except FileNotFoundError:
        return picture, ""  # deleted meanwhile: the prompt is left out
    except (OSError, ValueError, LookerGone) as problem:
        return picture, str(problem)
    return picture, ""


def _told(critique: Critique) -> bool:
    return critique.outcome == "judged" and critique.sees_content and any(item.told for item in critique.items)
