"""The pack's own policy in a synthetic world: the code of engine.loop, unchanged, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..engine.judge.checklist import Checklist
from ..engine.judge.critique import Critique, Edit
from ..engine.loop.clauses import token_estimate
from ..engine.loop.outcome import iteration_of
from ..engine.loop.policy import clauses_wanted, final_look, first_plan, next_step
from ..engine.loop.run import Pending, Plan, Run, Stop
from ..engine.loop.run_context import Report
from ..engine.settings import Limits, LoopHandle, Settings
from ._policy_score import PASS_SCORE, look, look_again
from ._policy_world import BASE_TOKENS, MOST_CLAUSES, Picture, World

PER_LOOP = 4
CLAUSES_AT_ONCE = 3
"""Wordings that the editor writes for each requirement it is asked about."""
OTHER_WORDS = ("clearly", "exactly", "large", "plainly", "vivid", "sharp", "whole", "bright")


@dataclass(frozen=True)
class Result:
    """What came out after so many renders at most. done: confirmed by two looks. kept_up: not below the first picture
    by the judge's own scores. calls: to the judge and the editor."""

    picture: Picture
    used: int
    done: bool
    calls: int = 0
    kept_up: bool = True


@dataclass
class _Course:
    """One run. asked_editor: for each iteration."""

    run: Run
    pictures: list[Picture] = field(default_factory=list)
    asked_editor: list[bool] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)
    clauses: dict[str, tuple[int, int]] = field(default_factory=dict)
    seeds: dict[int, int] = field(default_factory=dict)
    relooks: dict[int, Critique] = field(default_factory=dict)


def play(world: World, asked: Checklist, budgets: tuple[int, ...], local: bool = False) -> dict[int, Result]:
    """One run in one world; what it would have returned with each budget (a multiple of PER_LOOP)."""
    return play_taught(world, asked, budgets, {}, local)[0]


def play_taught(
    world: World, asked: Checklist, budgets: tuple[int, ...], remembered: Mapping[str, str], local: bool = False
) -> tuple[dict[int, Result], Run]:
    """As play, and the run itself. remembered: by requirement id, a clause of this editor that worked in past runs."""
    course = _Course(_new_run(asked, local, max(budgets)).model_copy(update={"remembered": dict(remembered)}))
    for requirement, clause in remembered.items():
        course.clauses[clause] = int(requirement[1:]) - 1, _written_as(asked, requirement).index(clause)
    plan: Plan | Stop = first_plan(course.run)
    while not isinstance(plan, Stop):
        course.run = course.run.model_copy(update={"pending": Pending.model_construct(prompt_id="p", plan=plan)})
        _render(world, asked, course, plan)
        plan = next_step(course.run)
    return {budget: _result(world, asked, course, budget) for budget in budgets}, course.run


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


def _render(world: World, asked: Checklist, course: _Course, plan: Plan) -> None:
    """Paint, judge and append one iteration; the editor is asked where the policy wants a clause."""
    number = len(course.pictures)
    picture = _painted(world, course, plan, number)
    course.pictures.append(picture)
    before, verdict = course.run, look(world, asked, picture)
    course.run = _with_iteration(before, verdict)
    wanted = clauses_wanted(course.run)
    course.asked_editor.append(bool(wanted))
    if wanted:
        edits = tuple(_edit(asked, course, name) for name in wanted for _ in range(CLAUSES_AT_ONCE))
        course.run = _with_iteration(before, verdict.model_copy(update={"edits": edits}))


def _painted(world: World, course: _Course, plan: Plan, number: int) -> Picture:
    if plan.action == "local_edit":
        target = int(plan.requirement[1:]) - 1
        return world.edit(number, course.pictures[plan.edit_of - 1], target)
    seed = course.seeds.setdefault(plan.settings.seed, len(course.seeds))
    growth = token_estimate(plan.settings.prompt) - token_estimate(course.run.start.settings.prompt)
    clauses = [course.clauses[clause] for clause in plan.wording.clauses]
    return world.paint(number, clauses, BASE_TOKENS + growth, seed)


def _with_iteration(run: Run, verdict: Critique) -> Run:
    iteration = iteration_of(run, Report(critique=verdict, picture="x.png"), None, 0.0)
    return run.model_copy(update={"iterations": (*run.iterations, iteration), "pending": None})


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


def _result(world: World, asked: Checklist, course: _Course, budget: int) -> Result:
    whole = course.run
    limits = Limits(iterations_per_loop=PER_LOOP, max_loops=budget // PER_LOOP)
    start = whole.start.model_copy(update={"limits": limits})
    run = whole.model_copy(update={"iterations": whole.iterations[:budget], "start": start})
    used = len(run.iterations)
    # The last iteration's editor is not asked: the run ends there.
    calls = sum(i.critique.looks for i in run.iterations) + sum(course.asked_editor[: used - 1])
    # Before the first picture that shows everything is believed, the judge is shown a blank one.
    calls += any(i.critique.looks > 1 for i in run.iterations)
    while numbers := final_look(run):
        for number in numbers:
            again = course.relooks.get(number)
            if again is None:
                again = course.relooks[number] = look_again(world, asked, course.pictures[number - 1])
            run = run.model_copy(update={"relooks": {**run.relooks, number: again}})
            calls += 1
    best, first = run.best, run.iterations[0]
    return Result(
        picture=course.pictures[best.number - 1],
        used=used,
        done=run.iterations[-1].critique.passed,
        calls=calls,
        kept_up=best.critique.passed or run.score_of(best) >= run.score_of(first),
    )
