"""Faces that are counted: a detector for how many people there are, by its own measured errors (faces.py).

They were measured with generated pictures of known truth (face_rates.json; benchmarks/README.md, faces;
docs/design-notes.md, 2.24).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from .checklist import Checklist, Requirement
from .critique import Item
from .detector import MeasuredOnce
from .faces import (
    MOST_EXACT,
    MOST_PEOPLE,
    FaceRates,
    Wanted,
    chance_of_faces,
    evidence_of_faces,
    faces_can_tell,
    people_wanted,
)
from .jury_evidence import KINDS, Worth, reliability_of_evidence
from .picture import Picture
from .scoring import UNKNOWN, clip, sigmoid

RATES = Path(__file__).with_name("face_rates.json")


class FaceFinder(Protocol):
    """name: of the package that finds them."""

    name: str

    def count(self, pixels: np.ndarray) -> int:
        """Faces in a picture. pixels: uint8 [H, W, 3], RGB. Slow: called in a thread. Raises DetectorFailed."""


class FaceCounter:
    """Counts the faces of a picture once, whatever is asked about it. rates: of the finder, as measured."""

    def __init__(self, finder: FaceFinder, rates: FaceRates) -> None:
        self.name, self._faces, self._rates = finder.name, MeasuredOnce(finder.count), rates
        self.worth = _worth(rates)

    def can_tell(self, requirement: Requirement, checklist: Checklist) -> bool:
        return people_wanted(requirement) is not None and faces_can_tell(requirement, checklist)

    async def detect(self, picture: Picture, requirements: Sequence[Requirement]) -> tuple[Item, ...]:
        """Raises DetectorFailed."""
        found = await self._faces.of(picture)
        wanted = [(one, people_wanted(one)) for one in requirements]
        return tuple(self._item(one, asked, found) for one, asked in wanted if asked is not None)

    def _item(self, requirement: Requirement, wanted: Wanted, found: int) -> Item:
        p = clip(sigmoid(evidence_of_faces(self._rates, wanted, found)))
        passed = p > UNKNOWN
        seen = f"{found or 'no'} {'face' if found < 2 else 'faces'}"
        return Item(
            id=requirement.id,
            answer=str(found),
            p=p,
            passed=passed,
            evidence="" if passed else f"{self.name} finds {seen}",
        )


@cache
def measured_face_rates() -> dict[str, FaceRates]:
    """By the name of the package."""
    rows = json.loads(RATES.read_text(encoding="utf-8"))["detectors"]
    return {row["name"]: FaceRates(**{name: row[name] for name in FaceRates._fields}) for row in rows}


def _worth(rates: FaceRates) -> Worth:
    """As a judge whose logits are evidence (see jury_reliability): of the mean evidence where the number is right."""
    told = [
        (chance_of_faces(rates, people, found), evidence_of_faces(rates, Wanted(people, people), found))
        for people in range(1, MOST_EXACT + 1)
        for found in range(MOST_PEOPLE + 1)
    ]
    mean = sum(chance * evidence for chance, evidence in told) / MOST_EXACT
    loudest = max(evidence for _, evidence in told)
    return Worth({"count": reliability_of_evidence(mean)}, frozenset(KINDS) - {"count"}, max(loudest, 0.0))
