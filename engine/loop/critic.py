"""What a critic does inside a run: find its place, recognise known pictures, judge, save, report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from ..graph import ui_workflow
from ..graph.loop_nodes import clean_copy
from ..judge.critique import Critique
from ..judge.picture import Fingerprint, Picture, Pictures, near_duplicate
from .journal import Journal
from .outcome import unsaved_reason
from .report import Arrival, Place, Report, Seen
from .run import Run


class DriverCalls(Protocol):
    """The driver, as seen from the worker's event loop."""

    async def begin(self, arrival: Arrival) -> Place:
        """See Driver.begin."""

    async def report(self, prompt_id: str, report: Report) -> Run | None:
        """See Driver.report."""


class Judging(Protocol):
    """A judge bound to the critic's own inputs."""

    looks: bool
    """Whether a model is to be shown the pictures, as JPEG."""

    async def judge(
        self, images: Pictures, goal: str, seed: int, others: Sequence[Mapping[str, float]] = ()
    ) -> tuple[list[Critique], int]:
        """A critique for each picture, and which one is best."""


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
    judging: Judging,
    images: torch.Tensor,
    arrival: Arrival,
    embed: bool,
) -> Judged:
    """Judge IMAGE [B,H,W,C] as the pending render of its run and report to the driver.

    The picture is written while the model looks at it, and not before its JPEG is ready, so that neither waits for
    the other. embed: whether pictures carry their graph. Whatever the judge raises, an interrupt above all, passes.
    """
    place = await driver.begin(arrival)
    since = time.perf_counter()
    pictures = [Picture(image) for image in images]
    marks = await asyncio.to_thread(_fingerprints, pictures)
    known = _known(place.seen, marks)
    if known is None and judging.looks:
        await asyncio.to_thread(_encode, pictures)
    seconds = {"reduce": time.perf_counter() - since}
    extra = ui_workflow.in_extra_pnginfo(arrival.extra_pnginfo, arrival.loop_node, place.plan.settings, place.goal)
    metadata = {"prompt": clean_copy(arrival.graph), **(extra or {})} if embed else {}

    async def save(index: int) -> tuple[str | None, str]:
        started = time.perf_counter()
        try:
            name = await asyncio.to_thread(journal.save_picture, place.run_id, place.plan, images[index], metadata)
            return name, ""
        except OSError as problem:
            return None, unsaved_reason(problem)
        finally:
            seconds["save"] = time.perf_counter() - started

    duplicate_of = None
    saving = asyncio.ensure_future(save(0)) if len(images) == 1 else None
    if known is not None:
        critique, best, duplicate_of = known.critique, 0, known.number
    else:
        judged_at = time.perf_counter()
        measures = [s.critique.measures for s in place.seen if s.critique.measures]
        critiques, best = await judging.judge(pictures, place.goal, place.number, measures)
        critique = critiques[best]
        seconds["judge"] = time.perf_counter() - judged_at
    picture, save_error = await (saving if saving is not None else save(best))
    report = Report(
        critique=critique,
        picture=picture,
        save_error=save_error,
        batch_index=best,
        fingerprint=marks[best].to_text(),
        duplicate_of=duplicate_of,
        seconds=seconds,
    )
    await driver.report(arrival.prompt_id, report)
    return Judged(critique, best, place.run_id, place.number, picture)


def _fingerprints(pictures: Sequence[Picture]) -> list[Fingerprint]:
    return [picture.fingerprint for picture in pictures]


def _encode(pictures: Sequence[Picture]) -> None:
    """Make the JPEGs now; the judge finds them ready."""
    for picture in pictures:
        _ = picture.encoded


def _known(seen: Sequence[Seen], marks: Sequence[Fingerprint]) -> Seen | None:
    """The earlier picture that a single new one repeats. A batch is known only picture by picture: it is judged."""
    if len(marks) != 1:
        return None
    for earlier in seen:
        if near_duplicate(Fingerprint.from_text(earlier.fingerprint), marks[0]):
            return earlier
    return None
