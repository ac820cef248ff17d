"""What a user should know about how far a run can be judged: said with the run, before its first render and after its
first verdict. Pure."""

from __future__ import annotations

from ..graph.finding import Finding
from ..judge.checklist import Checklist
from ..judge.critique import SCORE_OUT_OF_REACH, Critique
from ..judge.goal_coverage import not_judged, what_is_too_long
from ..judge.scoring import MATCH_WEIGHT, MOST
from ..settings import LoopHandle
from .run import Run

HIGHEST = round(MATCH_WEIGHT * MOST + 1 - MATCH_WEIGHT, 4)
"""No judge gives a higher score, see engine.judge.scoring."""
SHORTER = "Say the goal in fewer words, or write a checklist of your own."


def notes_before_rendering(handle: LoopHandle, loop_node: str) -> tuple[Finding, ...]:
    """What can be told of a goal and a pass score before anything is rendered. loop_node: its id."""
    notes = []
    beyond = "" if handle.checklist.strip() else what_is_too_long(handle.goal)
    if beyond:
        notes.append(_note("goal_too_long", f"Not all of the goal can be judged. {beyond}", SHORTER, loop_node, "goal"))
    if handle.pass_score > HIGHEST:
        notes.append(_unreachable(handle.pass_score, HIGHEST, loop_node))
    return tuple(notes)


def notes_after_verdict(run: Run, checklist: Checklist, critique: Critique) -> tuple[Finding, ...]:
    """What the first verdict by a checklist tells beside."""
    node, notes = run.loop_node, []
    left_out = not_judged(checklist.uncovered)
    if left_out:
        notes.append(_note("goal_not_covered", left_out, SHORTER, node, "goal"))
    if critique.reachable is not None:
        notes.append(_unreachable(run.start.pass_score, critique.reachable, node))
    known = {finding.what for finding in run.warnings}
    return tuple(note for note in notes if note.what not in known)


def _unreachable(asked: float, reachable: float, node: str) -> Finding:
    what = f"Pass score {asked:.2f}: {SCORE_OUT_OF_REACH.format(reachable)}"
    return _note("pass_score_out_of_reach", what, f"Set pass_score to {reachable:.2f} or less.", node, "pass_score")


def _note(kind: str, what: str, fix: str, node: str, name: str) -> Finding:
    return Finding(kind=kind, severity="suspicious", what=what, fix=fix, node=node, input=name)
