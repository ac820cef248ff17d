"""The plain contract of simple models: `done` for the whole, and proposals for the next render. Pure.

How it is mapped onto the checklist: docs/design-notes.md, 2.16. `done` is a vote, and each clause of a proposal belongs
to the requirement whose words it shares.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError, field_validator

from .absence import without_denials
from .checklist import Requirement
from .critique import Changes, Edit
from .text_segmentation import parts_of
from .vision_model import AnswerUnusable
from .words import clip_words, first_words, number_within, plain_words, vocabulary

PROMPT_APPEND_LENGTH = 120
NEG_APPEND_LENGTH = 90
REASON_LENGTH = 300
CFG_RANGE = (0.0, 30.0)
STEPS_RANGE = (1, 150)
CLAUSE_WORDS = 12
NEGATIVE_TERMS = 3


class PlainAnswer(BaseModel):
    """What a simple model said about one picture.

    changes: proposals that cannot be used are dropped; they are no part of the verdict.
    done: always the model's own, explicit word.
    """

    model_config = ConfigDict(frozen=True)

    changes: Changes = Changes()
    done: StrictBool
    reason: str = ""

    @field_validator("changes", mode="before")
    @classmethod
    def _usable_proposals(cls, value: Any) -> Changes:
        given = value if isinstance(value, dict) else {}
        return Changes(
            prompt_append=plain_words(given.get("prompt_append"), PROMPT_APPEND_LENGTH),
            neg_append=plain_words(given.get("neg_append"), NEG_APPEND_LENGTH),
            cfg=wished_cfg(given.get("cfg")),
            steps=wished_steps(given.get("steps")),
            seed="new" if given.get("seed") == "new" else "keep",
        )

    @field_validator("reason", mode="before")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        if value is None:
            return ""
        return clip_words(" ".join(value.split()), REASON_LENGTH) if isinstance(value, str) else value


def is_plain(found: dict[str, Any]) -> bool:
    """Whether an answer follows the plain contract rather than answering the questions."""
    return "done" in found and not any(re.fullmatch(r"q[0-9]{2}", key) for key in found)


def read_plain(found: dict[str, Any]) -> PlainAnswer:
    """Raises AnswerUnusable, naming the field that breaks the format."""
    try:
        return PlainAnswer.model_validate(found)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AnswerUnusable(f'The model\'s answer breaks the format at "{where}": {first["msg"]}.') from problem


def owned_clauses(answer: PlainAnswer, requirements: Sequence[Requirement]) -> tuple[Edit, ...]:
    """One edit for each clause of prompt_append, at most one for a requirement; none when the model says done."""
    if answer.done:
        return ()
    edits: dict[str, Edit] = {}
    for part in parts_of(answer.changes.prompt_append):
        clause = first_words(without_denials(part), CLAUSE_WORDS)
        if clause:
            owner = _owner(clause, requirements)
            edits.setdefault(owner.id, Edit(requirement=owner.id, clause=clause))
    return tuple(edits.values())


def negative_terms(text: str) -> tuple[str, ...]:
    """At most three different terms of a text that is parted by commas."""
    terms = [plain_words(part, NEG_APPEND_LENGTH) for part in parts_of(text)]
    return tuple(dict.fromkeys(term for term in terms if term))[:NEGATIVE_TERMS]


def wished_cfg(value: Any) -> float | None:
    """A guidance scale that a sampler takes, else None."""
    return number_within(value, CFG_RANGE)


def wished_steps(value: Any) -> int | None:
    """A number of steps that a sampler takes, else None."""
    steps = number_within(value, STEPS_RANGE)
    return None if steps is None else round(steps)


def _owner(clause: str, requirements: Sequence[Requirement]) -> Requirement:
    """The requirement that shares most words with the clause; the first on a tie."""
    words = vocabulary(clause)
    return max(requirements, key=lambda requirement: len(words & vocabulary(requirement.text)))
