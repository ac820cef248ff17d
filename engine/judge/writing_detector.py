"""Writing read exactly: a detector for requirements that name words, by its own measured errors.

What a finding is worth is the logarithm of how much more often it comes where the writing is as wanted than where it is
not, counted on drawn and on generated writing (writing_rates.json, benchmarks/README.md, ocr; docs/design-notes.md,
2.23).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from .checklist import Checklist, Requirement
from .critique import Item
from .detector import MOST_EVIDENCE, MeasuredOnce
from .jury_evidence import KINDS, Worth, reliability_of_evidence
from .picture import Picture
from .reliability import Reliability
from .scoring import UNKNOWN, clip, sigmoid
from .words import clip_words
from .writing import FOUND, Found, compare_writing, wanted_writing

RATES = Path(__file__).with_name("writing_rates.json")
SHOWN = 40
NOTHING_READ = "no writing"


class TextReader(Protocol):
    """name: of the package that reads."""

    name: str

    def read(self, pixels: np.ndarray) -> Sequence[str]:
        """Lines in reading order. pixels: uint8 [H, W, 3], RGB. Slow: called in a thread. Raises DetectorFailed."""


class WritingDetector:
    """Reads a picture once, whatever is asked about it. evidence: by finding, a log-likelihood ratio."""

    def __init__(self, reader: TextReader, evidence: Mapping[Found, float] | None = None) -> None:
        self.name, self._lines = reader.name, MeasuredOnce(reader.read)
        self._evidence = measured_evidence() if evidence is None else evidence
        self.worth = Worth({"text": measured_reliability()}, frozenset(KINDS) - {"text"}, loudest=MOST_EVIDENCE)

    def can_tell(self, requirement: Requirement, checklist: Checklist) -> bool:
        return bool(wanted_writing(requirement))

    async def detect(self, picture: Picture, requirements: Sequence[Requirement]) -> tuple[Item, ...]:
        """Raises DetectorFailed."""
        lines = await self._lines.of(picture)
        return tuple(self._item(one, lines) for one in requirements)

    def _item(self, requirement: Requirement, lines: Sequence[str]) -> Item:
        found, closest = compare_writing(wanted_writing(requirement), lines)
        p = clip(sigmoid(self._evidence[found]))
        passed = p > UNKNOWN
        read = clip_words(closest, SHOWN) or NOTHING_READ
        return Item(
            id=requirement.id,
            answer=read,
            p=p,
            passed=passed,
            evidence="" if passed else f"{self.name} reads {read}",
        )


@cache
def measured_rates() -> dict[str, dict[Found, int]]:
    """By "met" and "unmet", how often each finding came in all that was counted."""
    rows = json.loads(RATES.read_text(encoding="utf-8"))["counted"]
    return {side: {one: sum(row[side][one] for row in rows) for one in FOUND} for side in ("met", "unmet")}


def evidence_of(met: Mapping[str, int], unmet: Mapping[str, int]) -> dict[Found, float]:
    """By finding, its log-likelihood ratio, of how often each came where the writing was as wanted and where not.

    One of each is added to either side, so that what never came is not impossible; see MOST_EVIDENCE.
    """
    of_met, of_unmet = (sum(counts.values()) + len(FOUND) for counts in (met, unmet))
    ratios = {one: math.log((met[one] + 1) / of_met) - math.log((unmet[one] + 1) / of_unmet) for one in FOUND}
    return {one: max(-MOST_EVIDENCE, min(ratio, MOST_EVIDENCE)) for one, ratio in ratios.items()}


def measured_evidence() -> dict[Found, float]:
    rates = measured_rates()
    return evidence_of(rates["met"], rates["unmet"])


def measured_reliability() -> Reliability:
    """As a judge whose logits are evidence (see jury_reliability): of the mean evidence where the writing is right."""
    rates, evidence = measured_rates(), measured_evidence()
    total = sum(rates["met"].values())
    return reliability_of_evidence(sum(rates["met"][one] * evidence[one] for one in FOUND) / total)
