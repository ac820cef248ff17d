"""How a local edit that the policy plans is carried out: region, prompt, strength; and whether it may be. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ..judge.absence import absent_thing
from ..judge.checklist import Requirement
from ..judge.critique import Item
from ..judge.quotations import quoted
from ..judge.region_question import WHOLE, Asks, RegionHint, one_thing
from ..judge.verdict import FAULTS
from .check_repairs import check_remedy, is_mended, newly_poor, poor_part, repaired_check
from .evidence import RunEvidence
from .next_plan import edit_plan, edit_reason, next_place
from .plan import Plan, RegionRepair
from .policy import next_step
from .repair_kinds import Outcome, RepairKind, kind_named, kind_of, kind_of_check, strength
from .run import Iteration, Run, Stop

SURROUNDINGS = "the plain surface behind it, as around it, empty"
"""What a region shows once a thing is gone, where the judge does not say."""
FEATHER = 10.0
"""Pixels of a picture of 1024 over which a repair blends with the rest."""


class WantedHint(NamedTuple):
    """What a judge is to be asked about a picture before it is repaired. key: of the answer in Run.region_hints.
    requirement: its id, "" for anything else. wrong: what is to be mended, in words. asks: see RepairKind."""

    iteration: Iteration
    key: str
    requirement: str
    wrong: str
    asks: Asks


def next_step_with_repair(run: Run) -> Plan | Stop:
    """As the policy's next_step; a local edit says how it is done, and is none where it cannot be."""
    if run.can_edit_locally and repairs_left(run) <= 0:
        run = _without_edits(run)
    step = next_step(run)
    if isinstance(step, Stop) or step.action != "local_edit":
        return _check_repair(run, step) or step
    repair = repair_of(run, step)
    return next_step(_without_edits(run)) if repair is None else step.model_copy(update={"repair": repair})


def next_step_after(run: Run) -> Plan | Stop:
    """What follows the last iteration: nothing but the user's own word after a repair that the user asked for."""
    step = next_step_with_repair(run)
    last = run.iterations[-1]
    if last.plan.repair is None or not last.plan.repair.wish or last.plan.repair.goes_on:
        return step
    if isinstance(step, Stop) and step.status not in ("limit", "no_progress", "no_effect", "unverified"):
        return step
    done = f'Iteration {last.number} is iteration {last.plan.edit_of} with your wish: "{last.plan.repair.wish}".'
    return Stop("stopped", f"{done} Take it, repair it again, or continue the run.")


def repair_failed_stop(reason: str) -> Stop:
    """The end of a run whose wished repair could not be made."""
    return Stop("stopped", f"The repair could not be made. {reason} The pictures are as they were.")


def without_impossible_repair(run: Run) -> Run:
    """The run as the policy is to see it: without local edits where the next one would not be possible."""
    if not run.can_edit_locally or not run.iterations:
        return run
    possible = repairs_left(run) > 0
    if possible:
        step = next_step(run)
        possible = isinstance(step, Stop) or step.action != "local_edit" or repair_of(run, step) is not None
    return run if possible else _without_edits(run)


def _without_edits(run: Run) -> Run:
    return run.model_copy(update={"can_edit_locally": False})


def hint_wanted(run: Run) -> WantedHint | None:
    """What the judge is to be asked about before the next step: the picture and requirement that the policy would mend
    next and nobody has pointed at yet. None where it plans something else."""
    if not run.can_edit_locally or not run.iterations or repairs_left(run) <= 0:
        return None
    step = next_step(run)
    if isinstance(step, Stop) or step.action != "local_edit":
        return _poor_part_wanted(run, step)
    key, target = hint_key(step.edit_of, step.requirement), _target(run, step)
    if target is None or key in run.region_hints:
        return None
    source, requirement, item, kind = target
    return WantedHint(source, key, requirement.id, RunEvidence(run).name_items([item]), kind.asks)


def hint_key(number: int | None, requirement: str) -> str:
    """Under which the judge's hint for an iteration and a requirement (its id) is kept in Run.region_hints."""
    return f"{number}:{requirement}"


def repairs_left(run: Run) -> int:
    """How many repairs the loop may still make by itself, since the run was continued last."""
    own = [i for i in run.iterations if i.number > run.continued_after and i.plan.action == "local_edit"]
    return repairs_allowed(run) - sum(not (i.plan.repair and i.plan.repair.wish) for i in own)


