"""A checklist of the whole goal: long goals are taken apart in pieces, what the model leaves out is added by rule."""

from __future__ import annotations

from collections.abc import Sequence

from .checklist import GOAL_LENGTH, MOST_AT_ONCE, MOST_REQUIREMENTS, Checklist, Requirement
from .checklist_builder import make_checklist
from .checklist_rules import checklist_of_goal
from .goal_coverage import cover_goal
from .letters import cut
from .text_segmentation import split_text
from .vision_model import AnswerUnusable, Asked


async def make_whole_checklist(model: Asked, goal: str, seed: int, name: str, clip: bool = False) -> Checklist:
    """The checklist of a goal by a model, at most MOST_REQUIREMENTS. name: the model's, for a note to the user.
    clip: whether a clip is judged.

    Where it writes nothing usable about a piece, that piece is taken apart by rule. Raises ModelUnreachable.
    """
    pieces = pieces_of(goal)
    made: list[Checklist] = []
    for piece in pieces:
        try:
            made.append(await make_checklist(model, piece, seed, clip))
        except AnswerUnusable:
            made.append(checklist_of_goal(piece, f"{name} wrote no checklist that can be used.", clip))
    return cover_goal(_joined(goal, made), clip)


def pieces_of(goal: str) -> list[str]:
    """The goal in pieces of at most MOST_AT_ONCE parts, each of which a model takes apart in one answer."""
    parts = [part for part in split_text(goal, at_and=True) if part.start < GOAL_LENGTH]
    count = min(-(-len(parts) // MOST_AT_ONCE), MOST_REQUIREMENTS // MOST_AT_ONCE)
    if count < 2:
        return [cut(goal, GOAL_LENGTH)]
    size = -(-len(parts) // count)
    groups = [parts[at : at + size] for at in range(0, len(parts), size)]
    ends = [group[0].start for group in groups[1:]] + [min(len(goal), GOAL_LENGTH)]
    starts = [0, *ends[:-1]]
    return [goal[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _joined(goal: str, made: Sequence[Checklist]) -> Checklist:
    requirements: list[Requirement] = []
    for checklist in made:
        before = len(requirements)
        names = {r.id: f"r{before + number}" for number, r in enumerate(checklist.requirements, 1)}
        requirements += [
            r.model_copy(update={"id": names[r.id], "parents": tuple(names[parent] for parent in r.parents)})
            for r in checklist.requirements
        ]
    notes = tuple(dict.fromkeys(note for checklist in made for note in checklist.notes))
    return Checklist(goal=goal, requirements=tuple(requirements[:MOST_REQUIREMENTS]), notes=notes)
