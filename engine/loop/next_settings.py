"""Parameters and negative terms of the next render. Pure."""

from __future__ import annotations

from ..graph.family import Ranges, ranges
from ..settings import Settings
from .clauses import split_clauses, with_negative_terms
from .evidence import RunEvidence
from .plan import Wording
from .run import Iteration, Run

CFG_STEP = 0.5
STEPS_SHARE = 0.15
"""One small step of cfg, and of steps as a share of them (docs/design-notes.md, 1.6)."""
TERMS_AT_ONCE = 3
NEGATIVE_MEMORY = 3
"""A term not seen in the last so many pictures leaves the negative again (docs/design-notes.md, 4.2)."""


def with_seen_terms(evidence: RunEvidence, wording: Wording) -> Wording:
    """The wording with the unwanted things that the last pictures showed, in the negative."""
    for iteration in evidence.teaching[-NEGATIVE_MEMORY:]:
        critique = iteration.critique
        seen = critique.negative or split_clauses(critique.changes.neg_append)
        terms = [term for text in (*evidence.unwanted(critique), *seen) for term in split_clauses(text)]
        wording = with_negative_terms(evidence.run.start.settings, wording, terms[:TERMS_AT_ONCE])
    return wording


def parameter_step(run: Run, base: Settings, last: Iteration) -> tuple[int, float, str]:
    """One small step of steps or cfg towards the judge's wish, inside the family's range; not one already tried."""
    start = run.start.settings
    allowed: Ranges = ranges(run.family, start.steps, start.cfg)
    wish = last.critique.changes
    options: list[tuple[int, float, str]] = []
    if wish.steps is not None and wish.steps != base.steps:
        step = max(1, round(base.steps * STEPS_SHARE))
        steps = _towards(base.steps, wish.steps, step, allowed.steps)
        options.append((steps, base.cfg, f"steps {base.steps} to {steps}"))
    if wish.cfg is not None and wish.cfg != base.cfg:
        cfg = round(_towards(base.cfg, wish.cfg, CFG_STEP, allowed.cfg), 2)
        options.append((base.steps, cfg, f"cfg {base.cfg:g} to {cfg:g}"))
    tried = {(i.settings.steps, i.settings.cfg) for i in run.comparable}
    for steps, cfg, what in options:
        if (steps, cfg) not in tried:
            return steps, cfg, what
    return base.steps, base.cfg, ""


def _towards(value: float, wish: float, step: float, allowed: tuple[float, float]) -> float:
    moved = min(value + step, wish) if wish > value else max(value - step, wish)
    return min(max(moved, allowed[0]), allowed[1])