def repairs_allowed(run: Run) -> int:
    """As the user set it; of its own accord half of the renders that were granted."""
    wanted = run.start.limits.repairs
    return wanted if wanted >= 0 else max(1, run.renders_to_grant // 2)


def repair_of(run: Run, plan: Plan) -> RegionRepair | None:
    """How a planned local edit is done; None where its requirement concerns the whole picture, or nothing tells where
    it belongs. A model made for editing is told what to change in the whole picture; where that changed more than it
    was to, in a region only."""
    target = _target(run, plan)
    if target is None:
        return None
    source, requirement, _, kind = target
    hint = run.region_hints.get(hint_key(source.number, requirement.id))
    tries = outcomes(run, source.number, requirement.id)
    if run.edits_by_instruction and "lost" not in tries:
        return _whole_repair(run, requirement, kind, hint)
    box = hint.box if hint is not None else None
    words, invert = "", False
    if kind.region == "found":
        words = (hint.region if hint is not None else "") or thing_of(run, requirement)
    elif kind.region == "around":
        words, invert, box = subject_of(run, requirement), True, None
    elif box is None:
        return None
    if not words and box is None:
        return None
    prompt = hint.prompt if hint is not None else ""
    if not prompt:
        prompt = SURROUNDINGS if kind.asks == "surroundings" else requirement.text
    return RegionRepair(
        kind=kind.name,
        words=words,
        invert=invert,
        box=box,
        prompt=prompt,
        instruction=_instruction(run, requirement, kind, hint),
        denoise=strength(kind, tries),
        grow=kind.grow,
        feather=FEATHER,
        context=kind.context,
    )


def _whole_repair(run: Run, requirement: Requirement, kind: RepairKind, hint: RegionHint | None) -> RegionRepair:
    """By a model made for editing: an instruction says what to change, and no mask says where."""
    instruction = _instruction(run, requirement, kind, hint)
    prompt = (hint.prompt if hint is not None else "") or requirement.text
    return RegionRepair(kind=kind.name, box=WHOLE, prompt=prompt, instruction=instruction, denoise=1, grow=0, feather=0)


def outcomes(run: Run, number: int, requirement: str, remedy: str = "") -> list[Outcome]:
    """How the repairs of this picture for this requirement, or with this remedy, ended, oldest first."""
    source = run.iterations[number - 1].critique
    before = {item.id: item for item in source.items}
    found: list[Outcome] = []
    for iteration in run.iterations:
        plan = iteration.plan
        wanted = (number, requirement, remedy)
        if plan.action != "local_edit" or (plan.edit_of, plan.requirement, plan.remedy) != wanted:
            continue
        check = repaired_check(plan)
        after = {item.id: item for item in iteration.critique.items}
        lost: list[str] = [n for n, item in after.items() if n in before and before[n].passed and item.failed]
        lost += newly_poor(source, iteration.critique) if check is not None else []
        met = after[requirement].passed if requirement in after else check and is_mended(iteration.critique, check)
        if iteration.duplicate_of is not None or iteration.repaired is None:
            found.append("nothing")
        elif lost:
            found.append("lost")
        else:
            found.append("met" if met else "not_met")
    return found


def _poor_part_wanted(run: Run, step: Plan | Stop) -> WantedHint | None:
    poor = poor_part(run) if _may_mend_instead(step) else None
    if poor is None:
        return None
    key = hint_key(poor.source.number, poor.check)
    return None if key in run.region_hints else WantedHint(poor.source, key, "", poor.wrong, "thing")


def _may_mend_instead(step: Plan | Stop) -> bool:
    """Whether a repair of a poor part may come instead: nothing but such parts is left to change, or nothing at all."""
    return step.status == "no_progress" if isinstance(step, Stop) else True


def _check_repair(run: Run, step: Plan | Stop) -> Plan | None:
    """The repair of what is poor in a picture that shows everything, where the judge has pointed at it."""
    if not run.can_edit_locally or not run.iterations or not _may_mend_instead(step):
        return None
    poor = poor_part(run)
    hint = run.region_hints.get(hint_key(poor.source.number, poor.check)) if poor is not None else None
    kind = kind_of_check(poor.check, hint.region) if hint is not None else None
    if poor is None or hint is None or kind is None or not hint.prompt or not (hint.box or hint.region):
        return None
    source, remedy = poor.source, check_remedy(poor.check)
    repair = RegionRepair(
        kind=kind.name,
        words=hint.region,
        box=hint.box,
        prompt=hint.prompt,
        instruction=hint.instruction or kind_named("artifact").instruction(hint.prompt, hint.region or "broken part"),
        denoise=strength(kind, outcomes(run, source.number, "", remedy)),
        grow=kind.grow,
        feather=FEATHER,
        context=kind.context,
    )
    reason = edit_reason(source, f"{FAULTS[poor.check]}{f', the {hint.region}' if hint.region else ''}")
    keeps_seed = run.start.seed_policy == "keep"
    return edit_plan(run, source, next_place(run), reason, keeps_seed, repair=repair, remedy=remedy)


def thing_of(run: Run, requirement: Requirement) -> str:
    """By which words the thing of a requirement is found: its parent's, which is the thing itself, else its own."""
    if requirement.kind == "absence":
        return one_thing(absent_thing(requirement.text) or requirement.text)
    if requirement.kind == "text":
        return "sign" if "sign" in requirement.text.lower() else "writing"
    known = {one.id: one for one in run.checklist.requirements} if run.checklist is not None else {}
    parent = next((known[name] for name in requirement.parents if name in known), None)
    return one_thing((parent or requirement).text)


def subject_of(run: Run, requirement: Requirement) -> str:
    """What stands before the background: the things of the checklist, the first three."""
    if run.checklist is None:
        return ""
    things = [one.text for one in run.checklist.requirements if one.kind in ("object", "count") and one != requirement]
    return ", ".join(filter(None, map(one_thing, things[:3])))


def _target(run: Run, plan: Plan) -> tuple[Iteration, Requirement, Item, RepairKind] | None:
    if run.checklist is None or plan.edit_of is None or not 1 <= plan.edit_of <= len(run.iterations):
        return None
    source = run.iterations[plan.edit_of - 1]
    requirement = next((one for one in run.checklist.requirements if one.id == plan.requirement), None)
    item = next((one for one in source.critique.items if one.id == plan.requirement), None)
    if requirement is None or item is None or item.passed or source.picture is None:
        return None
    kind = kind_of(requirement, item)
    return None if kind is None else (source, requirement, item, kind)


def _instruction(run: Run, requirement: Requirement, kind: RepairKind, hint: RegionHint | None) -> str:
    """The judge's, where it has the words that are to be written; else that of the kind."""
    said, writing = hint.instruction if hint is not None else "", quoted(requirement.text)
    return said if said and writing in said else kind.instruction(requirement.text, thing_of(run, requirement))
