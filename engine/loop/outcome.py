"""How a prompt's end becomes an iteration with its decision, or the end of the run. Pure."""

from __future__ import annotations

import errno

from ..judge.critique import Critique
from .evidence import RunEvidence
from .ports import PromptState
from .run import Decision, Iteration, Run, Stop
from .run_context import Report

STOPPED = "You stopped the run. Continue it to go on from the best."
OUR_MISTAKE = "An error inside Imitatoes ended the run; the server log has the details. Please report it."


def iteration_of(run: Run, report: Report, started: float | None, judging_since: float) -> Iteration:
    """The iteration that the pending render became. started, judging_since: epoch seconds."""
    judged = run.model_copy(update={"checklist": report.checklist or run.checklist})
    seconds = dict(report.seconds)
    if started is not None and judging_since > started:
        seconds["render"] = judging_since - started
    return Iteration(
        number=len(run.iterations) + 1,
        prompt_id=run.pending.prompt_id,
        plan=run.pending.plan,
        critique=report.critique,
        decision=decide(judged, report.critique, report.duplicate_of),
        picture=report.picture,
        batch_index=report.batch_index,
        fingerprint=report.fingerprint,
        duplicate_of=report.duplicate_of,
        seconds={name: round(value, 4) for name, value in seconds.items()},
    )


def with_iteration(run: Run, report: Report, iteration: Iteration) -> Run:
    """The run with what the report brought: its iteration, the checklist, second looks at earlier pictures."""
    return run.model_copy(
        update={
            "iterations": (*run.iterations, iteration),
            "checklist": report.checklist or run.checklist,
            "relooks": {**run.relooks, **report.relooks},
            "warnings": (*run.warnings, *report.notes),
        }
    )


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


def decide(run: Run, critique: Critique, duplicate_of: int | None) -> Decision:
    """Accept a picture that ranks above the best so far, else reject it."""
    evidence = RunEvidence(run)
    best = evidence.best
    if critique.score is None:
        return Decision(kind="reject", reason=critique.describe())
    if duplicate_of is not None:
        return Decision(
            kind="reject", reason=f"The same picture as iteration {duplicate_of}: nothing new to learn from it."
        )
    if best is None:
        opening = f"First judged picture, score {critique.score:.2f}"
        return Decision(kind="accept", reason=_sentence(opening, _standing(evidence, critique), critique))
    before = score_in_words(run, best)
    told = [*_changed(evidence, best, critique), *_standing(evidence, critique)]
    unseen = best.critique.score is None  # the user took it
    if critique.passed if unseen else (critique.passed, critique.score) > run.rank_of(best):
        opening = f"Kept: score {critique.score:.2f}, before {before}"
        return Decision(kind="accept", reason=_sentence(opening, told, critique))
    if unseen:
        opening = f"Not kept: you took iteration {best.number}, and two looks did not confirm this one"
    else:
        opening = f"Not kept: score {critique.score:.2f} does not beat {before} (iteration {best.number})"
    return Decision(kind="reject", reason=_sentence(opening, told, critique))


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
