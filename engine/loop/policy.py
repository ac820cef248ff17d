"""The policy: from a run so far to the next settings, or a stop with its reason. Pure and deterministic.

It keeps the best picture apart, starts every prompt from the user's own words, adds for each requirement at most one
clause, the one with the best record, and renders on a new seed. It believes no single "done".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..judge.critique import Critique
from ..settings import LoopHandle, Settings
from .clauses import (
    choices,
    compose,
    failing_items,
    missed_throughout,
    name_items,
    stocked_clause,
    teaching_iterations,
    text_of,
)
from .next_settings import Words, next_words, parameter_step
from .run import Decision, Iteration, Plan, Run, Status, UserPick

__all__ = [
    "FAILED_JUDGEMENTS",
    "PATIENCE",
    "PLATEAU",
    "Stop",
    "clauses_wanted",
    "continued_plan",
    "decide",
    "final_look",
    "first_plan",
    "next_step",
]

NEAR_PASS = 0.15
"""Without a checklist: closer than this to the pass score, `auto` keeps the seed for one new wording."""
SAME_SEED_TRIES = 2
"""`auto` leaves the best's seed after so many renders that did not beat it (docs/design-notes.md, 4.5)."""
LOCAL_TRIES, LOCAL_FAILS = 2, 2
"""Local edits of one picture for one requirement, and the most failing requirements to try it with (4.6 there)."""
FINAL_LOOKS = 3
"""The leading pictures that are looked at again before a run ends unconfirmed (docs/design-notes.md, 4.7)."""


def next_step(run: Run) -> Plan | Stop:
    """What to render after the last iteration of the run, or why to stop."""
    last = run.iterations[-1]
    stop = stop_after(run, last)
    if stop is not None:
        return stop
    loop, index = last.plan.loop, last.plan.index + 1
    if index > run.start.limits.iterations_per_loop:
        loop, index = loop + 1, 1
    return _local_edit(run, loop, index) or _plan(run, loop, index)


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
    # The requirements that owned the clauses were those of the earlier goal.
    wording = best.plan.wording.model_copy(update={"owners": ()})
    prompt, negative = compose(run.start.settings, wording)
    settings = best.settings.model_copy(update={"prompt": prompt, "negative": negative})
    return Plan(
        loop=loop,
        index=1,
        settings=settings,
        wording=wording,
        reason=f"Your instruction, from iteration {best.number} on.",
    )


def clauses_wanted(run: Run) -> tuple[str, ...]:
    """Ids of the failing requirements for which an editor should write clauses now.

    Ask before next_step, with the present iteration in the run; what the editor proposes goes into that iteration's
    critique as edits, three clauses for each requirement at best: what is not used at once is kept in stock. Empty
    unless the next prompt needs a clause that nothing in stock gives; then all that fails without stock is asked for.
    So one call serves many renders: .3 calls for each (benchmarks/policy.py).
    """
    last = run.iterations[-1]
    if not last.critique.items or stop_after(run, last) is not None or _local_edit(run, 1, 1) is not None:
        return ()
    failing = [item.id for item in failing_items(run, last.critique)]
    short = tuple(name for name in failing if stocked_clause(run, name) is None)
    needed = {choice.requirement for choice in choices(run) if choice.clause is None}
    return short if needed & set(short) else ()


def final_look(run: Run) -> tuple[int, ...]:
    """Numbers of the iterations whose pictures must be looked at again before the run may end where it stands.

    The leading pictures owe part of their score to the judge's luck, so the top FINAL_LOOKS get a second look in other
    words (Run.relooks). Should another picture lead after that, it is looked at too: ask again until the answer is
    empty. So the result is the best under equal looks. Empty while the run goes on, and when two looks confirmed it.
    A look that failed belongs into relooks as well, without a score.
    """
    if not run.iterations:
        return ()
    step = next_step(run)
    if not isinstance(step, Stop) or step.status not in ("limit", "no_progress"):
        return ()
    seen = [i for i in run.comparable if i.critique.score is not None and i.critique.sees_content]
    seen = [i for i in seen if i.duplicate_of is None and i.picture is not None]
    leading = sorted(seen, key=lambda i: (*i.rank, -i.number), reverse=True)[:FINAL_LOOKS]
    leader = max(seen, key=lambda i: (*run.rank_of(i), -i.number), default=None)
    once = [i.number for i in leading if not _looked_twice(run, i)]
    if not once and leader is not None and not _looked_twice(run, leader):
        once = [leader.number]
    return tuple(once)


