"""A painted picture, the checklist that it is judged by, and the steps of a verdict: for the tests of every client."""

from __future__ import annotations

import torch
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.picture import Picture
from pack.rehearsal.world.painter import draw
from pack.rehearsal.world.scene import parse

GOAL = "three red circles and one blue square"
CHECKLIST = checklist_of_lines(GOAL, ["three red circles", "one blue square"])
STEPS = {"first": 0, "blank": 1, "second": 2}
"""Of the look that confirms a right picture: the answers before it."""
UNDERSTOOD = {"ok", "fenced", "prose", "trailing_comma", "think_tag", "json_in_thinking"}
"""Answers of the doubles that are only badly written."""


def painted(prompt: str) -> Picture:
    return Picture(torch.from_numpy(draw(parse(prompt), 5, 512, 512).astype("float32") / 255))
