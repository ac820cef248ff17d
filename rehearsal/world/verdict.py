"""What a vision model says when it is asked for a whole verdict: assessment, changes, done and reason."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np

from .facts import GOOD_CFG, GOOD_STEPS, SceneFinding, check, faults_of
from .misreading import chance
from .scene import parse
from .seeing import see

MOST_CLAUSES, LONGEST_APPEND = 2, 120


def look(goal: str, picture: np.ndarray, *, error_rate: float = 0.0, mood: int = 0) -> SceneFinding:
    """Check a picture (uint8 [H, W, 3]) against a goal, by its pixels alone.

    error_rate: share of requirements judged wrongly, the same ones for the same mood, picture and requirement.
    """
    view = see(picture)
    found = check(parse(goal), view)
    if error_rate > 0:
        fingerprint = hashlib.blake2b(np.ascontiguousarray(picture).tobytes()).hexdigest()
        found = [replace(r, met=not r.met) if chance(mood, fingerprint, r.text) < error_rate else r for r in found]
    return SceneFinding(tuple(found), view)


def answer(goal: str, picture: np.ndarray, *, error_rate: float = 0.0, mood: int = 0) -> dict[str, Any]:
    """What a vision model asked for a verdict would reply: assessment, changes, done, reason."""
    return verdict(look(goal, picture, error_rate=error_rate, mood=mood))


def verdict(finding: SceneFinding) -> dict[str, Any]:
    """A finding in the words and marks (0..10) of a vision model's answer."""
    unmet = finding.unmet
    flawed = finding.scratched or finding.blurred or finding.tone != "natural"
    clauses = [r.clause for r in unmet[:MOST_CLAUSES]]
    while len(", ".join(clauses)) > LONGEST_APPEND:
        clauses.pop()
    return {
        "assessment": _marks(finding),
        "changes": {
            "cfg": GOOD_CFG if finding.tone != "natural" else None,
            "neg_append": ", ".join(faults_of(finding)),
            "prompt_append": ", ".join(clauses),
            # One thing left to cure, or only damage: that is more likely luck than wording.
            "seed": "new" if finding.scratched or len(unmet) == 1 else "keep",
            "steps": GOOD_STEPS if finding.blurred else None,
        },
        "done": bool(finding.requirements) and not unmet and not flawed,
        "reason": _reason(finding),
    }


def _marks(finding: SceneFinding) -> dict[str, int]:
    requirements = finding.requirements
    artifacts = 10 - 4 * finding.scratched - 3 * finding.blurred - 2 * (finding.tone != "natural")
    arranged = [r.met for r in requirements if r.kind in ("relation", "place")]
    words = [r for r in requirements if r.kind == "word"]
    return {
        "artifacts": max(0, artifacts),
        "composition": _tenths(arranged),
        "faces": 10,
        "prompt_match": _tenths([r.met for r in requirements]) if requirements else 5,
        "text": 10 if all(r.met for r in words) else 4,
    }


def _tenths(met: list[bool]) -> int:
    """Ten times the share, but ten only for all."""
    if all(met):
        return 10
    return min(9, round(10 * sum(met) / len(met)))


def _reason(finding: SceneFinding) -> str:
    faults = faults_of(finding)
    damage = f"The picture has flaws: {', '.join(faults)}." if faults else ""
    if not finding.requirements:
        said = "The goal names no coloured shape, place, background or word, so there is nothing I can check."
    elif not finding.unmet:
        said = "Everything that the goal asks for is there."
    else:
        said = " ".join(f"I see {r.seen}, the goal wants {r.text}." for r in finding.unmet[:MOST_CLAUSES])
    return f"{said} {damage}".strip()
