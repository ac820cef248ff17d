"""From timestamps and spans to the figures that are printed. Pure."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._stages import BEFORE_RENDER, CRITIC, LOOKING, NOTICING, SAVING, STAGES, UNNAMED, WAITING

SIZES = (1024, 2048, 4096)
"""Pixels, of square pictures."""


@dataclass(frozen=True)
class Spread:
    """Of milliseconds: median, the value that nine in ten do not exceed, and the largest."""

    median: float
    ninth: float
    largest: float


@dataclass(frozen=True)
class Ended:
    """One prompt that ran to its end. started, succeeded: epoch seconds, to the millisecond, by the server's clock."""

    started: float
    succeeded: float


@dataclass(frozen=True)
class Span:
    """One call of a part of the pack. begin, end: epoch seconds, by the server's clock."""

    stage: str
    begin: float
    end: float

    @property
    def ms(self) -> float:
        return (self.end - self.begin) * 1000


@dataclass(frozen=True)
class Cycle:
    """One iteration, from the critic's start to the start of the next render.

    total: milliseconds on the critical path. stages: milliseconds by stage, all of it on the critical path.
    saving: milliseconds of writing the picture, most of it while the model looks.
    """

    total: float
    stages: dict[str, float]
    saving: float


def ended(entry: Mapping[str, Any]) -> Ended:
    """From an entry of /history. Raises KeyError when the prompt has not succeeded."""
    times = {name: data["timestamp"] / 1000 for name, data in entry["status"]["messages"] if "timestamp" in data}
    return Ended(times["execution_start"], times["execution_success"])


def gaps(prompts: Sequence[Ended]) -> list[float]:
    """Milliseconds from each prompt's end to the start of the one after it."""
    return [(after.started - before.succeeded) * 1000 for before, after in itertools.pairwise(prompts)]


def spread(values: Iterable[float]) -> Spread:
    """Raises ValueError when there are no values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("Nothing was measured.")
    return Spread(statistics.median(ordered), ordered[-(-9 * len(ordered) // 10) - 1], ordered[-1])


def cycles(prompts: Sequence[Ended], spans: Iterable[Span], looks: Sequence[float]) -> list[Cycle]:
    """One for each pair of prompts that follow each other.

    looks: seconds that the model took for each question, in order. Raises ValueError when they are not as many as the
    questions.
    """
    known = sorted(spans, key=lambda span: span.begin)
    asked = [span for span in known if span.stage == LOOKING]
    seconds = dict(zip(asked, looks, strict=True))
    return [
        _cycle(before, after, [s for s in known if before.started <= s.begin < after.succeeded], seconds)
        for before, after in itertools.pairwise(prompts)
    ]


def _cycle(before: Ended, after: Ended, spans: Sequence[Span], looks: Mapping[Span, float]) -> Cycle:
    (critic,) = (s for s in spans if s.stage == CRITIC and s.begin < after.started)
    here = [s for s in spans if s.stage != CRITIC and critic.begin <= s.begin < after.started]
    looked = sum(looks[s] for s in here if s.stage == LOOKING) * 1000
    saves = [s for s in here if s.stage == SAVING]
    stages = {stage: sum(s.ms for s in here if s.stage == stage) for stage in STAGES if stage not in (CRITIC, SAVING)}
    stages[LOOKING] -= looked
    # The inputs of the next iteration's critic are checked after that iteration has started, before it renders.
    stages[BEFORE_RENDER] = sum(s.ms for s in spans if s.stage == BEFORE_RENDER and s.begin >= after.started)
    judged = max((s.end for s in here if s.begin < critic.end and s.stage != SAVING), default=critic.begin)
    stages[WAITING] = max([0.0, *((s.end - judged) * 1000 for s in saves)])
    recorded = [s.begin for s in here if s.begin >= before.succeeded]
    stages[NOTICING] = (min(recorded) - before.succeeded) * 1000 if recorded else 0.0
    total = (after.started - critic.begin) * 1000 - looked + stages[BEFORE_RENDER]
    stages[UNNAMED] = total - sum(stages.values())
    return Cycle(total, stages, sum(s.ms for s in saves))


def middle(found: Sequence[Cycle]) -> Cycle:
    """The medians of several iterations, each stage by itself. Raises ValueError when there are none."""
    if not found:
        raise ValueError("Nothing was measured.")
    return Cycle(
        statistics.median(c.total for c in found),
        {stage: statistics.median(c.stages[stage] for c in found) for stage in found[0].stages},
        statistics.median(c.saving for c in found),
    )


def result(
    host: str,
    gap: Spread,
    outside_gap: Spread,
    controllers: Mapping[int, Cycle],
    payloads: Mapping[int, float],
    growth: float | None,
) -> dict[str, Any]:
    """What --json prints. payloads: KiB by size. growth: MiB, None where it cannot be measured."""
    return {
        "gap_ms": round(gap.median, 1),
        "outside_poll_gap_ms": round(outside_gap.median, 1),
        "controller_ms": {str(size): round(controllers[size].total, 1) for size in SIZES},
        "payload_kib": {str(size): round(payloads[size], 1) for size in SIZES},
        "growth_mb_40": None if growth is None else round(growth, 1),
        "host": host,
    }
