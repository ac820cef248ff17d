"""The decision about a judged picture, with its reason in one plain sentence. Pure."""

from __future__ import annotations

from ..judge.critique import Critique
from . import items
from .ending import comparable_best
from .run import Decision, Iteration, Run


def decide(run: Run, critique: Critique, duplicate_of: int | None) -> Decision:
    """Accept a picture that ranks above the best so far, else reject it."""
    best = comparable_best(run)
    if critique.score is None:
        return Decision(kind="reject", reason=f"Not judged: {critique.reason}")
    if duplicate_of is not None:
        return Decision(
            kind="reject", reason=f"The same picture as iteration {duplicate_of}: nothing new to learn from it."
        )
    if best is None:
        opening = f"First judged picture, score {critique.score:.2f}"
        return Decision(kind="accept", reason=_sentence(opening, _standing(run, critique), critique))
    before = run.score_of(best)
    told = [*_changed(run, best, critique), *_standing(run, critique)]
    if (critique.passed, critique.score) > run.rank_of(best):
        opening = f"Kept: score {critique.score:.2f}, before {before:.2f}"
        return Decision(kind="accept", reason=_sentence(opening, told, critique))
    opening = f"Not kept: score {critique.score:.2f} does not beat {before:.2f} (iteration {best.number})"
    return Decision(kind="reject", reason=_sentence(opening, told, critique))


def _sentence(opening: str, told: list[str], critique: Critique) -> str:
    """One sentence about the requirements; where there are none, the judge's own words follow."""
    if critique.items:
        return "; ".join([opening, *told]) + "."
    return f"{opening}. {critique.reason}".strip()


def _changed(run: Run, best: Iteration, critique: Critique) -> list[str]:
    """What is met now and was not in the best so far, and the other way round."""
    before = {item.id: item for item in best.critique.items}
    gained = [i.id for i in critique.items if i.passed and i.id in before and not before[i.id].passed]
    lost = [i for i in critique.items if not i.passed and i.id in before and before[i.id].passed]
    parts = []
    if gained:
        parts.append(f"now met: {', '.join(items.text_of(run, name) for name in gained)}")
    if lost:
        parts.append(f"lost: {', '.join(items.text_of(run, item.id) for item in lost)}")
    return parts


def _standing(run: Run, critique: Critique) -> list[str]:
    failing = items.failing(run, critique)
    if failing:
        return [f"still failing: {items.named(run, failing)}"]
    return ["all requirements met"] if critique.items and all(item.passed for item in critique.items) else []
