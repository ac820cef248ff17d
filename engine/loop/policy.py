"""The policy: from a run so far to the next settings, or a stop with its reason. Pure and deterministic.

It keeps the best picture apart, starts every prompt from the user's own words, adds for each requirement at most one
clause, the one with the best record, and renders on a new seed. It believes no single "done".
"""

from __future__ import annotations

import hashlib

from ..judge.verdict import CANNOT_TELL
from ..settings import Settings
from .check_remedies import COMPOSITION, carry_remedies, editor_wanted, next_remedy
from .clauses import compose
from .ending_words import goal_met, why_unconfirmed
from .evidence import RunEvidence, missed_throughout
from .next_settings import Words, next_words, parameter_step
from .outcome import score_in_words
from .run import Iteration, Plan, Run, Stop

NEAR_PASS = 0.15
"""Without a checklist: closer than this to the pass score, `auto` keeps the seed for one new wording."""
SAME_SEED_TRIES = 2
"""`auto` leaves the best's seed after so many renders that did not beat it (docs/design-notes.md, 4.5)."""
LOCAL_TRIES, LOCAL_FAILS = 2, 2
"""Local edits of one picture for one requirement, and the most failing requirements to try it with (4.6 there)."""
FINAL_LOOKS = 2
"""The leading pictures that are looked at again before a run ends unconfirmed (docs/design-notes.md, 4.7)."""

PLATEAU = 6
"""Renders without a better best after which a run stops (docs/design-notes.md, 4.7)."""
PATIENCE = 2 * PLATEAU
"""The same where luck may still bring together what single pictures show: each requirement was met in one of the last
PLATEAU renders. Costs one render and gains 1.8 points of all-correct at 12 renders (benchmarks/README.md)."""
FAILED_JUDGEMENTS = 2
"""Failed judgements in a row after which a run stops."""


def next_step(run: Run) -> Plan | Stop:
    """What to render after the last iteration of the run, or why to stop."""
    evidence, last = RunEvidence(run), run.iterations[-1]
    stop = _stop(evidence)
    if stop is not None:
        return stop
    loop, index = last.plan.loop, last.plan.index + 1
    if index > run.start.limits.iterations_per_loop:
        loop, index = loop + 1, 1
    return _local_edit(evidence, loop, index) or _plan(evidence, loop, index)


def paid_out_stop(run: Run) -> Stop:
    """The end of a run that may not pay for a further render."""
    allowed = run.start.limits.paid_renders
    renders = "1 paid render" if allowed == 1 else f"{allowed} paid renders"
    nodes = ", ".join(run.paid_nodes)
    return Stop(
        "limit", f"The {renders} that you allowed are used ({nodes}). Continue the run to pay for as many more."
    )


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
        return _plan(RunEvidence(run), loop, 1)
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
    """Ids of the failing requirements for which an editor should write clauses now; or the name of a poor check.

    Ask before next_step, with the present iteration in the run; what the editor proposes goes into that iteration's
    critique as edits, three clauses for each requirement at best: what is not used at once is kept in stock. Empty
    unless the next prompt needs a clause that nothing in stock gives; then all that fails without stock is asked for.
    So one call serves many renders: .3 calls for each (benchmarks/policy.py).
    """
    evidence, last = RunEvidence(run), run.iterations[-1]
    if editor_wanted(evidence) and _stop(evidence) is None:
        return (COMPOSITION,)
    if not last.critique.items or _stop(evidence) is not None or _local_edit(evidence, 1, 1) is not None:
        return ()
    failing = [item.id for item in evidence.failing(last.critique)]
    short = tuple(name for name in failing if evidence.stocked_clause(name) is None)
    needed = {choice.requirement for choice in evidence.clause_choices if choice.clause is None}
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


def _plan(evidence: RunEvidence, loop: int, index: int) -> Plan | Stop:
    run = evidence.run
    best = evidence.best or run.best
    last = run.iterations[-1]
    base = run.start.settings if best is None else best.settings
    number = len(run.iterations) + 1
    words = next_words(evidence, best, last)
    wording = carry_remedies(evidence, best, words.wording)
    steps, cfg, moved = base.steps, base.cfg, ""
    remedy = next_remedy(evidence, evidence.best, wording)
    if remedy is not None:
        wording, steps, cfg = remedy.wording, remedy.steps, remedy.cfg
    elif not words.changed and not evidence.failing(last.critique):
        steps, cfg, moved = parameter_step(run, base, last)
    prompt, negative = compose(run.start.settings, wording)
    keep = _keeps_seed(evidence, best, index, words, bool(moved))
    if remedy is not None and run.start.seed_policy == "auto":
        keep = remedy.keeps_seed
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
        wording=wording,
        action="parameters" if moved or (steps, cfg) != (base.steps, base.cfg) else "compose",
        remedy=remedy.name if remedy is not None else "",
        reason=_plan_reason(best, index, loop, words, moved if remedy is None else remedy.told, keep),
    )


def _local_edit(evidence: RunEvidence, loop: int, index: int) -> Plan | None:
    """One spot of the best picture, when hardly anything fails in it and the graph can do that."""
    run, best = evidence.run, evidence.best
    if not run.can_edit_locally or best is None or best.picture is None:
        return None
    failing = evidence.failing(best.critique)
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
        reason=f"Edit iteration {best.number} in one place only: {evidence.name_items([target])}.",
    )


