"""The next render and the end where the judge tells a score and no requirements: the offline checks, mostly. Pure."""

from __future__ import annotations

from ..settings import Settings
from .clauses import compose, positive_clauses, same_clause, split_clauses, with_clauses, with_negative_terms
from .next_settings import TERMS_AT_ONCE, parameter_step
from .outcome import score_in_words
from .plan import Plan, Wording
from .run import Iteration, Run, Stop

NEAR_PASS = 0.15
"""Closer than this to the pass score, `auto` keeps the seed for one new wording (docs/design-notes.md, 4.11)."""
SEED_KEPT = "With the seed kept there is nothing left to change. Set seed_policy to auto or new, then continue."
NEW_CLAUSES = 3
CLAUSE_TRIES = 3
"""A clause whose renders were rejected this often is not tried again."""
PLATEAU = 6
"""Renders without a better best after which a run stops."""


def plan(run: Run, loop: int, index: int, fresh_seed: int) -> Plan | Stop:
    """The best's words with what the critiques propose, on a new seed unless the picture was nearly good enough."""
    best = run.best_of_goal or run.best
    last = run.iterations[-1]
    base = run.start.settings if best is None else best.settings
    kept_seed = base.seed if best is None else best.seed
    before = Wording() if best is None else best.plan.wording
    wording = _edited(run, before, best, last)
    prompt, negative = compose(run.start.settings, wording)
    steps, cfg, moved = base.steps, base.cfg, ""
    if wording == before:
        steps, cfg, moved = parameter_step(run, base, last)
    keep = _keeps_seed(run, best, index, wording != before or bool(moved))
    seed = kept_seed if keep else fresh_seed
    settings = Settings(prompt=prompt, negative=negative, seed=seed, steps=steps, cfg=cfg)
    if any(i.settings == settings for i in run.iterations):
        if run.start.seed_policy == "keep":
            return Stop("no_progress", SEED_KEPT)
        settings, keep = settings.model_copy(update={"seed": fresh_seed}), False
    return Plan(
        loop=loop,
        index=index,
        settings=settings,
        wording=wording,
        action="parameters" if moved else "compose",
        reason=_reason(best, loop, index, [*_told(before, wording), *([moved] if moved else [])], keep),
    )


def no_progress(run: Run) -> Stop | None:
    """The end after PLATEAU renders that did not beat the best."""
    best = run.best_of_goal
    if best is None:
        return None
    idle = run.iterations[-1].number - max(best.number, run.continued_after)
    if idle < PLATEAU:
        return None
    return Stop(
        "no_progress",
        f"{idle} renders in a row did not beat iteration {best.number} (score {score_in_words(run, best)}). "
        "Try another wording of the goal or prompt, then continue.",
    )


def _keeps_seed(run: Run, best: Iteration | None, index: int, changed: bool) -> bool:
    """New by default: seeds decide much (docs/design-notes.md, 1.1)."""
    if run.start.seed_policy != "auto":
        return run.start.seed_policy == "keep"
    if best is None or index == 1:
        return False
    near = (best.critique.score or 0.0) >= run.start.pass_score - NEAR_PASS
    return near and changed and run.iterations[-1].number == best.number


def _edited(run: Run, wording: Wording, best: Iteration | None, last: Iteration) -> Wording:
    """The best's wording with what the last critique and the best's own propose and was not rejected before."""
    judged = [i for i in (last, best) if i is not None and i.duplicate_of is None and i.critique.score is not None]
    critics = [i.critique for i in judged]
    proposals: list[str] = []
    for critique in critics:
        for clause in positive_clauses(critique.changes.prompt_append):
            new = not any(same_clause(clause, c) for c in (*proposals, *wording.clauses))
            if new and _rejections(run, clause) < CLAUSE_TRIES:
                proposals.append(clause)
    edited = with_clauses(run.start.settings, wording, proposals[:NEW_CLAUSES])
    seen = [t for c in critics[:1] for t in split_clauses(c.changes.neg_append)][:TERMS_AT_ONCE]
    return with_negative_terms(run.start.settings, edited, seen)


def _rejections(run: Run, clause: str) -> int:
    return sum(
        i.decision.kind == "reject" and any(same_clause(clause, c) for c in i.plan.wording.clauses)
        for i in run.comparable
    )


def _told(before: Wording, after: Wording) -> list[str]:
    parts = []
    added = [c for c in after.clauses if c not in before.clauses]
    dropped = [c for c in before.clauses if c not in after.clauses]
    terms = [t for t in after.negative_terms if t not in before.negative_terms]
    if added:
        parts.append("add " + " and ".join(f'"{c}"' for c in added))
    if dropped:
        parts.append("without " + " and ".join(f'"{c}"' for c in dropped))
    if terms:
        parts.append("avoid " + ", ".join(terms))
    return parts


def _reason(best: Iteration | None, loop: int, index: int, told: list[str], keep: bool) -> str:
    start = f"from iteration {best.number}" if best is not None else "from your own settings"
    opening = f"Loop {loop} begins {start}" if index == 1 else f"On {start}"
    return f"{opening}: {'; '.join([*told, 'same seed' if keep else 'new seed'])}."
