"""The policy of 0.1.0, as a rival: kept as it decided, without its words for people and what no world here asks of it.

Each requirement keeps the wording with the best rate, (met + 1) / (shown + 2); below LIKELY it gets a fresh clause. The
best picture is the one with the highest score. design-notes, 4.13, tells what it was and why it was replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ..engine.judge.critique import Critique, Item
from ..engine.loop.clauses import compose, said_by, single_clause, with_owned_clauses, words_of
from ..engine.loop.plan import Plan
from ..engine.loop.run import Iteration, Run, Stop
from ..engine.settings import Settings

OWN, UNKNOWN = "", 0.5
LIKELY, MOST_CLAUSES = 0.45, 3
SAME_SEED_TRIES = LOCAL_TRIES = LOCAL_FAILS = 2
FINAL_LOOKS, PLATEAU = 3, 6
PATIENCE = 2 * PLATEAU


def next_step(run: Run) -> Plan | Stop:
    """What to render next, or why to stop."""
    last = run.iterations[-1]
    stop = _stop(run)
    if stop is not None:
        return stop
    loop, index = last.plan.loop, last.plan.index + 1
    if index > run.start.limits.iterations_per_loop:
        loop, index = loop + 1, 1
    return _local_edit(run, loop, index) or _compose(run, loop, index)


def clauses_wanted(run: Run) -> tuple[str, ...]:
    """Requirements for which the editor is asked: what fails without stock, once the next prompt lacks a clause."""
    if _stop(run) is not None or _local_edit(run, 1, 1) is not None:
        return ()
    short = tuple(i.id for i in _failing(run.iterations[-1].critique) if _stocked(run, i.id) is None)
    needed = {name for name, clause, _ in _choices(run) if clause is None}
    return short if needed & set(short) else ()


def final_look(run: Run) -> tuple[int, ...]:
    """The leading pictures that are looked at again before the run ends unconfirmed; then whoever leads."""
    step = next_step(run)
    if not isinstance(step, Stop) or step.status == "done":
        return ()
    seen = [i for i in run.iterations if i.critique.score is not None]
    leading = sorted(seen, key=lambda i: (*i.rank, -i.number), reverse=True)[:FINAL_LOOKS]
    leader = best(run)
    once = [i.number for i in leading if not _twice(run, i)]
    return tuple(once or ([leader.number] if not _twice(run, leader) else []))


def best(run: Run) -> Iteration:
    """Confirmed first, then by score, the earlier on a tie."""
    return max(run.iterations, key=lambda i: (run.rank_of(i), -i.number))


def standing(run: Run, iteration: Iteration) -> float:
    """The score; a confirmed picture stands above all."""
    return 1.0 if iteration.critique.passed else run.score_of(iteration)


def _twice(run: Run, iteration: Iteration) -> bool:
    return iteration.critique.looks > 1 or iteration.number in run.relooks


def _stop(run: Run) -> Stop | None:
    last, leader = run.iterations[-1], best(run)
    if last.critique.passed:
        return Stop("done", "Two looks agree.")
    if run.renders_left <= 0:
        return Stop("limit", "All renders are used.")
    idle = last.number - leader.number
    recent = _teaching(run)[-PLATEAU:]
    missed = [{i.id for i in r.critique.items if i.p < UNKNOWN} for r in recent]
    hopeless = len(recent) == PLATEAU and set.intersection(*missed)
    if idle >= (PLATEAU if hopeless or not recent else PATIENCE):
        return Stop("no_progress", "No better picture.")
    return None


def _compose(run: Run, loop: int, index: int) -> Plan:
    leader, start = best(run), run.start.settings
    owned = [(name, clause or _fresh(run, name) or known) for name, clause, known in _choices(run)]
    wording = with_owned_clauses(start, [(name, clause) for name, clause in owned if clause != OWN])
    old, new = leader.plan.wording.owned, wording.owned
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    failing = _failing(leader.critique)
    tired = run.iterations[-1].number - leader.number >= SAME_SEED_TRIES
    keep = index > 1 and not tired and len(failing) == 1 and changed == {failing[0].id}
    seed = leader.settings.seed if keep else _new_seed(run)
    prompt, negative = compose(start, wording)
    settings = Settings(prompt=prompt, negative=negative, seed=seed, steps=start.steps, cfg=start.cfg)
    if any(i.settings == settings for i in run.iterations):
        settings = settings.model_copy(update={"seed": _new_seed(run)})
    return Plan(loop=loop, index=index, settings=settings, wording=wording, reason="")


def _local_edit(run: Run, loop: int, index: int) -> Plan | None:
    leader = best(run)
    failing = _failing(leader.critique)
    if not run.can_edit_locally or not 1 <= len(failing) <= LOCAL_FAILS:
        return None
    target = failing[0].id
    if sum(i.plan.edit_of == leader.number and i.plan.requirement == target for i in run.iterations) >= LOCAL_TRIES:
        return None
    return Plan(
        loop=loop,
        index=index,
        settings=leader.settings.model_copy(update={"seed": _new_seed(run)}),
        wording=leader.plan.wording,
        action="local_edit",
        edit_of=leader.number,
        requirement=target,
        reason="",
    )


def _new_seed(run: Run) -> int:
    text = f"{run.start.settings.seed}:{len(run.iterations) + 1}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _teaching(run: Run) -> list[Iteration]:
    return [i for i in run.iterations if i.plan.action != "local_edit"]


def _failing(critique: Critique) -> list[Item]:
    return sorted((i for i in critique.items if i.p < UNKNOWN), key=lambda item: item.p)


def _choices(run: Run) -> list[tuple[str, str | None, str]]:
    """(requirement, its clause or None for a fresh one, the best known), the worst of the user's words first."""
    stats: dict[str, dict[str, list[float]]] = {}
    for iteration in _teaching(run):
        for item in iteration.critique.items:
            tried = stats.setdefault(item.id, {OWN: []})
            tried.setdefault(iteration.plan.wording.owned.get(item.id, OWN), []).append(item.p)
    found = []
    for name, tried in stats.items():
        rates = {clause: (sum(met) + 1) / (len(met) + 2) for clause, met in tried.items()}
        known = max(rates, key=lambda clause: (rates[clause], clause == OWN))
        if rates[known] < LIKELY:
            found.append((rates[OWN], name, None, known))
        elif known != OWN:
            found.append((rates[OWN], name, known, known))
    found.sort(key=lambda choice: choice[0])
    return [(name, clause, known) for _, name, clause, known in found[:MOST_CLAUSES]]


def _fresh(run: Run, name: str) -> str | None:
    stocked = _stocked(run, name)
    text = _text(run, name)
    return stocked or (text if not said_by(run.start.settings, text) and _untried(run, name, text) else None)


def _stocked(run: Run, name: str) -> str | None:
    base = run.start.settings
    proposed = (e.clause for i in reversed(_teaching(run)) for e in i.critique.edits if e.requirement == name)
    for clause in _said([run.remembered.get(name, "")]):
        if _untried(run, name, clause) and not said_by(base, clause):
            return clause
    for clause in _said(proposed):
        if _untried(run, name, clause) and not said_by(base, clause):
            return clause
    text = _text(run, name)
    return text if not words_of(text) <= words_of(base.prompt) and _untried(run, name, text) else None


def _said(clauses: Iterable[str]) -> list[str]:
    return [clause for clause in map(single_clause, clauses) if clause]


def _text(run: Run, name: str) -> str:
    return next(r.text for r in run.checklist.requirements if r.id == name)


def _untried(run: Run, name: str, clause: str) -> bool:
    tried = {i.plan.wording.owned.get(name, OWN) for i in _teaching(run)} - {OWN}
    return all(words_of(other) != words_of(clause) for other in tried)
