"""What is painted in an experiment: prompts of our own with given checklists, or the user's own."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..judge.checklist import Checklist, Kind
from ..judge.checklist_rules import checklist_of_lines, kind_of

About = Literal["count", "colour", "relation", "writing", "absence", "material", "scene", "style", "other"]
"""What a requirement is about; "other" where the user's own lines do not tell."""
PROMPT_SET = "imitatoes-120-1"
"""Name of the shipped prompts. Reports of different sets are never pooled: give a changed set another name."""
OWN_SET = "own"
_OF_KIND: dict[Kind, About] = {"count": "count", "relation": "relation", "text": "writing", "absence": "absence"}


class ExperimentRequirement(BaseModel):
    """One visible fact: a line of the checklist, and what it is about."""

    model_config = ConfigDict(frozen=True)

    text: str
    about: About


class ExperimentPrompt(BaseModel):
    """prompt: as the user of a model would write it; also the goal. requirements: 3 to 8 facts, each asked for in it.

    held_out: kept for last measurements, so that nothing is ever tuned to it.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^p[0-9]{3}$")
    prompt: str
    requirements: tuple[ExperimentRequirement, ...]
    held_out: bool = False

    @property
    def lines(self) -> list[str]:
        """As a user would write the checklist, one requirement a line."""
        return [one.text for one in self.requirements]

    @property
    def checklist(self) -> Checklist:
        """What referee and judge are asked: r1 is the first requirement, and so on."""
        return checklist_of_lines(self.prompt, self.lines)


class OwnPrompt(BaseModel):
    """A prompt of the user's own. checklist: what its picture must show, one line each."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    prompt: str = Field(min_length=1, max_length=4000)
    checklist: list[str] = Field(min_length=1, max_length=30)


@cache
def shipped_prompts() -> tuple[ExperimentPrompt, ...]:
    """The 120 prompts, in the order of their ids."""
    text = Path(__file__).with_name("prompts.json").read_text(encoding="utf-8")
    return tuple(
        ExperimentPrompt(
            id=row["id"],
            prompt=row["prompt"],
            held_out=row["held_out"],
            requirements=tuple(ExperimentRequirement(about=about, text=words) for about, words in row["requirements"]),
        )
        for row in json.loads(text)
    )


def draw_prompts(count: int, seed: int, held_out: bool = False) -> tuple[ExperimentPrompt, ...]:
    """So many of the shipped prompts at most, drawn by the seed. held_out: only from those kept for last, else never.

    A larger draw of the same seed begins with the smaller one, so an experiment can be made longer.
    """
    pool = [one for one in shipped_prompts() if one.held_out == held_out]
    random.Random(f"prompts {seed}").shuffle(pool)  # noqa: S311 (nothing secret: it has to be the same everywhere)
    return tuple(pool[:count])


def own_prompts(given: list[OwnPrompt]) -> tuple[ExperimentPrompt, ...]:
    """The user's own, numbered. Raises ValueError for a checklist that cannot be judged."""
    made = []
    for number, one in enumerate(given, 1):
        try:
            texts = [requirement.text for requirement in checklist_of_lines(one.prompt, one.checklist).requirements]
        except ValueError as problem:
            raise ValueError(f"own: the checklist of prompt {number}: {problem}") from problem
        facts = (ExperimentRequirement(text=text, about=_OF_KIND.get(kind_of(text), "other")) for text in texts)
        made.append(ExperimentPrompt(id=f"p{number:03d}", prompt=one.prompt, requirements=tuple(facts)))
    return tuple(made)