def new_seed(run: Run, number: int) -> int:
    """A seed below 2**48 (exact in the page's numbers), fixed by the user's own seed: the same graph, the same run."""
    return int.from_bytes(hashlib.sha256(f"{run.start.settings.seed}:{number}".encode()).digest()[:6], "big")


def _looked_twice(run: Run, iteration: Iteration) -> bool:
    return iteration.critique.looks > 1 or iteration.number in run.relooks


def _plan(run: Run, loop: int, index: int) -> Plan | Stop:
    best = comparable_best(run) or run.best
    last = run.iterations[-1]
    base = run.start.settings if best is None else best.settings
    number = len(run.iterations) + 1
    words = next_words(run, best, last)
    prompt, negative = compose(run.start.settings, words.wording)
    steps, cfg, moved = base.steps, base.cfg, ""
    if not words.changed and not failing_items(run, last.critique):
        steps, cfg, moved = parameter_step(run, base, last)
    keep = _keeps_seed(run, best, index, words, bool(moved))
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
        wording=words.wording,
        action="parameters" if moved else "compose",
        reason=_plan_reason(best, index, loop, words, moved, keep),
    )


def _local_edit(run: Run, loop: int, index: int) -> Plan | None:
    """One spot of the best picture, when hardly anything fails in it and the graph can do that."""
    best = comparable_best(run)
    if not run.can_edit_locally or best is None or best.picture is None:
        return None
    failing = failing_items(run, best.critique)
    if not 1 <= len(failing) <= LOCAL_FAILS:
        return None
    target = failing[0]
    tried = sum(i.plan.edit_of == best.number and i.plan.requirement == target.id for i in run.iterations)
    keep = run.start.seed_policy == "keep"
    if tried >= (1 if keep else LOCAL_TRIES):
        return None
    seed = best.settings.seed if keep else new_seed(run, len(run.iterations) + 1)
    return Plan(
        loop=loop,
        index=index,
        settings=best.settings.model_copy(update={"seed": seed}),
        wording=best.plan.wording,
        action="local_edit",
        edit_of=best.number,
        requirement=target.id,
        reason=f"Edit iteration {best.number} in one place only: {name_items(run, [target])}.",
    )


def _keeps_seed(run: Run, best: Iteration | None, index: int, words: Words, moved: bool) -> bool:
    """Whether the next render uses the best's seed. New by default (docs/design-notes.md, 1.1): seeds decide much.

    `auto` keeps it while wording, not luck, is what is missing: one requirement fails in the best and only its own
    clause changed. Without a checklist: the last picture is the best, near the pass score, and the words changed.
    """
    policy = run.start.seed_policy
    if policy != "auto":
        return policy == "keep"
    if best is None or index == 1:
        return False
    if not best.critique.items:
        near = (best.critique.score or 0.0) >= run.start.pass_score - NEAR_PASS
        return near and (words.changed or moved) and run.iterations[-1].number == best.number
    failing = failing_items(run, best.critique)
    fresh = run.iterations[-1].number - best.number < SAME_SEED_TRIES
    return fresh and len(failing) == 1 and words.changed_owners == {failing[0].id}


def _plan_reason(best: Iteration | None, index: int, loop: int, words: Words, moved: str, keep: bool) -> str:
    parts = list(words.told)
    if moved:
        parts.append(moved)
    parts.append("same seed" if keep else "new seed")
    start = f"from iteration {best.number}" if best is not None else "from your own settings"
    opening = f"Loop {loop} begins {start}" if index == 1 else f"On {start}"
    return f"{opening}: {'; '.join(parts)}."


PLATEAU = 6
"""Renders without a better best after which a run stops (docs/design-notes.md, 4.7)."""
PATIENCE = 2 * PLATEAU
"""The same where luck may still bring together what single pictures show: each requirement was met in one of the last
PLATEAU renders. Costs one render and gains 1.8 points of all-correct at 12 renders (benchmarks/README.md)."""
FAILED_JUDGEMENTS = 2
"""Failed judgements in a row after which a run stops."""


@dataclass(frozen=True)
class Stop:
    """The end of a run, with its reason in plain words."""

    status: Status
    reason: str


