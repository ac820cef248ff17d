"""How a prompt's end becomes an iteration with its decision, or the end of the run. Pure."""

from __future__ import annotations

import errno

from ..judge.critique import Critique
from ..judge.scoring import UNKNOWN
from ..judge.verdict import FAULTS
from .belief.run_belief import believe_run, with_standing
from .belief.stopping import percent
from .check_repairs import is_mended, newly_poor, repaired_check
from .evidence import RunEvidence
from .ports import PromptState
from .run import Decision, Iteration, Run, Stop
from .run_context import Report

STOPPED = "You stopped the run. Continue it to go on from the best."
OUR_MISTAKE = "An error inside Imitatoes ended the run; the server log has the details. Please report it."


def record(run: Run, report: Report, started: float | None = None, judging_since: float = 0.0) -> tuple[Run, Iteration]:
    """The run with what its critic found, and the iteration that its pending render became. Of a long run it takes a
    while.

    started, judging_since: epoch seconds; None where it is not known when the render began.
    """
    seconds = dict(report.seconds)
    if started is not None and judging_since > started:
        seconds["render"] = judging_since - started
    iteration = Iteration(
        number=len(run.iterations) + 1,
        prompt_id=run.pending.prompt_id,
        plan=run.pending.plan,
        critique=report.critique,
        decision=Decision(kind="accept", reason=""),
        picture=report.picture,
        batch_index=report.batch_index,
        others=report.others,
        source=report.source,
        fingerprint=report.fingerprint,
        duplicate_of=report.duplicate_of,
        repaired=report.repaired,
        repaired_region=report.repaired_region,
        clip=report.clip,
        seconds={name: round(value, 4) for name, value in seconds.items()},
    )
    after = _with_iteration(run, report, iteration)
    decision = decide_repair(after, iteration) or decide(run, after, iteration)
    decided = iteration.model_copy(update={"decision": decision})
    return after.model_copy(update={"iterations": (*run.iterations, decided)}), decided


def _with_iteration(run: Run, report: Report, iteration: Iteration) -> Run:
    """The run with what the report brought: its iteration, the checklist, second looks at earlier pictures; and how
    surely each picture meets everything by now."""
    after = run.model_copy(
        update={
            "iterations": (*run.iterations, iteration),
            "checklist": report.checklist or run.checklist,
            "reliability": dict(report.reliability) or run.reliability,
            "relooks": {**run.relooks, **report.relooks},
            "warnings": (*run.warnings, *(note for note in report.notes if note not in run.warnings)),
            "region_hints": {**run.region_hints, **report.region_hints},
        }
    )
    return with_standing(after)


def end_of_run(state: PromptState, report: Report | None, stopped_now: bool, journal_problem: str) -> Stop | None:
    """The end that the prompt's own fate brings to the run; None when it may go on.

    A prompt that is gone although its critic reported has ended well: the user cleared the history.
    """
    if state.kind == "error":
        return Stop("failed", f"{state.message} Put that right, then continue the run.")
    if state.kind == "interrupted" or (state.kind == "gone" and report is None):
        if stopped_now:
            return Stop("stopped", STOPPED)
        if state.kind == "interrupted":
            return Stop("interrupted", "ComfyUI's Interrupt ended the render. Continue the run to go on from the best.")
        return Stop("deleted", "The queued render was removed from the queue. Continue the run to go on from the best.")
    if journal_problem:
        return Stop("unsaved", journal_problem)
    if report is None:
        return Stop(
            "failed",
            "The graph ran without its VLM Critique, so there is nothing to go by. "
            "Make sure that VLM Critique is not muted or bypassed and its images input is linked.",
        )
    return None


def is_disk_full(problem: OSError) -> bool:
    """Whether there is no room, or none left for this user."""
    return problem.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def unsaved_reason(problem: OSError) -> str:
    """Why a run's folder could not be written, and what to do."""
    what = problem.strerror or str(problem) or type(problem).__name__
    if is_disk_full(problem):
        cure = "Free some disk space, then continue the run."
    elif problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        cure = "Make the output folder writable for ComfyUI, then continue the run."
    elif problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST):
        cure = "Put the output folder back, or move what is in its place, then continue the run."
    else:
        cure = "See that the disk of the output folder works, then continue the run."
    return f"The run folder could not be written ({what}). {cure}"


