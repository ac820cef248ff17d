"""Why a picture passed or not, in plain words: "I count 2 where the goal wants three ducks; the hat is not red."."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .checklist import Checklist, Requirement
from .critique import Check, Critique, Item
from .scoring import POOR_QUALITY, orphans
from .sight import UNANSWERED

MOST_NAMED = 4
_FAULTS: Mapping[str, str] = {
    "artifacts": "parts of the picture are broken",
    "composition": "the composition is poor",
    "faces": "faces or hands look wrong",
    "text": "the writing is malformed",
}


def reason(critique: Critique, checklist: Checklist, pass_score: float) -> str:
    """One or two sentences about what fails; if nothing does, about the score."""
    faults = [*item_faults(critique.items, checklist), *quality_faults(critique.checks)]
    if faults:
        return sentence(faults)
    if critique.score is not None and critique.score < pass_score:
        return f"Everything asked for is there, but the score {critique.score:.2f} is below {pass_score:.2f}."
    return "Everything asked for is there."


def sentence(parts: Sequence[str]) -> str:
    """The parts as one sentence; what is too much is counted."""
    named, rest = list(parts[:MOST_NAMED]), len(parts) - MOST_NAMED
    if rest > 0:
        named.append(f"and {rest} more")
    text = "; ".join(named)
    return f"{text[:1].upper()}{text[1:]}."


def item_faults(items: Iterable[Item], checklist: Checklist) -> list[str]:
    """One part for each failing item, worst first; of a failed parent's children nothing is said."""
    requirements = {requirement.id: requirement for requirement in checklist.requirements}
    failing = [item for item in items if not item.passed]
    lost = orphans(checklist.requirements, [item.id for item in failing])
    # In a circle of parents all are lost: then all are named.
    named = [item for item in failing if item.id not in lost] or failing
    return [_fault(item, requirements[item.id]) for item in sorted(named, key=lambda item: item.p)]


def quality_faults(checks: Mapping[Check, float]) -> list[str]:
    """One part for each check whose level prevents passing."""
    return [_FAULTS[name] for name, level in checks.items() if name in _FAULTS and level < POOR_QUALITY]


def _fault(item: Item, requirement: Requirement) -> str:
    what = requirement.text.strip().rstrip(".?!")
    if item.answer == UNANSWERED:
        return f"I cannot tell about: {what}"
    said = _in_words(item, requirement, what)
    return f"{said} ({item.evidence.rstrip('.')})" if item.evidence else said


def _in_words(item: Item, requirement: Requirement, what: str) -> str:
    if requirement.kind == "count" and item.answer.isdigit() and item.answer not in requirement.expect:
        return f"I count {item.answer} where the goal wants {what}"
    if requirement.kind == "absence":
        return f"the goal wants {what}, but I see it"
    if item.answer in requirement.expect:
        return f"I cannot be sure of: {what}"
    asked = re.fullmatch(r"(Is|Are) (the [\w'\- ]+) ([\w\-]+)\?", requirement.question)
    verdict = item.answer in ("yes", "no", "done", "not done")
    if requirement.kind == "attribute" and asked:
        instead = "" if verdict else f"{item.answer}, "
        return f"{asked[2]} {asked[1].lower()} {instead}not {asked[3]}"
    if requirement.kind == "text":
        return f"the writing is not as wanted: {what}"
    if verdict or item.answer.isdigit():
        return f"I do not see {what}"
    return f"I see {item.answer} where the goal wants {what}"
