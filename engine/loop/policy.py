"""The policy: from a run so far to the next settings, or a stop with its reason. Pure and deterministic.

Version 1 keeps the best, always starts from it, adds little and says why. It believes no single "done".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..graph.family import Ranges, ranges
from ..judge.critique import Critique
from .goal import Settings
from .run import Decision, Iteration, Plan, Run, Status, Wording
from .wording import compose, same_clause, split_clauses, with_clauses, with_negative_terms

PLATEAU = 6
"""Renders without a better best after which a run stops (loop-science, 4.4)."""
FAILED_JUDGEMENTS = 2
"""Failed judgements in a row after which a run stops."""
NEW_CLAUSES = 3
CLAUSE_TRIES = 3
"""A clause whose renders were rejected this often is not tried again."""
NEAR_PASS = 0.15
"""Closer than this to the pass score, `auto` keeps the seed for one new wording: luck was good, words are missing."""
CFG_STEP = 0.5


@dataclass(frozen=True)
class Stop:
    """The end of a run, with its reason in plain words."""

    status: Status
    reason: str


def decide(run: Run, critique: Critique, duplicate_of: int | None) -> Decision:
    """Accept a picture that ranks above the best so far, else reject it."""
    best = _comparable_best(run)
    if critique.score is None:
        return Decision(kind="reject", reason=f"Not judged: {critique.reason}")
    said = f" {critique.reason}" if critique.reason else ""
    if duplicate_of is not None:
        return Decision(
            kind="reject", reason=f"The same picture as iteration {duplicate_of}: nothing new to learn from it."
        )
    if best is None:
        return Decision(kind="accept", reason=f"First judged picture, score {critique.score:.2f}.{said}")
    if (critique.passed, critique.score) > best.rank:
        return Decision(
            kind="accept", reason=f"Kept: score {critique.score:.2f}, before {best.critique.score:.2f}.{said}"
        )
    return Decision(
        kind="reject",
        reason=f"Score {critique.score:.2f} does not beat {best.critique.score:.2f} (iteration {best.number}).{said}",
    )


def next_step(run: Run) -> Plan | Stop:
    """What to render after the last iteration of the run, or why to stop."""
    last = run.iterations[-1]
    stop = _stop(run, last)
    if stop is not None:
        return stop
    loop, index = last.plan.loop, last.plan.index + 1
    if index > run.start.limits.iterations_per_loop:
        loop, index = loop + 1, 1
    return _plan(run, loop, index)


def first_plan(run: Run) -> Plan:
    """The plan of the render that the user queued: the user's own settings."""
    return Plan(loop=1, index=1, settings=run.start.settings, reason="Your own settings.")


def continued_plan(run: Run, instruction: str) -> Plan | Stop:
    """The first render after the user continued an ended run: a new loop from the best.

    With an instruction the best picture's own settings are kept, so that only what was asked for changes; its words
    are already part of run.start. Without one the run goes on as if no limit had been reached.
    """
    loop = run.iterations[-1].plan.loop + 1 if run.iterations else 1
    if not run.iterations:
        return first_plan(run)
    if not instruction:
        return _plan(run, loop, 1)
    best = run.best or run.iterations[-1]
    prompt, negative = compose(run.start.settings, best.plan.wording)
    settings = best.settings.model_copy(update={"prompt": prompt, "negative": negative})
    return Plan(
        loop=loop,
        index=1,
        settings=settings,
        wording=best.plan.wording,
        reason=f"Your instruction, from iteration {best.number} on.",
    )


def _comparable_best(run: Run) -> Iteration | None:
    best = run.best
    return best if best is not None and best.number >= run.fresh_from else None


def _stop(run: Run, last: Iteration) -> Stop | None:
    best = _comparable_best(run)
    critique = last.critique
    if critique.passed and critique.sees_content:
        return Stop("done", f"The goal is met in iteration {last.number}, score {critique.score:.2f}: two looks agree.")
    if critique.passed and last.duplicate_of is None:
        return Stop(
            "unverified",
            f"{critique.reason} Look for yourself; to have it judged, start Ollama, set judge to auto and queue again.",
        )
    tail = [i for i in run.iterations if i.number > run.continued_after][-FAILED_JUDGEMENTS:]
    if len(tail) == FAILED_JUDGEMENTS and all(i.critique.score is None for i in tail):
        return Stop("judge_failed", f"{critique.reason} Put that right, then continue the run.")
    if run.renders_left <= 0:
        return Stop("limit", _limit_reason(run, best))
    if best is not None and last.number - max(best.number, run.continued_after) >= PLATEAU:
        return Stop(
            "no_progress",
            f"{PLATEAU} renders in a row did not beat iteration {best.number} (score {best.critique.score:.2f}). "
            "Try another wording of the goal or prompt, then continue.",
        )
    return None


