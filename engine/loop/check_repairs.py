"""A picture that shows everything asked for, with a part that came out wrong: a hand, a face, bad writing, something
melted or doubled. Where the judge points at it, that part is painted anew before anything else is changed. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ..judge.critique import Check, Critique
from ..judge.scoring import POOR_QUALITY
from ..judge.verdict import FAULTS
from .belief.local_edits import EDITS_OF_ONE
from .check_remedies import poor_checks, written_words
from .evidence import RunEvidence
from .plan import Plan
from .repair_kinds import checks_repaired
from .run import Iteration, Run

_REPAIR = ":repair"


class PoorPart(NamedTuple):
    """source: the leading picture. wrong: what a judge is to point at in it, in words."""

    source: Iteration
    check: Check
    wrong: str


def poor_part(run: Run) -> PoorPart | None:
    """The poorest check of the leading picture that a repair may mend; None where a requirement fails in it, where it
    was repaired for each of them often enough, where it was not saved, or where nothing but seeds may vary."""
    evidence = RunEvidence(run)
    best = evidence.best
    if best is None or best.picture is None or run.start.vary == "seed":
        return None
    for check in poor_checks(best):
        tries = sum(i.plan.remedy == check_remedy(check) and i.plan.edit_of == best.number for i in run.iterations)
        if check in checks_repaired() and tries < EDITS_OF_ONE:
            return PoorPart(best, check, _wrong(evidence, check))
    return None


def check_remedy(check: Check) -> str:
    """Plan.remedy of a repair for this check."""
    return f"{check}{_REPAIR}"


def repaired_check(plan: Plan) -> Check | None:
    """The check that a repair is for; None for one that is for a requirement or a wish."""
    name = plan.remedy.removesuffix(_REPAIR)
    return name if plan.repair is not None and plan.remedy.endswith(_REPAIR) and name in FAULTS else None


def newly_poor(before: Critique, after: Critique) -> list[Check]:
    """The checks that are poor in a picture and were not in the one that it was made from."""
    return [name for name in FAULTS if _is_poor(after, name) and not _is_poor(before, name)]


def is_mended(after: Critique, check: Check) -> bool:
    """Whether a check is no longer poor. One that was not answered says nothing."""
    return check in after.checks and not _is_poor(after, check)


def _is_poor(critique: Critique, check: Check) -> bool:
    return critique.checks.get(check, 1.0) < POOR_QUALITY


def _wrong(evidence: RunEvidence, check: Check) -> str:
    words = written_words(evidence) if check == "text" else ""
    return f'{FAULTS[check]}: it must read "{words}"' if words else f"{FAULTS[check]}: point at the worst of them"
