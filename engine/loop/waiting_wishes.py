"""Wishes for repairs that the user asks for while a run goes on: which is next, and what it goes before. Pure.

A wish is kept in Run.wishes as the plan of its render, in the order in which they came. It becomes the run's next
render; a stop of the user's, a limit of time or money and a failure stand before it, and then it waits until the run is
continued.
"""

from __future__ import annotations

from .belief.time_budget import out_of_time
from .next_plan import new_seed, place_after
from .plan import Plan
from .repair_kinds import kind_named
from .repair_plan import WantedHint, hint_key
from .run import Run, Status, Stop
from .wished_repair import THIS_PLACE, with_hint

MOST_WAITING = 20
"""Wishes that a run may have waiting."""
_BEFORE: tuple[Status, ...] = ("done", "unverified", "no_progress", "no_effect", "stopped", "limit")
"""Ends that a wish goes before: nothing went wrong. The user's own stop is no decision of the policy's."""


def wish_place(run: Run) -> tuple[int, int]:
    """(loop, index) of the render of a wish that comes now: behind all that was or waits. The run goes on."""
    pending = [run.pending.plan] if run.pending is not None else []
    known = (*(i.plan for i in run.iterations), *pending, *run.wishes)
    return place_after(max(known, key=lambda plan: (plan.loop, plan.index)), run.start.limits)


def with_wish(run: Run, plan: Plan) -> Run:
    """The running run with one more wish that waits, and renders enough for the one at hand and all that wait. Raises
    ValueError where too many do."""
    if len(run.wishes) >= MOST_WAITING:
        raise ValueError(f"wish: {MOST_WAITING} wishes wait already. Let the run carry some of them out first.")
    wishes = (*run.wishes, plan)
    needed = len(run.iterations) + (run.pending is not None) + len(wishes)
    granted = max(run.renders_allowed, needed)
    return run.model_copy(update={"wishes": wishes, "renders_granted": granted})


def wish_first(run: Run, step: Plan | Stop) -> Plan | Stop:
    """The wish that waits longest as the next plan where one does and may be rendered, else what was decided.

    run: with the iteration at hand and what the judge says about the wish, if it said anything.
    """
    if not run.wishes or (isinstance(step, Stop) and step.status not in _BEFORE):
        return step
    if run.renders_left <= 0 or run.paid_out or out_of_time(run):
        return step
    wish = run.wishes[0]
    repair = with_hint(wish.repair, run.region_hints.get(_key(wish)))
    settings = wish.settings.model_copy(update={"seed": new_seed(run)})
    return wish.model_copy(update={"settings": settings, "repair": repair})


def without_wish(run: Run, plan: Plan) -> Run:
    """The run whose next render is this plan: a wish that it carries out waits no longer."""
    place = (plan.loop, plan.index)
    left = tuple(wish for wish in run.wishes if (wish.loop, wish.index) != place)
    return run if len(left) == len(run.wishes) else run.model_copy(update={"wishes": left})


def wish_hint_wanted(run: Run) -> WantedHint | None:
    """What the judge is to be asked about the wish that comes next; None where none waits, or it was asked."""
    if not run.wishes:
        return None
    wish = run.wishes[0]
    key = _key(wish)
    if key in run.region_hints or not 1 <= wish.edit_of <= len(run.iterations):
        return None
    where = wish.repair.words or THIS_PLACE
    wrong = f"{where}: {wish.repair.wish}"
    return WantedHint(run.iterations[wish.edit_of - 1], key, "", wrong, kind_named(wish.repair.kind).asks)


def _key(wish: Plan) -> str:
    return hint_key(wish.edit_of, f"wish {wish.loop}.{wish.index}")