def _keeps_seed(evidence: RunEvidence, best: Iteration | None, index: int, words: Words, moved: bool) -> bool:
    """Whether the next render uses the best's seed. New by default (docs/design-notes.md, 1.1): seeds decide much.

    `auto` keeps it while wording, not luck, is what is missing: one requirement fails in the best and only its own
    clause changed. Without a checklist: the last picture is the best, near the pass score, and the words changed.
    """
    run = evidence.run
    policy = run.start.seed_policy
    if policy != "auto":
        return policy == "keep"
    if best is None or index == 1:
        return False
    if not best.critique.items:
        near = (best.critique.score or 0.0) >= run.start.pass_score - NEAR_PASS
        return near and (words.changed or moved) and run.iterations[-1].number == best.number
    failing = evidence.failing(best.critique)
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


def _stop(evidence: RunEvidence) -> Stop | None:
    """The end that the last iteration brings, None when the run goes on."""
    run, last = evidence.run, evidence.run.iterations[-1]
    critique = last.critique
    if critique.passed and critique.sees_content:
        return Stop("done", goal_met(run, last.number, critique.score))
    if not critique.sees_content and (critique.sound or critique.passed) and last.duplicate_of is None:
        return Stop(
            "unverified",
            f"No judge has looked at iteration {last.number}. {critique.reason} "
            "Look for yourself and take it, or start Ollama and have it judged.",
        )
    same = _unchanged_picture(run, last)
    if same is not None:
        return Stop("no_effect", _no_effect_reason(run, same, last))
    tail = [i for i in run.iterations if i.number > run.continued_after][-FAILED_JUDGEMENTS:]
    if len(tail) == FAILED_JUDGEMENTS and all(i.critique.outcome != "judged" for i in tail):
        return Stop(
            "judge_failed",
            f"{critique.reason} Put that right, then have the pictures judged or continue the run. "
            "You can also take one yourself.",
        )
    if run.renders_left <= 0:
        return Stop("limit", _limit_reason(evidence))
    if run.paid_out:
        return paid_out_stop(run)
    return None if evidence.best is None else _no_progress(evidence, evidence.best)


def _differing(run: Run, one: Iteration, other: Iteration) -> list[str]:
    """The settings that were not the same in two renders: those that the graph takes from the loop, if there are any.

    At cfg 1 and below a negative prompt has no effect on any model, so it does not count there.
    """
    before, after = one.settings.model_dump(), other.settings.model_dump()
    taken = [name for name in before if not run.steered or name in run.steered]
    weak = max(one.settings.cfg, other.settings.cfg) <= 1
    changed = [name for name in before if before[name] != after[name] and not (name == "negative" and weak)]
    return [name for name in changed if name in taken] or changed


def _unchanged_picture(run: Run, last: Iteration) -> Iteration | None:
    """The earlier render that gave the picture of the last one although what steers it differed; None where the last
    one is new.

    With the same seed a few words or steps may change too little to be noticed. There the picture must have come twice
    again, the same in every cell of its fingerprint, and be the only one that the run has shown: another one proves
    that changes reach it.
    """
    earlier = next((i for i in run.iterations if i.number == last.duplicate_of), None)
    if earlier is None or "local_edit" in (earlier.plan.action, last.plan.action):
        return None
    differing = _differing(run, earlier, last)
    if "seed" in differing and (not run.steered or "seed" in run.steered):
        return earlier
    exact = bool(last.fingerprint) and last.fingerprint == earlier.fingerprint
    shown = {i.duplicate_of or i.number for i in run.iterations}
    return earlier if differing and exact and len(shown) == 1 and len(run.iterations) > 2 else None


def _no_effect_reason(run: Run, earlier: Iteration, last: Iteration) -> str:
    names = _differing(run, earlier, last)
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    fed = ", ".join(label for labels in run.steered.values() for label in labels)
    judged = f"the picture of {run.judged}" if run.judged else "the judged picture"
    which = f"the loop changes{f' ({fed})' if fed else ''}"
    return (
        f"Iterations {earlier.number} and {last.number} gave the same picture although {told} differed, so nothing "
        f"that {which} reaches {judged}. Link the loop to the nodes that paint it, or judge what they paint."
    )


def _no_progress(evidence: RunEvidence, best: Iteration) -> Stop | None:
    run = evidence.run
    idle = run.iterations[-1].number - max(best.number, run.continued_after)
    if idle < PLATEAU:
        return None
    recent = evidence.teaching[-PLATEAU:]
    missed = missed_throughout(recent) if len(recent) == PLATEAU else set()
    if recent and not missed and idle < PATIENCE:
        return None
    never = ", ".join(i.text for i in run.checklist.requirements if i.id in missed) if run.checklist else ""
    return Stop(
        "no_progress",
        f"{idle} renders in a row did not beat iteration {best.number} (score {score_in_words(run, best)})"
        f"{f', and the last {PLATEAU} never showed: {never}' if never else ''}. "
        f"{'' if best.critique.decides else f'{CANNOT_TELL} '}"
        "Try another wording of the goal or prompt, then continue.",
    )


def _limit_reason(evidence: RunEvidence) -> str:
    run, best = evidence.run, evidence.best
    count = len(run.iterations)
    if best is None:
        unseen = any(not i.critique.sees_content for i in run.comparable)
        return f"All {count} renders are used and {'no judge has looked' if unseen else 'none could be judged'}."
    opening = f"All {count} renders are used. Best: iteration {best.number}, score {score_in_words(run, best)}."
    return f"{opening} {why_unconfirmed(evidence, best)}".strip()