def decide(before: Run, after: Run, iteration: Iteration) -> Decision:
    """Accept a picture that is the best by now, else reject it. after: with the iteration and all looks so far."""
    critique, evidence = iteration.critique, RunEvidence(after)
    if iteration.reverted:
        return iteration.decision
    best = before.best_of_goal
    if critique.score is None:
        return Decision(kind="reject", reason=critique.describe())
    if iteration.duplicate_of is not None:
        return Decision(
            kind="reject",
            reason=f"The same picture as iteration {iteration.duplicate_of}: nothing new to learn from it.",
        )
    if best is None:
        opening = f"First judged picture, {_worth(after, iteration)}"
        return Decision(kind="accept", reason=_sentence(opening, _standing(evidence, critique), critique))
    told = [*_changed(evidence, best, critique), *_standing(evidence, critique)]
    if after.best.number == iteration.number:
        opening = f"Kept: {_worth(after, iteration)}, before {_worth(after, best, short=True)}"
        return Decision(kind="accept", reason=_sentence(opening, told, critique))
    if after.best.critique.score is None:  # the user took it
        opening = f"Not kept: you took iteration {best.number}, and two looks did not confirm this one"
    else:
        opening = f"Not kept: {_worth(after, iteration)}"
        opening += f" does not beat {_worth(after, after.best, short=True)} (iteration {after.best.number})"
    return Decision(kind="reject", reason=_sentence(opening, told, critique))


def _worth(run: Run, iteration: Iteration, short: bool = False) -> str:
    """How surely a picture meets everything, where that is known, else its score."""
    chance = run.standing.get(iteration.number)
    if chance is not None:
        return percent(chance) if short else f"{percent(chance)} sure that all is met"
    return f"{'' if short else 'score '}{score_in_words(run, iteration)}"


def decide_repair(run: Run, iteration: Iteration) -> Decision | None:
    """Why a repair of the loop's is reverted; None where it has to prove itself as any picture has to. run: with the
    iteration.

    It must meet what it was made for, and keep what was met in the picture that it changed, by the posterior of any
    picture: one doubtful answer about what was surely met is no loss yet (docs/design-notes.md, 19.5).
    """
    plan = iteration.plan
    if plan.repair is None or plan.repair.wish or plan.edit_of is None:
        return None
    why = _why_reverted(run, iteration, run.iterations[plan.edit_of - 1])
    if not why:
        return None
    return Decision(
        kind="reject", reason=f"Not kept: the repair of iteration {plan.edit_of} is reverted{why}", reverted=True
    )


def _why_reverted(run: Run, iteration: Iteration, source: Iteration) -> str:
    """How the sentence ends that tells why a repair is reverted; "" where it is not."""
    evidence, plan, critique = RunEvidence(run), iteration.plan, iteration.critique
    if critique.score is None:
        return f". {critique.describe()}"
    if iteration.duplicate_of is not None:
        return ", for nothing changed."
    before, met = _probably_met(run, source), _probably_met(run, iteration)
    lost = [item.id for item in critique.items if item.id in before - met]
    if lost:
        return f", for it lost {', '.join(evidence.text_of(name) for name in lost)}."
    check = repaired_check(plan)
    if check is None:
        return "" if plan.requirement in met else f", for it did not bring {evidence.text_of(plan.requirement)}."
    poorer = newly_poor(source.critique, critique)
    if poorer:
        return f", for now {', '.join(FAULTS[one] for one in poorer)}."
    return "" if is_mended(critique, check) else f", for still {FAULTS[check]}."


def _probably_met(run: Run, iteration: Iteration) -> set[str]:
    """Ids of the requirements that its picture meets rather than not, by all that the run has seen; as its critique
    says where nothing is believed of it."""
    beliefs = believe_run(run)
    if iteration.number not in beliefs.standing:
        return {item.id for item in iteration.critique.items if item.passed}
    chances = beliefs.belief.met[beliefs.place(iteration)].tolist()
    return {r.id for r, chance in zip(beliefs.requirements, chances, strict=True) if chance > UNKNOWN}


def score_in_words(run: Run, iteration: Iteration) -> str:
    """ "0.82"; "not judged" where nobody looked."""
    score = run.score_of(iteration)
    return "not judged" if score is None else f"{score:.2f}"


def _sentence(opening: str, told: list[str], critique: Critique) -> str:
    """One sentence about the requirements; where there are none, the judge's own words follow."""
    if critique.items:
        return "; ".join([opening, *told]) + "."
    return f"{opening}. {critique.reason}".strip()


def _changed(evidence: RunEvidence, best: Iteration, critique: Critique) -> list[str]:
    """What is met now and was not in the best so far, and the other way round."""
    before = {item.id: item for item in best.critique.items}
    gained = [i.id for i in critique.items if i.passed and i.id in before and not before[i.id].passed]
    lost = [i for i in critique.items if not i.passed and i.id in before and before[i.id].passed]
    parts = []
    if gained:
        parts.append(f"now met: {', '.join(evidence.text_of(name) for name in gained)}")
    if lost:
        parts.append(f"lost: {', '.join(evidence.text_of(item.id) for item in lost)}")
    return parts


def _standing(evidence: RunEvidence, critique: Critique) -> list[str]:
    failing = evidence.failing(critique)
    if failing:
        return [f"still failing: {evidence.name_items(failing)}"]
    return ["all requirements met"] if critique.items and all(item.passed for item in critique.items) else []
