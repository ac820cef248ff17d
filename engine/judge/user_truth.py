"""What the user says about a picture, put in the place of what the judge said, and the verdict that follows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .checklist import Checklist
from .critique import CHECKS, Critique, Item
from .scoring import LEAST, MOST, UNKNOWN, Bias, overall_score
from .verdict import holds, match_items, reason


def item_as_told(item: Item, met: bool | None) -> Item:
    """The item as the user sees it; as the judge saw it where met is None."""
    judged = item.judged if item.judged is not None else item.p
    if met is None:
        return item.model_copy(update={"p": judged, "passed": judged > UNKNOWN, "judged": None})
    return item.model_copy(update={"p": MOST if met else LEAST, "passed": met, "judged": judged})


def with_truth(
    critique: Critique, told: Mapping[str, bool | None], checklist: Checklist, pass_score: float
) -> Critique:
    """The critique with what the user told about some of its items, by requirement id."""
    items = [item_as_told(item, told[item.id]) if item.id in told else item for item in critique.items]
    return with_items(critique, items, checklist, pass_score)


def with_items(critique: Critique, items: Iterable[Item], checklist: Checklist, pass_score: float) -> Critique:
    """The critique with other items: those of requirements that the checklist no longer has are left out.

    It passes where its figures meet the goal and every requirement was answered, by two looks or by the user, who has
    looked as well. What the judge proposed stays.
    """
    known = {requirement.id for requirement in checklist.requirements}
    kept = tuple(item for item in items if item.id in known)
    matched = match_items(kept, checklist, Bias(blank=critique.blank))
    levels = [critique.checks[name] for name in CHECKS[1:] if name in critique.checks]
    checks = {name: round(matched, 4) if name == "prompt_match" else level for name, level in critique.checks.items()}
    found = critique.model_copy(
        update={
            "items": kept,
            "checks": checks,
            "score": overall_score(matched, [*levels, *[UNKNOWN for _ in critique.unanswered]]),
            "done": len(kept) == len(known) and all(item.passed for item in kept),
        }
    )
    looked = critique.looks > 1 or any(item.judged is not None for item in kept)
    passed = found.done and looked and found.decides and holds(found, pass_score)
    return found.model_copy(update={"passed": passed, "reason": reason(found, checklist, pass_score)})
