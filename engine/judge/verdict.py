"""From what looks saw to a critique, with its reason: "I count 2 where the goal wants three ducks". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .answers import LookResult
from .checklist import Checklist, Requirement
from .critique import CHECKS, UNANSWERED, Check, Critique, Item
from .letters import listed, sentence_case
from .plain_answer import negative_terms, owned_clauses
from .scoring import (
    NO_BIAS,
    POOR_QUALITY,
    UNKNOWN,
    Bias,
    average_in_logits,
    highest_score,
    match_goal,
    orphans,
    overall_score,
)

MOST_NAMED = 4
MOST_MOMENTS = 3
"""Of a clip's frames that fail a requirement, so many are named."""
MEASURED_CHECK: Check = "artifacts"
"""The check that counts what is measured in a clip: flicker, standing still, cuts."""
CANNOT_TELL = (
    "This judge cannot tell whether the goal is met: its self-test found it too weak for everything on this checklist. "
    "Choose a larger judge, or one of another family."
)
FAULTS: Mapping[str, str] = {
    "artifacts": "parts of the picture are broken",
    "composition": "the composition is poor",
    "faces": "faces or hands look wrong",
    "text": "the writing is malformed",
}


def reason(critique: Critique, checklist: Checklist, pass_score: float) -> str:
    """One or two sentences about what fails; if nothing does, about the score."""
    measured = list(critique.faults)
    rated = {name: level for name, level in critique.checks.items() if not (measured and name == MEASURED_CHECK)}
    faults = [*item_faults(critique.items, checklist), *measured, *quality_faults(rated)]
    if faults:
        return sentence(faults)
    needed = needed_score(critique, pass_score)
    if critique.score is not None and critique.score < needed:
        return f"Everything asked for is there, but the score {critique.score:.2f} is below {needed:.2f}."
    return "Everything asked for is there."


def sentence(parts: Sequence[str]) -> str:
    """The parts as one sentence; what is too much is counted."""
    named, rest = list(parts[:MOST_NAMED]), len(parts) - MOST_NAMED
    if rest > 0:
        named.append(f"and {rest} more")
    return f"{sentence_case('; '.join(named))}."


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
    return [FAULTS[name] for name, level in checks.items() if name in FAULTS and level < POOR_QUALITY]


def _fault(item: Item, requirement: Requirement) -> str:
    what = requirement.text.strip().rstrip(".?!")
    if item.judged is not None:
        return f"you do not see {what}" if requirement.kind != "absence" else f"the goal wants {what}, but you see it"
    if item.answer == UNANSWERED:
        return f"I cannot tell about: {what}"
    said = _in_words(item, requirement, what) + _at(item.moments)
    return f"{said} ({item.evidence.rstrip('.')})" if item.evidence else said


def _at(moments: Sequence[str]) -> str:
    """When it fails, in words: " at 1.2 s and 2.4 s"."""
    if not moments:
        return ""
    return f" {'in' if moments[0].startswith('frame') else 'at'} {listed(moments, MOST_MOMENTS)}"


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


def critique_of(
    result: LookResult, checklist: Checklist, pass_score: float, checks: Sequence[str], bias: Bias = NO_BIAS
) -> Critique:
    """The critique of one look; `passed` stays False, because that takes another one.

    A plain answer has no checks; its proposals are kept.
    """
    matched = match_items(result.items, checklist, bias)
    counted: tuple[Check, ...] = tuple(name for name in CHECKS if name in checks)
    levels = {name: result.levels[name] for name in counted if name in result.levels}
    unanswered = tuple(name for name in counted if name in result.unrated)
    highest = highest_score(checklist, result.certain, bool(levels or unanswered), bias)
    found = Critique(
        judge="ollama",
        outcome="judged",
        score=overall_score(matched, [*levels.values(), *[UNKNOWN for _ in unanswered]]),
        checks={} if result.plain else _named(matched, {n: 1.0 if v is None else v for n, v in levels.items()}),
        unanswered=unanswered,
        decides=bias.can_tell(checklist),
        reachable=highest if highest < pass_score else None,
        done=all(item.passed for item in result.items),
        looks=1,
        items=result.items,
        soft=result.soft,
    )
    if result.plain is not None:
        proposals = {
            "changes": result.plain.changes,
            "edits": owned_clauses(result.plain, checklist.requirements),
            "negative": negative_terms(result.plain.changes.neg_append),
        }
        found = found.model_copy(update=proposals)
    said = result.plain.reason if result.plain is not None else ""
    return found.model_copy(update={"reason": said or reason(found, checklist, pass_score)})


