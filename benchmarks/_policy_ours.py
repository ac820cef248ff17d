"""A policy in a synthetic world, step by step: the pack's own code, unchanged, or another policy in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..engine.judge.checklist import Checklist
from ..engine.judge.critique import Critique, Edit
from ..engine.judge.region_question import RegionHint
from ..engine.loop import policy as shipped
from ..engine.loop.belief.run_belief import believe_run
from ..engine.loop.clauses import token_estimate
from ..engine.loop.next_plan import new_seed
from ..engine.loop.outcome import record
from ..engine.loop.plan import PastWording, Pending, Plan
from ..engine.loop.repair_plan import next_step_with_repair, without_impossible_repair
from ..engine.loop.run import Iteration, Run, Stop
from ..engine.loop.run_context import Report
from ..engine.settings import Limits, LoopHandle, Settings
from . import _policy_former as former
from ._policy_score import PASS_SCORE, look, look_again, self_test
from ._policy_world import BASE_TOKENS, MOST_CLAUSES, Picture, World

PER_LOOP = 4
SELF_TESTS = 100
"""So many different self-tests of the same judge are drawn, and worlds share them."""
CLAUSES_AT_ONCE = 3
"""Wordings that the editor writes for each requirement it is asked about."""
OTHER_WORDS = ("clearly", "exactly", "large", "plainly", "vivid", "sharp", "whole", "bright")


class Policy(NamedTuple):
    """What decides a run. looks_wanted: iterations whose pictures are to be looked at again. best: the one returned.
    standing: how good it takes an iteration's picture to be."""

    next_step: Callable[[Run], Plan | Stop]
    clauses_wanted: Callable[[Run], tuple[str, ...]]
    looks_wanted: Callable[[Run], tuple[int, ...]]
    best: Callable[[Run], Iteration]
    standing: Callable[[Run, Iteration], float]


def _seeds_alone(run: Run) -> Plan | Stop:
    """The user's own words on new seeds, until the pack's own policy is done or the renders are used."""
    step = shipped.next_step(run)
    if isinstance(step, Stop) and step.status != "no_progress":
        return step
    number = len(run.iterations) + 1
    seed = new_seed(run)
    loop, index = (number - 1) // PER_LOOP + 1, (number - 1) % PER_LOOP + 1
    return Plan(loop=loop, index=index, settings=run.start.settings.model_copy(update={"seed": seed}), reason="")


def _leader(run: Run) -> Iteration:
    return believe_run(run).leader


def _chance(run: Run, iteration: Iteration) -> float:
    return believe_run(run).standing[iteration.number]


OURS = Policy(shipped.next_step, shipped.clauses_wanted, shipped.final_look, _leader, _chance)
REPAIRING = Policy(
    next_step_with_repair,
    lambda run: shipped.clauses_wanted(without_impossible_repair(run)),
    lambda run: shipped.final_look(without_impossible_repair(run)),
    _leader,
    _chance,
)
"""The same on a graph that can repair pictures, as critic and driver decide there: with the kind, the judge's hint and
the number of repairs allowed."""
HINT = RegionHint(requirement="r1", region="the thing", prompt="the thing", box=(300, 300, 600, 600))
"""The judge of this world always finds the place. What becomes of the repair is the world's."""
SEEDS_ALONE = Policy(_seeds_alone, lambda run: (), shipped.final_look, _leader, _chance)
FORMER = Policy(former.next_step, former.clauses_wanted, former.final_look, former.best, former.standing)


@dataclass(frozen=True)
class Result:
    """What came out after so many renders at most. done: confirmed by two looks. kept_up: the policy does not
    take the first picture for better. calls: to the judge and the editor."""

    picture: Picture
    used: int
    done: bool
    calls: int = 0
    kept_up: bool = True


