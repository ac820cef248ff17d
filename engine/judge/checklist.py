"""The checklist: the goal taken apart, once, into visible requirements. Frozen for the run and hashed."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["object", "attribute", "count", "relation", "text", "style", "composition", "absence"]
Ask = Literal["yesno", "count", "open"]
When = Literal["throughout", "sometime", "start", "end", "change", "motion"]
"""When in a clip a requirement must hold: in every frame, in some frame, in the first or the last one. change and
motion happen over the clip, and are asked about the whole of it. Of pictures everything is "throughout"."""
Source = Literal["user", "model", "rule"]
"""Who wrote a requirement: the user, a model from the goal, or rules from the goal where no model could."""

GOAL_LENGTH = 4000
"""Characters of a goal that are judged. What follows is said not to be."""
MOST_REQUIREMENTS, MOST_AT_ONCE = 30, 10
"""Requirements of a goal, and those that a model writes in one answer (docs/design-notes.md, 2.19)."""


class Requirement(BaseModel):
    """One visible fact.

    text: the requirement in words ("three red circles"), also what a prompt may say to ask for it.
    question, expect: how the first look asks, and the right answers, lower case; counts as digits ("3"), a range as
    each of its numbers.
    alt_question, alt_ask, alt_expect: a second wording, open or of opposite polarity where possible.
    parents: ids without which this one cannot be seen (no umbrella, no red umbrella).
    clauses: other ways to ask for it in a prompt, by the model that wrote it; no part of the digest.
    span: the words of the goal it comes from. weight: importance, 1 is usual. trust: 0..1, how far judges can tell.
    when: of a clip, when it must hold; its questions say nothing about that, but those of a change and a motion.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^r[0-9]{1,2}$")
    kind: Kind
    text: str
    question: str
    ask: Ask
    expect: tuple[str, ...]
    alt_question: str
    alt_ask: Ask
    alt_expect: tuple[str, ...]
    parents: tuple[str, ...] = ()
    span: str
    weight: float = Field(default=1.0, gt=0)
    trust: float = Field(default=1.0, ge=0, le=1)
    source: Source = "model"
    clauses: tuple[str, ...] = ()
    when: When = "throughout"


class Checklist(BaseModel):
    """goal: the goal it was made from. requirements: in the goal's order, those that rules added
    at the end; at most MOST_REQUIREMENTS.

    notes: sentences for the user about how far these can be judged. uncovered: parts of the goal that no requirement
    asks about, for want of room. Neither is a part of the digest.
    """

    model_config = ConfigDict(frozen=True)

    goal: str
    requirements: tuple[Requirement, ...]
    notes: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Hash of the canonical JSON: two runs with the same one judged by the same questions."""
        judged_by = self.model_dump(
            exclude={"notes": True, "uncovered": True, "requirements": {"__all__": {"clauses"}}}
        )
        for one in judged_by["requirements"]:
            if one["when"] == "throughout":  # as of pictures, whose digests were there before clips
                del one["when"]
        canonical = json.dumps(judged_by, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