def comparable_best(run: Run) -> Iteration | None:
    """The best of the present goal."""
    best = run.best
    return best if best is not None and best.number >= run.fresh_from else None


def stop_after(run: Run, last: Iteration) -> Stop | None:
    """The end that the last iteration brings, None when the run goes on."""
    best = comparable_best(run)
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
    return _no_progress(run, best, last) if best is not None else None


def _no_progress(run: Run, best: Iteration, last: Iteration) -> Stop | None:
    idle = last.number - max(best.number, run.continued_after)
    if idle < PLATEAU:
        return None
    recent = teaching_iterations(run)[-PLATEAU:]
    missed = missed_throughout(recent) if len(recent) == PLATEAU else set()
    if recent and not missed and idle < PATIENCE:
        return None
    never = ", ".join(i.text for i in run.checklist.requirements if i.id in missed) if run.checklist else ""
    return Stop(
        "no_progress",
        f"{idle} renders in a row did not beat iteration {best.number} (score {run.score_of(best):.2f})"
        f"{f', and the last {PLATEAU} never showed: {never}' if never else ''}. "
        "Try another wording of the goal or prompt, then continue.",
    )


def _limit_reason(run: Run, best: Iteration | None) -> str:
    count = len(run.iterations)
    if best is None:
        return f"All {count} renders are used and none could be judged."
    said = f"All {count} renders are used. Best: iteration {best.number}, score {run.score_of(best):.2f}."
    failing = failing_items(run, best.critique)
    if failing:
        return f"{said} Still failing: {name_items(run, failing)}."
    if best.critique.items:
        return f"{said} A second look did not confirm it."
    return f"{said} Still missing: {best.critique.reason}" if best.critique.reason else said


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
        parts.append(f"now met: {', '.join(text_of(run, name) for name in gained)}")
    if lost:
        parts.append(f"lost: {', '.join(text_of(run, item.id) for item in lost)}")
    return parts


def _standing(run: Run, critique: Critique) -> list[str]:
    failing = failing_items(run, critique)
    if failing:
        return [f"still failing: {name_items(run, failing)}"]
    return ["all requirements met"] if critique.items and all(item.passed for item in critique.items) else []


def mark_suspended(run: Run) -> Run:
    """A run read from disk. "running" there means that its server stopped in the middle."""
    if run.ended:
        return run
    number = len(run.iterations) + 1
    reason = f"The server stopped during iteration {number}. Resume the run to go on with it."
    return run.model_copy(update={"status": "suspended", "phase": "waiting", "reason": reason, "stopping": ""})


def add_instruction(start: LoopHandle, instruction: str) -> LoopHandle:
    """What the run asks for, with the instruction in goal, prompt and, where the user wrote one, checklist."""
    goal = f"{start.goal.rstrip(' .')}. {instruction}"
    head = start.settings.prompt.rstrip(" ,")
    prompt = f"{head}, {instruction}" if head else instruction
    checklist = f"{start.checklist.rstrip()}\n{instruction}" if start.checklist.strip() else ""
    settings = start.settings.model_copy(update={"prompt": prompt})
    return start.model_copy(update={"goal": goal, "checklist": checklist, "settings": settings})


def with_user_pick(run: Run, number: int) -> Run:
    """The run with iteration `number` as its best by the user's word. Raises ValueError when that cannot be.

    What is rendered later, should the run be continued, may still become best by its score.
    """
    found = next((i for i in run.iterations if i.number == number), None)
    if found is None:
        raise ValueError(f"iteration: there is no iteration {number} in this run. It has {len(run.iterations)}.")
    if found.number < run.fresh_from:
        raise ValueError(f"iteration: {number} was made for the goal before your instruction. Take a later one.")
    if found.picture is None:
        raise ValueError(f"iteration: the picture of iteration {number} was not saved. Take another one.")
    if found.critique.score is None:
        raise ValueError(f"iteration: {number} was not judged, so it cannot be compared. Copy its picture instead.")
    return run.model_copy(update={"taken": UserPick(iteration=number, after=len(run.iterations))})


def user_pick_stop(number: int) -> Stop:
    """The end that taking an iteration brings to a run that is still going on."""
    return Stop("stopped", f"You took iteration {number}. Continue the run to go on from it.")