@dataclass
class _Course:
    """One run. asked_editor: for each iteration. relooks: every second look by itself, asked for in the run or at the
    end of a shorter one. relooked_after: how many renders there were when the run itself asked for it."""

    run: Run
    pictures: list[Picture] = field(default_factory=list)
    asked_editor: list[bool] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)
    clauses: dict[str, tuple[int, int]] = field(default_factory=dict)
    seeds: dict[int, int] = field(default_factory=dict)
    relooks: dict[int, Critique] = field(default_factory=dict)
    relooked_after: dict[int, int] = field(default_factory=dict)


def play(
    world: World, asked: Checklist, budgets: tuple[int, ...], local: bool = False, policy: Policy = OURS
) -> dict[int, Result]:
    """One run in one world; what it would have returned with each budget (a multiple of PER_LOOP)."""
    return play_taught(world, asked, budgets, {}, local, policy)[0]


def play_taught(
    world: World,
    asked: Checklist,
    budgets: tuple[int, ...],
    past: Mapping[str, Sequence[PastWording]],
    local: bool = False,
    policy: Policy = OURS,
) -> tuple[dict[int, Result], Run]:
    """As play, and the run itself. past: by requirement id, the clauses of this editor that past runs tried."""
    policy = REPAIRING if local and policy is OURS else policy
    known = {name: tuple(wordings) for name, wordings in past.items()}
    # A jury tells how far it can be believed; of a single judge the self-test does.
    reliability = getattr(world, "reliability", None) or self_test(world.kind.judge, world.number % SELF_TESTS)
    start = {"past_wordings": known, "reliability": reliability}
    course = _Course(_new_run(asked, local, max(budgets)).model_copy(update=start))
    for requirement, wordings in past.items():
        written = _written_as(asked, requirement)
        for one in wordings:
            course.clauses[one.clause] = int(requirement[1:]) - 1, written.index(one.clause)
        # The editor does not write again what it is told of: it goes on behind the last one.
        course.written[requirement] = 1 + max(written.index(one.clause) for one in wordings)
    plan: Plan | Stop = shipped.first_plan(course.run)
    while not isinstance(plan, Stop):
        course.run = course.run.model_copy(update={"pending": Pending.model_construct(prompt_id="p", plan=plan)})
        _render(world, asked, course, plan, policy)
        plan = policy.next_step(course.run)
    return {budget: _result(world, asked, course, budget, policy) for budget in budgets}, course.run


