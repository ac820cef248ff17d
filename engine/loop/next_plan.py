"""The next render of a run: what is worth most, with its words, seed, parameters and reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from ..judge.quotations import in_marks
from ..settings import Limits, Settings
from . import by_score
from .belief.local_edits import edit_candidates
from .belief.observations import OWN
from .belief.posterior import ArmBelief
from .belief.run_belief import RunBelief, SameRun, believe_run
from .belief.stopping import hardly_reached
from .belief.time_budget import seconds_expected
from .belief.worth import (
    FRESH,
    RenderCandidate,
    fresh_clause_candidates,
    new_seed_candidates,
    same_seed_candidate,
    worth_of_several,
)
from .check_remedies import Remedy, carry_remedies, next_remedy
from .clauses import compose, with_owned_clauses
from .evidence import RunEvidence
from .next_settings import parameter_step, with_seen_terms
from .plan import Plan, Wording
from .repair_kinds import is_mendable
from .run import Iteration, Run, Stop

PARENT_MET = 0.5
"""A requirement waits for a clause of its own until its parents are met as probably as this in the leading picture."""


def plan_render(run: Run, loop: int, index: int) -> Plan | Stop:
    """The next render, whatever it is worth; a stop where the seed is kept and everything was rendered."""
    if run.start.vary == "seed":
        return _seed_plan(run, loop, index)
    beliefs = believe_run(run)
    if not beliefs:
        return by_score.plan(run, loop, index, new_seed(run))
    for plan in _plans(next_render(run), loop, index):
        # An edit in one place paints what no settings tell.
        if plan.action == "local_edit" or all(plan.settings != i.settings for i in run.iterations):
            return plan
    return Stop("no_progress", by_score.SEED_KEPT)


def next_place(run: Run) -> tuple[int, int]:
    """(loop, index) of the render that follows the iterations: behind all of them, for its files are named after it."""
    last = max((i.plan for i in run.iterations), key=lambda plan: (plan.loop, plan.index))
    return place_after(last, run.start.limits)


def next_loop(run: Run) -> int:
    """The loop behind all that the run had, and behind the wishes that wait."""
    return max((plan.loop for plan in (*run.wishes, *(i.plan for i in run.iterations))), default=0) + 1


def place_after(plan: Plan, limits: Limits) -> tuple[int, int]:
    """(loop, index) of the render that follows a plan."""
    if plan.index >= limits.iterations_per_loop:
        return plan.loop + 1, 1
    return plan.loop, plan.index + 1


def _plans(render: NextRender, loop: int, index: int) -> Iterator[Plan]:
    """The best one first; each is written only when those before it will not do."""
    leader = render.beliefs.leader
    remedy = next_remedy(render.evidence, leader, leader.plan.wording)
    candidates, told = render.candidates, ""
    if remedy is not None and remedy.name:
        yield _remedy_plan(render, remedy, loop, index)
    elif remedy is not None:
        # Nothing is left to change about what is poor, so the picture is not rendered again; which words are worth
        # most on a new seed is believed as ever, for what the leading picture meets by luck its words may seldom bring.
        told = remedy.told
        candidates = sorted(candidates, key=lambda one: one.kind == "same_seed")
    for candidate in candidates:
        yield _as_plan(render, candidate, loop, index, told)


def edit_plan(run: Run, source: Iteration, place: tuple[int, int], reason: str, keeps_seed: bool, **how: Any) -> Plan:
    """An edit in one place of a picture: its settings and words on a seed of the edit's own, unless the seed is kept.
    place: (loop, index) of the render. how: further fields of the plan."""
    return Plan(
        loop=place[0],
        index=place[1],
        settings=source.settings.model_copy(update={"seed": source.seed if keeps_seed else new_seed(run)}),
        wording=source.plan.wording,
        action="local_edit",
        edit_of=source.number,
        reason=reason,
        **how,
    )


def edit_reason(source: Iteration, what: str) -> str:
    """what: is mended, in words."""
    return f"Edit iteration {source.number} in one place only: {what}."


def new_seed(run: Run) -> int:
    """A seed below 2**48 (exact in the page's numbers), fixed by the user's own seed: the same graph, the same run."""
    text = f"{run.start.settings.seed}:{len(run.iterations) + 1}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _seed_plan(run: Run, loop: int, index: int) -> Plan | Stop:
    """The user's own settings on another seed."""
    if run.start.seed_policy == "keep":
        return Stop("no_progress", by_score.SEED_KEPT)
    settings = run.start.settings.model_copy(update={"seed": new_seed(run)})
    return Plan(loop=loop, index=index, settings=settings, reason="A new seed, the only thing that may vary.")


def next_render(run: Run) -> NextRender:
    """What could come next of a run with a belief, by the clauses at hand. Remembered: the end of the run and the next
    render are both decided by it."""
    return _next_render(SameRun(run))


@lru_cache(maxsize=4)
def _next_render(asked: SameRun) -> NextRender:
    evidence = RunEvidence(asked.run)
    return NextRender(believe_run(asked.run), evidence, lambda name: evidence.fresh_clause(name) is not None)


class NextRender:
    """What could come next. writable: whether a clause that nobody has tried can be had for a requirement (its id)."""

    def __init__(self, beliefs: RunBelief, evidence: RunEvidence, writable: Callable[[str], bool]) -> None:
        self.beliefs, self.evidence, self._writable = beliefs, evidence, writable

    @cached_property
    def candidates(self) -> list[RenderCandidate]:
        """The most worth while first; where the user limits the time, worth for each second that it will take."""
        beliefs = self.beliefs
        belief, seen = beliefs.belief, beliefs.observations
        leader = beliefs.place(beliefs.leader)
        policy = beliefs.run.start.seed_policy
        found = new_seed_candidates(belief, leader, self.usable)
        if policy != "new" and seen.edit_of[leader] < 0:
            tries = int((seen.seeds == seen.seeds[leader]).sum())
            same = same_seed_candidate(belief, seen, leader, 1 if policy == "keep" else tries, self.usable)
            found += [same] if same is not None else []
        if policy == "keep":
            # The same words would give the same picture: what was rendered is no candidate.
            found += fresh_clause_candidates(belief, seen, leader, self.usable)
            rendered = set(map(tuple, seen.arms.tolist()))
            found = [one for one in found if one.arms not in rendered] or found
        if beliefs.run.can_edit_locally:
            leading = [beliefs.place(i) for i in beliefs.ranking if i.picture is not None]
            mendable = np.array([is_mendable(requirement) for requirement in beliefs.requirements])
            found += edit_candidates(belief, seen, leading, mendable)
        pictures = beliefs.pictures_a_render
        found = [worth_of_several(belief, leader, candidate, pictures) for candidate in found]
        return sorted(found, key=lambda candidate: -candidate.worth / self._seconds(candidate))

    def _seconds(self, candidate: RenderCandidate) -> float:
        run = self.beliefs.run
        if not run.start.limits.minutes:
            return 1.0
        return max(seconds_expected(run, "local_edit" if candidate.kind == "local_edit" else "compose"), 0.01)

    @cached_property
    def usable(self) -> np.ndarray:
        """[K]: whether a new clause can be had, and would say something that the picture could show."""
        beliefs = self.beliefs
        leading = beliefs.belief.met[beliefs.place(beliefs.leader)].tolist()
        met = dict(zip((r.id for r in beliefs.requirements), leading, strict=True))
        ready = (all(met.get(parent, 1.0) >= PARENT_MET for parent in r.parents) for r in beliefs.requirements)
        return np.array([may and self._writable(r.id) for may, r in zip(ready, beliefs.requirements, strict=True)])

    def wanting(self, candidate: RenderCandidate) -> list[str]:
        """Ids of the requirements for which it needs a clause that nobody has tried."""
        asked = self.beliefs.requirements
        return [asked[q].id for q, arm in enumerate(candidate.arms) if arm == FRESH]

    def wording(self, candidate: RenderCandidate) -> tuple[Wording, frozenset[str]]:
        """Its clauses, those first whose requirement the user's own words bring least; and whose clause is new."""
        beliefs, new = self.beliefs, set()
        owned: list[tuple[float, str, str]] = []
        for q, arm in enumerate(candidate.arms):
            name = beliefs.requirements[q].id
            clause = self.evidence.fresh_clause(name) if arm == FRESH else beliefs.clauses.get((name, arm))
            if arm != OWN and clause:
                owned.append((float(beliefs.belief.arms[q][OWN].mean[0]), name, clause))
                new |= {name} if arm == FRESH else set()
        owned.sort(key=lambda one: one[0])
        said = with_owned_clauses(beliefs.run.start.settings, [(name, clause) for _, name, clause in owned])
        return said, frozenset(new & set(said.owners))

    def told(self, wording: Wording, new: frozenset[str]) -> list[str]:
        """Why these words, one part for each requirement that has a clause: 'red umbrella: painted in 1 of 5 with your
        words, 3 of 4 with "a bright red umbrella": keep the latter'. new: ids of those whose clause is untried."""
        parts = []
        for q, requirement in enumerate(self.beliefs.requirements):
            clause = wording.owned.get(requirement.id)
            if clause is None:
                continue
            arms = self.beliefs.belief.arms[q]
            arm = arms.get(self.beliefs.arm_of(requirement.id, clause))
            own = f"{_share(arms[OWN])} with your words" if arms[OWN].shown else ""
            known = f"{_share(arm)} with {in_marks(clause)}" if arm is not None and arm.shown else ""
            if known:
                which = "the latter" if own else "it"
                seen = ", ".join(filter(None, [own, known]))
                then = f"keep {which}" if round(arm.met) else f"{which} once more"
            else:
                seen = own
                then = f"try {in_marks(clause)}{'' if requirement.id in new else ', as in past runs'}"
            parts.append(f"{requirement.text}: {f'painted in {seen}: ' if seen else ''}{then}")
        return parts


def _as_plan(render: NextRender, candidate: RenderCandidate, loop: int, index: int, why: str) -> Plan:
    """why: what is to be said before the words are, "" for nothing."""
    beliefs, run = render.beliefs, render.beliefs.run
    source = beliefs.iterations[candidate.source] if candidate.source >= 0 else beliefs.leader
    policy = run.start.seed_policy
    if candidate.kind == "local_edit":
        requirement = beliefs.requirements[candidate.target]
        reason = edit_reason(source, requirement.text)
        return edit_plan(run, source, (loop, index), reason, policy == "keep", requirement=requirement.id)
    wording, new = render.wording(candidate)
    wording = carry_remedies(render.evidence, beliefs.leader, with_seen_terms(render.evidence, wording))
    prompt, negative = compose(run.start.settings, wording)
    keeps = candidate.kind == "same_seed" or policy == "keep"
    base, last, moved = source.settings, run.iterations[-1], ""
    steps, cfg = base.steps, base.cfg
    if wording == source.plan.wording and not render.evidence.failing(last.critique):
        steps, cfg, moved = parameter_step(run, base, last)
    seed = source.seed if keeps else new_seed(run)
    return Plan(
        loop=loop,
        index=index,
        settings=Settings(prompt=prompt, negative=negative, seed=seed, steps=steps, cfg=cfg),
        wording=wording,
        action="parameters" if moved else "compose",
        reason=_reason(source, keeps, [*filter(None, (why, moved)), *render.told(wording, new)], bool(wording.clauses))
        + _warned(render),
    )


def _remedy_plan(render: NextRender, remedy: Remedy, loop: int, index: int) -> Plan:
    """The leading picture once more, but for what is poor in it."""
    run, leader = render.beliefs.run, render.beliefs.leader
    prompt, negative = compose(run.start.settings, remedy.wording)
    policy = run.start.seed_policy
    keeps = remedy.keeps_seed if policy == "auto" else policy == "keep"
    seed = run.whole_render(leader).seed if keeps else new_seed(run)
    settings = Settings(prompt=prompt, negative=negative, seed=seed, steps=remedy.steps, cfg=remedy.cfg)
    moved = (remedy.steps, remedy.cfg) != (leader.settings.steps, leader.settings.cfg)
    return Plan(
        loop=loop,
        index=index,
        settings=settings,
        wording=remedy.wording,
        action="parameters" if moved else "compose",
        remedy=remedy.name,
        reason=_reason(leader, keeps, [remedy.told], True),
    )


def _reason(source: Iteration, keeps: bool, told: list[str], clauses: bool) -> str:
    seed = f"The seed of iteration {source.number} again" if keeps else "A new seed"
    return "; ".join([f"{seed}{'' if clauses else ' with your own words'}", *told]) + "."


def _warned(render: NextRender) -> str:
    """Named early: what no wording seems to bring."""
    hard = hardly_reached(render.beliefs, render.usable)
    return f" Hardly ever painted, whatever is tried: {hard}." if hard else ""


def _share(arm: ArmBelief) -> str:
    return f"{round(arm.met)} of {arm.shown}"
