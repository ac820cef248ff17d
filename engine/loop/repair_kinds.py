"""What is repaired in place and how strongly: the table repair_kinds.json, and how a try changes the next. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..graph.detectors import Finds
from ..judge.absence import denies
from ..judge.checklist import Kind, Requirement
from ..judge.critique import Check, Item
from ..judge.quotations import in_marks, quoted
from ..judge.region_question import Asks

State = Literal["", "missing", "few", "many"]
Outcome = Literal["met", "nothing", "not_met", "lost"]
"""How a try ended: the requirement is met; the picture stayed the same; it changed and the requirement still fails; or
another requirement was lost, so more than the region's part changed."""

STEP, WEAKEST, STRONGEST = 0.15, 0.2, 0.95
"""By how much denoise grows after a try in which nothing changed and falls after one that lost something, and its
limits. After a try that changed the region in vain it grows by half a step."""
MISSING_BELOW = 0.3
"""Probability below which an object is taken for absent rather than badly painted."""
_GONE = frozenset({"no", "none", "nothing", "0", "missing", "absent"})
_REMOVES = re.compile(r"^\s*(?:please\s+)?(?:remove|delete|erase|take away|get rid of|clear away|clean up)\b", re.I)


class RepairKind(BaseModel):
    """A row of repair_kinds.json, whose `_about` says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    words: str = ""
    kinds: tuple[Kind, ...]
    checks: tuple[Check, ...] = ()
    detects: Finds = ""
    instruct: str
    state: State = ""
    denoise: float = Field(ge=WEAKEST, le=STRONGEST)
    grow: int = Field(ge=0, le=256)
    context: float = Field(ge=0, le=4)
    region: Literal["found", "place", "around"]
    asks: Asks
    sources: tuple[str, ...] = Field(min_length=1)

    def instruction(self, requirement: str, thing: str) -> str:
        """The change as a command: what is quoted is written as it stands."""
        words = quoted(requirement)
        told = {"requirement": requirement, "thing": thing, "quoted": in_marks(words) if words else requirement}
        return f"{self.instruct.format_map(told)}, and keep everything else as it is"


@cache
def _table() -> dict[str, object]:
    return json.loads((Path(__file__).parent / "repair_kinds.json").read_text(encoding="utf-8"))


@cache
def kinds() -> tuple[RepairKind, ...]:
    return tuple(RepairKind.model_validate(row) for row in _table()["kinds"])


def source_of(name: str) -> str:
    """The public page behind a source's name."""
    return _table()["sources"][name]


def kind_named(name: str) -> RepairKind:
    return next(kind for kind in kinds() if kind.name == name)


def kind_of(requirement: Requirement, item: Item) -> RepairKind | None:
    """How a failing requirement is repaired in place; None where it concerns the whole picture."""
    state = state_of(requirement, item)
    fitting = [kind for kind in kinds() if requirement.kind in kind.kinds]
    if state != "missing":
        for kind in fitting:
            if kind.words and re.search(kind.words, requirement.text, re.IGNORECASE):
                return kind
    for kind in fitting:
        if not kind.words and kind.state == state and state:
            return kind
    return next((kind for kind in fitting if not kind.words and not kind.state), None)


def kind_of_check(check: Check, region: str) -> RepairKind | None:
    """How a part is repaired that a check finds poor. region: what the judge points at, in words."""
    fitting = [kind for kind in kinds() if check in kind.checks]
    named = (kind for kind in fitting if kind.words and re.search(kind.words, region, re.IGNORECASE))
    return next(named, next((kind for kind in fitting if not kind.words), None))


@cache
def checks_repaired() -> frozenset[Check]:
    """The quality checks that a repair may mend."""
    return frozenset(check for kind in kinds() for check in kind.checks)


def is_mendable(requirement: Requirement) -> bool:
    """Whether a requirement is about a part of the picture, however it fails."""
    return any(requirement.kind in kind.kinds for kind in kinds() if not kind.words)


def kind_of_wish(wish: str) -> RepairKind:
    """How a user's wish about a region is carried out: something goes, or something else is painted there."""
    return kind_named("removal" if _REMOVES.search(wish) or denies(wish) else "wish")


def state_of(requirement: Requirement, item: Item) -> State:
    """How a requirement fails: not there at all, too few, too many, or "" for anything else."""
    if requirement.kind == "count":
        wanted = [int(number) for number in requirement.expect if number.isdigit()]
        if not item.answer.isdigit() or not wanted:
            return ""
        seen = int(item.answer)
        return "few" if seen < min(wanted) else "many" if seen > max(wanted) else ""
    if requirement.kind in ("object", "text"):
        gone = item.answer.strip().casefold() in _GONE
        return "missing" if gone and item.p < MISSING_BELOW else ""
    return ""


def strength(kind: RepairKind, tries: Iterable[Outcome]) -> float:
    """Denoise of the next try, 0..1, after those that this requirement had in this picture, oldest first."""
    denoise = kind.denoise
    for outcome in tries:
        if outcome == "nothing":
            denoise += STEP
        elif outcome == "not_met":
            denoise += STEP / 2
        elif outcome == "lost":
            denoise -= STEP
    return round(min(STRONGEST, max(WEAKEST, denoise)), 3)