def with_measured_faults(
    critique: Critique, faults: Sequence[str], measures: Mapping[str, float], checklist: Checklist, pass_score: float
) -> Critique:
    """The critique of a clip with what was measured: a fault makes the check for artifacts bad, where that counts."""
    if not faults:
        return critique.model_copy(update={"measures": dict(measures)})
    checks = {name: 0.0 if name == MEASURED_CHECK else level for name, level in critique.checks.items()}
    found = critique.model_copy(update={"faults": tuple(faults), "checks": checks, "measures": dict(measures)})
    return found.model_copy(update={"reason": reason(found, checklist, pass_score)})


def needed_score(critique: Critique, pass_score: float) -> float:
    """The score from which this critique can pass: the pass score, or the most that its scale can reach."""
    return pass_score if critique.reachable is None else min(pass_score, critique.reachable)


def holds(critique: Critique, pass_score: float) -> bool:
    """Whether a critique's own figures meet the goal: every item, no poor quality, and the score."""
    score = critique.score
    return everything_found(critique) and score is not None and score >= needed_score(critique, pass_score)


def everything_found(critique: Critique) -> bool:
    """Whether every item is met and no quality is poor, whatever the score."""
    qualities = [level for name, level in critique.checks.items() if name != "prompt_match"]
    met = bool(critique.items) and all(item.passed for item in critique.items)
    return met and all(level >= POOR_QUALITY for level in qualities)


def merge_looks(
    first: Critique, second: Critique, checklist: Checklist, pass_score: float, bias: Bias = NO_BIAS
) -> Critique:
    """Two looks at one picture as one: items averaged in logits, checks and what was scored beside them as means.

    The strict rule: passed only when either look meets the goal by itself and so does their mean. An item passes when
    both looks passed it. The looks' proposals: the second one's where it disagrees.
    """
    others = {item.id: item for item in second.items}
    items = tuple(mean_item(item, others[item.id]) for item in first.items if item.id in others)
    matched = match_items(items, checklist, bias)
    levels, unanswered = _merged_levels(first, second)
    reachable = min((c.reachable for c in (first, second) if c.reachable is not None), default=None)
    agreed = holds(first, pass_score) and holds(second, pass_score)
    proposing = first if agreed or not holds(first, pass_score) else second
    found = proposing.model_copy(
        update={
            "score": overall_score(matched, [*levels.values(), *[UNKNOWN for _ in unanswered]]),
            "checks": _named(matched, levels) if first.checks and second.checks else {},
            "unanswered": unanswered,
            "reachable": reachable,
            "done": first.done and second.done,
            "looks": first.looks + second.looks,
            "items": items,
            "soft": first.soft and second.soft,
            "passed": False,
            "seconds": first.seconds + second.seconds,
        }
    )
    passed = agreed and holds(found, pass_score) and found.decides
    if agreed and not found.decides:
        said = CANNOT_TELL
    elif passed:
        said = "Everything asked for is there, in two looks."
    elif holds(first, pass_score) and not agreed:
        said = f"A second look did not agree: {second.reason}"
    else:
        said = reason(found, checklist, pass_score)
    return found.model_copy(update={"passed": passed, "reason": said})


def _merged_levels(first: Critique, second: Critique) -> tuple[dict[Check, float], tuple[Check, ...]]:
    """The mean level of each check, and the checks that neither look answered; nothing where a look was plain.

    A check that a single look answered has the level it gave there.
    """
    levels: dict[Check, float] = {}
    if not (first.checks and second.checks):
        return levels, ()
    for name in CHECKS[1:]:
        told = [look.checks[name] for look in (first, second) if name in look.checks]
        if told:
            levels[name] = sum(told) / len(told)
    asked = {*first.unanswered, *second.unanswered}
    return levels, tuple(name for name in CHECKS if name in asked and name not in levels)


def match_items(items: Iterable[Item], checklist: Checklist, bias: Bias) -> float:
    """How far these items meet the checklist, 0..1."""
    # An item that one of two looks failed is no parent that was met, whatever their mean says.
    return match_goal(checklist, {item.id: item.p if item.passed else min(item.p, UNKNOWN) for item in items}, bias)


def _named(matched: float, levels: dict[Check, float]) -> dict[Check, float]:
    """The named checks in their usual order, prompt_match first."""
    return {"prompt_match": round(matched, 4)} | {name: round(level, 4) for name, level in levels.items()}


def mean_item(one: Item, other: Item) -> Item:
    """Two looks at one requirement as one: met where both found it."""
    passed = one.passed and other.passed
    return Item(
        id=one.id,
        # The answer that explains the failure, if there is one.
        answer=one.answer if other.passed or not one.passed else other.answer,
        p=average_in_logits(one.p, other.p),
        passed=passed,
        looks=one.looks + other.looks,
        evidence=one.evidence or other.evidence,
        weighed=one.weighed and other.weighed,
        moments=one.moments if not one.passed else other.moments,
    )
