"""What to change where a picture meets every requirement and a quality check of it is poor. Pure.

    each of them  the part that the judge points at is painted anew, where pictures can be repaired: see check_repairs
    artifacts     more steps inside the family's range, twice; then cfg towards the middle of its range; neither where
                  the same picture came again
    faces         terms into the negative, where the family has one, else a positive clause
    text          the quoted words once more, in the family's way of quoting; terms where nothing is quoted
    composition   a clause that the editor writes about this picture

and a new seed where none of that is left to try (docs/design-notes.md, 4.11).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..graph.family import DISTILLED_CFG, family_named, ranges
from ..judge.critique import Check
from ..judge.quotations import in_marks, quoted
from ..judge.scoring import POOR_QUALITY
from ..judge.verdict import FAULTS
from .clauses import with_check_clause, with_negative_terms
from .evidence import RunEvidence
from .plan import Wording
from .run import Iteration

MORE_STEPS, STEPS_TRIES = 0.25, 2
"""A quarter more steps, at most twice. Ours."""
CFG_STEP = 0.5
COMPOSITION: Check = "composition"

_FACE_TERMS = ("deformed face", "malformed hands", "extra fingers")
_TEXT_TERMS = ("malformed letters", "gibberish text")
_FACE_CLAUSES = {
    "tags": "detailed natural face, well-formed hands",
    "instructional": "make face and hands natural, with five fingers on each hand",
    "motion": "face and hands stay natural and well-formed",
}
_FACE_CLAUSE = "a natural, well-proportioned face and correctly formed hands with five fingers"
_QUOTING = {"tags": "{} text", "instructional": "write {} in clear letters"}
_QUOTE = "the writing reads {} in clear letters"


@dataclass(frozen=True)
class Remedy:
    """One change. name: kept with the plan, so that it is not tried for ever. told: what and why, in words.

    keeps_seed: whether the picture is worth rendering again, but for this.
    """

    name: str
    told: str
    steps: int
    cfg: float
    wording: Wording
    keeps_seed: bool = True


def next_remedy(evidence: RunEvidence, best: Iteration | None, wording: Wording) -> Remedy | None:
    """The next change for the poorest check of the best picture; None where it fails a requirement, or no check is
    poor. wording: of the next render otherwise."""
    poor = poor_checks(best)
    for check in poor:
        for remedy in _ladder(evidence, best, wording, check):
            return remedy
    if not poor:
        return None
    told = f"{FAULTS[poor[0]]}, and nothing is left to change about it"
    return Remedy("", told, best.settings.steps, best.settings.cfg, wording, keeps_seed=False)


def poor_checks(best: Iteration | None) -> list[Check]:
    """The checks that are poor in a picture that meets every requirement, the poorest first."""
    if best is None or not best.critique.items or not all(item.passed for item in best.critique.items):
        return []
    poor = {name: level for name, level in best.critique.checks.items() if name in FAULTS and level < POOR_QUALITY}
    return sorted(poor, key=lambda name: poor[name])


def editor_wanted(evidence: RunEvidence) -> bool:
    """Whether the next remedy is a clause about the composition that no editor has written yet."""
    best = evidence.best
    first = next(iter(poor_checks(best)), None)
    return first == COMPOSITION and not any(_ladder(evidence, best, Wording(), COMPOSITION))


def carry_remedies(evidence: RunEvidence, best: Iteration | None, wording: Wording) -> Wording:
    """The wording with what remedies added to the best picture's, so that it is not lost again."""
    if best is None:
        return wording
    base, before = evidence.run.start.settings, best.plan.wording
    for owner, clause in before.owned.items():
        if owner in FAULTS:
            wording = with_check_clause(base, wording, owner, clause)
    terms = [term for term in before.negative_terms if term in (*_FACE_TERMS, *_TEXT_TERMS)]
    return with_negative_terms(base, wording, terms)


def _ladder(evidence: RunEvidence, best: Iteration, wording: Wording, check: Check) -> Iterator[Remedy]:
    """What was not tried yet for a check, in order."""
    run, base = evidence.run, best.settings
    tried = [i.plan.remedy for i in run.comparable]
    fault = FAULTS[check]
    if check == "artifacts":
        yield from _parameters(evidence, best, wording, tried)
        return
    family = family_named(run.family)
    style = family.prompt.style if family else ""
    has_negative = base.cfg > DISTILLED_CFG and (family is None or family.negative)
    terms: tuple[str, ...] = ()
    clause, keeps_seed = "", True
    if check == "faces":
        terms = _FACE_TERMS if has_negative else ()
        clause = "" if has_negative else _FACE_CLAUSES.get(style, _FACE_CLAUSE)
    elif check == "text":
        words = written_words(evidence)
        clause = _QUOTING.get(style, _QUOTE).format(in_marks(words)) if words else ""
        terms = _TEXT_TERMS if has_negative and not words else ()
    else:
        clause, keeps_seed = _editors_clause(evidence), False
    name = f"{check}:{clause or 'negative'}"
    if not (clause or terms) or name in tried:
        return
    told = f'add "{clause}"' if clause else f"avoid {', '.join(terms)}"
    start = run.start.settings
    after = with_check_clause(start, wording, check, clause) if clause else with_negative_terms(start, wording, terms)
    if after != wording:
        yield Remedy(name, f"{fault}: {told}", base.steps, base.cfg, after, keeps_seed)


def _parameters(evidence: RunEvidence, best: Iteration, wording: Wording, tried: list[str]) -> Iterator[Remedy]:
    run, base = evidence.run, best.settings
    if any(i.plan.remedy.startswith("artifacts:") and i.duplicate_of is not None for i in run.comparable):
        return  # steps or cfg gave the same picture again: on this seed a further one would too
    start = run.start.settings
    allowed = ranges(run.family, start.steps, start.cfg)
    used = {(i.settings.steps, i.settings.cfg) for i in run.comparable}
    fault = FAULTS["artifacts"]
    if tried.count("artifacts:steps") < STEPS_TRIES:
        more = max(1, round(start.steps * MORE_STEPS))
        wider = [min(base.steps + n * more, allowed.steps[1]) for n in range(1, STEPS_TRIES + 1)]
        for steps in wider:
            if steps > base.steps and (steps, base.cfg) not in used:
                yield Remedy("artifacts:steps", f"{fault}: steps {base.steps} to {steps}", steps, base.cfg, wording)
    middle = round((allowed.cfg[0] + allowed.cfg[1]) / 2, 2)
    if base.cfg != middle and "artifacts:cfg" not in tried:
        cfg = min(base.cfg + CFG_STEP, middle) if middle > base.cfg else max(base.cfg - CFG_STEP, middle)
        told = f"{fault}: cfg {base.cfg:g} to {cfg:g}"
        yield Remedy("artifacts:cfg", told, base.steps, round(cfg, 2), wording)


def written_words(evidence: RunEvidence) -> str:
    """The words that the picture is to show, "" for none."""
    checklist = evidence.run.checklist
    asked = [r.text for r in checklist.requirements if r.kind != "absence"] if checklist is not None else []
    return next((words for text in (*asked, evidence.run.start.goal) if (words := quoted(text))), "")


def _editors_clause(evidence: RunEvidence) -> str:
    """The newest clause about the composition that was not tried, "" without one."""
    tried = {i.plan.wording.owned.get(COMPOSITION) for i in evidence.run.comparable}
    for iteration in reversed(evidence.run.comparable):
        for edit in iteration.critique.edits:
            if edit.requirement == COMPOSITION and edit.clause not in tried:
                return edit.clause
    return ""