def _limit_reason(run: Run, best: Iteration | None) -> str:
    count = len(run.iterations)
    if best is None:
        return f"All {count} renders are used and none could be judged."
    missing = f" Still missing: {best.critique.reason}" if best.critique.reason else ""
    return f"All {count} renders are used. Best: iteration {best.number}, score {best.critique.score:.2f}.{missing}"


def _plan(run: Run, loop: int, index: int) -> Plan | Stop:
    best = _comparable_best(run) or run.best
    last = run.iterations[-1]
    if best is None:
        base, wording = run.start.settings, Wording()
    else:
        base, wording = best.settings, best.plan.wording
    number = len(run.iterations) + 1
    new_wording = _edited(run, wording, best, last)
    changed_words = new_wording != wording
    prompt, negative = compose(run.start.settings, new_wording)
    steps, cfg, moved = base.steps, base.cfg, ""
    if not changed_words:
        steps, cfg, moved = _parameter_step(run, base, last)
    keep = _keeps_seed(run, best, index, changed_words or bool(moved))
    seed = base.seed if keep else new_seed(run, number)
    settings = Settings(prompt=prompt, negative=negative, seed=seed, steps=steps, cfg=cfg)
    if any(i.settings == settings for i in run.iterations):
        if run.start.seed_policy == "keep":
            return Stop(
                "no_progress",
                "With the seed kept there is nothing left to change. Set seed_policy to auto or new, then continue.",
            )
        settings, keep = settings.model_copy(update={"seed": new_seed(run, number)}), False
    return Plan(
        loop=loop,
        index=index,
        settings=settings,
        wording=new_wording,
        reason=_plan_reason(best, index, loop, wording, new_wording, moved, keep),
    )


def _edited(run: Run, wording: Wording, best: Iteration | None, last: Iteration) -> Wording:
    """The best's wording with what the last critique and the best's own propose and was not rejected before."""
    judged = [i for i in (last, best) if i is not None and i.duplicate_of is None and i.critique.score is not None]
    critics = [i.critique for i in judged]
    proposals: list[str] = []
    for critique in critics:
        for clause in split_clauses(critique.changes.prompt_append):
            new = not any(same_clause(clause, c) for c in (*proposals, *wording.clauses))
            if new and _rejections(run, clause) < CLAUSE_TRIES:
                proposals.append(clause)
    edited = with_clauses(run.start.settings, wording, proposals[:NEW_CLAUSES])
    seen = [t for c in critics[:1] for t in split_clauses(c.changes.neg_append)][:3]
    return with_negative_terms(run.start.settings, edited, seen)


def _rejections(run: Run, clause: str) -> int:
    return sum(
        i.decision.kind == "reject" and any(same_clause(clause, c) for c in i.plan.wording.clauses)
        for i in run.comparable
    )


def _parameter_step(run: Run, base: Settings, last: Iteration) -> tuple[int, float, str]:
    """One small step of steps or cfg towards the judge's wish, inside the family's range; not one already tried."""
    start = run.start.settings
    allowed: Ranges = ranges(run.family, start.steps, start.cfg)
    wish = last.critique.changes
    options: list[tuple[int, float, str]] = []
    if wish.steps is not None and wish.steps != base.steps:
        step = max(1, round(base.steps * 0.15))
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


def _keeps_seed(run: Run, best: Iteration | None, index: int, changed: bool) -> bool:
    """Whether the next render uses the best's seed. New by default (loop-science, 1.6): seeds decide much."""
    policy = run.start.seed_policy
    if policy != "auto":
        return policy == "keep"
    if best is None or not changed or index == 1:
        return False
    near = (best.critique.score or 0.0) >= run.start.pass_score - NEAR_PASS
    return near and run.iterations[-1].number == best.number


def new_seed(run: Run, number: int) -> int:
    """A seed below 2**48 (exact in the page's numbers), fixed by the user's own seed: the same graph, the same run."""
    return int.from_bytes(hashlib.sha256(f"{run.start.settings.seed}:{number}".encode()).digest()[:6], "big")


def _plan_reason(
    best: Iteration | None, index: int, loop: int, before: Wording, after: Wording, moved: str, keep: bool
) -> str:
    parts = []
    added = [c for c in after.clauses if c not in before.clauses]
    terms = [t for t in after.negative_terms if t not in before.negative_terms]
    if added:
        parts.append("add " + " and ".join(f'"{c}"' for c in added))
    if terms:
        parts.append("avoid " + ", ".join(terms))
    if moved:
        parts.append(moved)
    parts.append("same seed" if keep else "new seed")
    start = f"from iteration {best.number}" if best is not None else "from your own settings"
    opening = f"Loop {loop} begins {start}" if index == 1 else f"On {start}"
    return f"{opening}: {'; '.join(parts)}."
