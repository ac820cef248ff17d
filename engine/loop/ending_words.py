"""What is said at the end of a run: that the goal is met, or why its best picture is not confirmed. Pure."""

from __future__ import annotations

from ..judge.critique import Critique
from ..judge.goal_coverage import not_judged
from ..judge.verdict import CANNOT_TELL, needed_score, quality_faults, sentence
from .belief.run_belief import believe_run
from .belief.stopping import how_sure
from .evidence import RunEvidence
from .outcome import score_in_words
from .run import Iteration, Run


def why_unconfirmed(evidence: RunEvidence, best: Iteration) -> str:
    """What keeps the best picture from being the goal met: one or two sentences, for the end of a run."""
    run, critique = evidence.run, best.critique
    if critique.score is None:
        return critique.describe()
    told = [_what_is_missing(evidence, best), "" if critique.decides else CANNOT_TELL, unjudged_part(run)]
    return " ".join(part for part in told if part)


def goal_met(run: Run, number: int) -> str:
    """That two looks found everything in a picture; of a goal that was not judged whole, no more than that."""
    iteration = run.iterations[number - 1]
    left_out = unjudged_part(run)
    what = "All of the goal that was judged" if left_out else "The goal"
    score = f"score {score_in_words(run, iteration)}"
    good = how_good(run, iteration)
    told = f"{good}, {score}" if good != score else score
    return f"{what} is met in iteration {number}, {told}: two looks agree. {left_out}".strip()


def how_good(run: Run, iteration: Iteration) -> str:
    """ "91 % sure that all 6 are met"; the score where the judge tells no requirements."""
    beliefs = believe_run(run)
    if iteration.number in beliefs.standing:
        return how_sure(beliefs, iteration)
    return f"score {score_in_words(run, iteration)}"


def unjudged_part(run: Run) -> str:
    """What of the goal was not judged, as a sentence; "" for nothing."""
    return not_judged(run.checklist.uncovered) if run.checklist is not None else ""


def _what_is_missing(evidence: RunEvidence, best: Iteration) -> str:
    run, critique = evidence.run, best.critique
    failing = evidence.failing(critique)
    if failing:
        return f"Still failing: {evidence.name_items(failing)}."
    if not critique.items:
        return f"Still missing: {critique.reason}" if critique.reason else ""
    again = run.relooks.get(best.number)
    contradicted = _contradicted(evidence, critique, again)
    if contradicted:
        return f"A second look did not confirm it: {contradicted}."
    faults = quality_faults(critique.checks) or (quality_faults(again.checks) if again is not None else [])
    if faults:
        return sentence(faults)
    needed, score = needed_score(critique, run.start.pass_score), run.score_of(best)
    if score < needed:
        return f"Everything asked for is there, but the score {score_in_words(run, best)} is below {needed:.2f}."
    if again is not None and again.score is None:
        return f"There was no second look. {again.reason}"
    return critique.reason if critique.decides else ""


def _contradicted(evidence: RunEvidence, critique: Critique, again: Critique | None) -> str:
    """The requirements that one look found and the other did not."""
    unmet = [item for item in critique.items if not item.passed and critique.looks > 1]
    unmet += evidence.failing(again) if again is not None else []
    return evidence.name_items({item.id: item for item in unmet}.values())