def _new_run(asked: Checklist, local: bool, renders: int) -> Run:
    prompt = f"{asked.goal}, soft evening light"
    start = LoopHandle(
        goal=asked.goal,
        settings=Settings(prompt=prompt, negative="blurry", seed=1, steps=20, cfg=7.0),
        limits=Limits(iterations_per_loop=PER_LOOP, max_loops=renders // PER_LOOP),
        pass_score=PASS_SCORE,
        seed_policy="auto",
    )
    return Run(
        id="benchmark",
        created=0,
        updated=0,
        start=start,
        checklist=asked,
        can_edit_locally=local,
        loop_node="1",
        critic_node="2",
        client_id="",
        first_prompt_id="p",
    )


def _render(world: World, asked: Checklist, course: _Course, plan: Plan, policy: Policy) -> None:
    """Paint, judge and append one iteration."""
    picture = _painted(world, course, plan, len(course.pictures))
    before, verdict = course.run, look(world, asked, picture, course.run.blank)
    _append(world, asked, course, policy, picture, verdict, lambda critique: _with_iteration(before, critique))


def _append(
    world: World,
    asked: Checklist,
    course: _Course,
    policy: Policy,
    picture: Picture,
    verdict: Critique,
    appended: Callable[[Critique], Run],
) -> None:
    """Append one iteration; look again and ask the editor where the policy wants that. picture: the one of it that
    counts. appended: the run with the iteration."""
    course.pictures.append(picture)
    course.run = appended(verdict)
    if course.run.renders_left:
        while numbers := policy.looks_wanted(course.run):
            course.run = _looked_again(world, asked, course, course.run, numbers)
            course.relooked_after.update(dict.fromkeys(numbers, len(course.pictures)))
    wanted = policy.clauses_wanted(course.run)
    course.asked_editor.append(bool(wanted))
    if wanted:
        edits = tuple(_edit(asked, course, name) for name in wanted for _ in range(CLAUSES_AT_ONCE))
        relooks = course.run.relooks
        course.run = appended(verdict.model_copy(update={"edits": edits}))
        course.run = course.run.model_copy(update={"relooks": relooks})


def _looked_again(world: World, asked: Checklist, course: _Course, run: Run, numbers: tuple[int, ...]) -> Run:
    """The run with second looks at these iterations' pictures; each picture answers once, whoever asks."""
    for number in numbers:
        if number not in course.relooks:
            course.relooks[number] = look_again(world, asked, course.pictures[number - 1], run.blank)
    return run.model_copy(update={"relooks": {**run.relooks, **{n: course.relooks[n] for n in numbers}}})


def _painted(world: World, course: _Course, plan: Plan, number: int) -> Picture:
    if plan.action == "local_edit":
        target = int(plan.requirement[1:]) - 1
        return world.edit(number, course.pictures[plan.edit_of - 1], target)
    seed = course.seeds.setdefault(plan.settings.seed, len(course.seeds))
    growth = token_estimate(plan.settings.prompt) - token_estimate(course.run.start.settings.prompt)
    clauses = [course.clauses[clause] for clause in plan.wording.clauses]
    return world.paint(number, clauses, BASE_TOKENS + growth, seed)


def _with_iteration(run: Run, verdict: Critique) -> Run:
    repaired = (0.3, 0.3, 0.6, 0.6) if run.pending.plan.action == "local_edit" else None
    _, iteration = record(run, Report(critique=verdict, picture="x.png", repaired=repaired))
    hints = run.region_hints
    if run.can_edit_locally:
        hints = {**hints, **{f"{iteration.number}:{item.id}": HINT for item in verdict.items}}
    fields = {"iterations": (*run.iterations, iteration), "pending": None, "region_hints": hints}
    return run.model_copy(update=fields)


def _edit(asked: Checklist, course: _Course, requirement: str) -> Edit:
    """The next clause of this world's editor."""
    which = course.written.get(requirement, 0)
    course.written[requirement] = which + 1
    clause = _written_as(asked, requirement)[which % MOST_CLAUSES]
    course.clauses[clause] = (int(requirement[1:]) - 1, which % MOST_CLAUSES)
    return Edit.model_construct(requirement=requirement, clause=clause)


def _written_as(asked: Checklist, requirement: str) -> list[str]:
    """All clauses of the editor for a requirement, in the order in which it writes them."""
    text = asked.requirements[int(requirement[1:]) - 1].text
    return [
        f"{second} {text}{f' {first}' if first else ''}" for first in ("", *OTHER_WORDS[:-1]) for second in OTHER_WORDS
    ]


def _result(world: World, asked: Checklist, course: _Course, budget: int, policy: Policy) -> Result:
    whole = course.run
    limits = Limits(iterations_per_loop=PER_LOOP, max_loops=budget // PER_LOOP)
    start = whole.start.model_copy(update={"limits": limits})
    relooks = {n: course.relooks[n] for n, after in course.relooked_after.items() if after < budget}
    run = whole.model_copy(update={"iterations": whole.iterations[:budget], "start": start, "relooks": relooks})
    used = len(run.iterations)
    while numbers := policy.looks_wanted(run):
        run = _looked_again(world, asked, course, run, numbers)
    # The last iteration's editor is not asked: the run ends there.
    calls = sum(i.critique.looks for i in run.iterations) + len(run.relooks) + sum(course.asked_editor[: used - 1])
    calls += run.blank is not None
    step, best, first = policy.next_step(run), policy.best(run), run.iterations[0]
    return Result(
        picture=course.pictures[best.number - 1],
        used=used,
        done=isinstance(step, Stop) and step.status == "done",
        calls=calls,
        kept_up=policy.standing(run, best) >= policy.standing(run, first),
    )
