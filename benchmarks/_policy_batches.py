"""`python dev.py bench policy --batches`: renders of several pictures, as several cards paint them side by side.

Each card has a seed of its own, as DistributedSeed gives it, and every picture is judged. What it means: README.md.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..engine.judge.checklist import Checklist
from ..engine.judge.critique import Critique
from ..engine.loop import policy as shipped
from ..engine.loop.batch_pictures import PictureSource
from ..engine.loop.clauses import token_estimate
from ..engine.loop.outcome import record
from ..engine.loop.plan import Pending, Plan
from ..engine.loop.run import BatchPicture, Run, Stop
from ..engine.loop.run_context import Report
from . import _policy_ours as ours
from ._policy_score import checklist, look, self_test
from ._policy_world import BASE_TOKENS, MOST_RENDERS, WORLD1, Kind, World

BATCHES = (1, 2, 4, 8)
BUDGETS = (4, 8, 12, 24)


class BatchWorld(World):
    """A world with luck, and judge's errors, for more pictures. The first MOST_RENDERS are those of the usual world;
    the row behind them belongs to the blank picture, so the others come after it: see `row`."""

    def __init__(self, kind: Kind, seed: int, number: int, batch: int) -> None:
        super().__init__(kind, seed, number)
        more = [self.another_day(day) for day in range(1, batch)]
        n = kind.requirements
        self.luck = np.concatenate([self.luck, np.zeros((1, n)), *(one.luck for one in more)])
        self.own_luck = np.concatenate([self.own_luck, np.zeros((1, n)), *(one.own_luck for one in more)])
        self.quality_luck = np.concatenate([self.quality_luck, [0.0], *(one.quality_luck for one in more)])
        for name in ("fixed_errors", "drawn_errors", "quality_errors"):
            parts = [getattr(self, name), *(getattr(one, name)[:, :MOST_RENDERS] for one in more)]
            setattr(self, name, np.concatenate(parts, axis=1))


def row(number: int) -> int:
    """Where a picture's, or a seed's, luck stands."""
    return number if number < MOST_RENDERS else number + 1


def play_batches(world: World, asked: Checklist, budgets: tuple[int, ...], batch: int) -> dict[int, ours.Result]:
    """One run whose renders give so many pictures each; what it would have returned with each budget of renders."""
    reliability = self_test(world.kind.judge, world.number % ours.SELF_TESTS)
    course = ours._Course(ours._new_run(asked, False, max(budgets)).model_copy(update={"reliability": reliability}))
    painted, plan = 0, shipped.first_plan(course.run)
    while not isinstance(plan, Stop):
        course.run = course.run.model_copy(update={"pending": Pending.model_construct(prompt_id="p", plan=plan)})
        _render(world, asked, course, plan, batch, painted)
        painted += batch
        plan = shipped.next_step(course.run)
    return {budget: ours._result(world, asked, course, budget, ours.OURS) for budget in budgets}


def _render(world: World, asked: Checklist, course: Any, plan: Plan, batch: int, painted: int) -> None:
    """Paint, judge and append one iteration."""
    growth = token_estimate(plan.settings.prompt) - token_estimate(course.run.start.settings.prompt)
    clauses = [course.clauses[clause] for clause in plan.wording.clauses]
    sources = [
        PictureSource(seed=plan.settings.seed + card, worker=f"card {card}" if card else "") for card in range(batch)
    ]
    seeds = [course.seeds.setdefault(source.seed, len(course.seeds)) for source in sources]
    pictures = [
        world.paint(row(painted + card), clauses, BASE_TOKENS + growth, row(seed)) for card, seed in enumerate(seeds)
    ]
    before, verdicts, blank = course.run, [], course.run.blank
    for picture in pictures:
        verdicts.append(look(world, asked, picture, blank))
        blank = verdicts[-1].blank if blank is None else blank
    best = max(range(batch), key=lambda at: (verdicts[at].passed, verdicts[at].score, -at))
    told = next((one.blank for one in verdicts if one.blank is not None), None)
    verdict = verdicts[best].model_copy(update={"blank": told})
    others = tuple(
        BatchPicture(index=at, critique=verdicts[at], source=sources[at]) for at in range(batch) if at != best
    )
    source = sources[best] if batch > 1 else None
    appended = partial(_with_iteration, before, best=best, others=others, source=source)
    ours._append(world, asked, course, ours.OURS, pictures[best], verdict, appended)


def _with_iteration(
    run: Run, verdict: Critique, *, best: int, others: tuple[BatchPicture, ...], source: PictureSource | None
) -> Run:
    report = Report(critique=verdict, picture="x.png", batch_index=best, others=others, source=source)
    _, iteration = record(run, report)
    return run.model_copy(update={"iterations": (*run.iterations, iteration), "pending": None})


def report_batches(worlds: int, seed: int) -> dict[str, Any]:
    """Prints the table; the same as JSON: by batch, all-correct share by renders, and renders used."""
    asked, told = checklist(WORLD1.requirements), {}
    print(f"\nworld1, {worlds} worlds: all-correct in % after so many renders, by pictures a render")
    print(f"{'':10}{''.join(f'{budget:>8}' for budget in BUDGETS)}{'used':>8}{'done':>8}{'wrong':>8}", flush=True)
    for batch in BATCHES:
        results = [play_batches(BatchWorld(WORLD1, seed, n, batch), asked, BUDGETS, batch) for n in range(worlds)]
        shares = {b: sum(found[b].picture.all_correct for found in results) / worlds for b in BUDGETS}
        last = [found[BUDGETS[-1]] for found in results]
        used, done = sum(one.used for one in last) / worlds, sum(one.done for one in last) / worlds
        wrong = sum(one.done and not one.picture.all_correct for one in last) / worlds
        shown = "".join(f"{100 * share:8.1f}" for share in shares.values())
        print(f"{batch:>10}{shown}{used:8.1f}{100 * done:7.0f}%{100 * wrong:7.1f}%", flush=True)
        told[str(batch)] = {
            "all_correct": {str(b): round(share, 4) for b, share in shares.items()},
            "used": round(used, 2),
            "done": round(done, 4),
            "wrong_done": round(wrong, 4),
        }
    return told
