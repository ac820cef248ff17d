"""The editor is told how the family's prompts are worded, and nothing where the family is unknown."""

from __future__ import annotations

import asyncio
import json
from typing import get_args

import pytest
from pack.engine.graph.family import PromptStyle, families
from pack.engine.judge.editor import propose
from pack.engine.judge.prompt_style import wording_rule

from .memory_model import CHECKLIST, MemoryModel
from .test_editor import ANSWER, seen

STYLES = get_args(PromptStyle.model_fields["style"].annotation)


def asked(style):
    model = MemoryModel(json.dumps(ANSWER))
    asyncio.run(propose(model, b"jpeg", CHECKLIST, seen(r1=False), 5, style))
    return model.questions[0].text


def test_every_style_that_a_family_can_have_has_a_rule_of_its_own():
    assert len({wording_rule(style) for style in STYLES}) == len(STYLES)
    assert {family.prompt.style for family in families()} <= set(STYLES)


@pytest.mark.parametrize(
    ("style", "words"),
    [("tags", "one tag"), ("motion", "what moves"), ("instructional", "an instruction"), ("descriptive", "a caption")],
)
def test_the_editor_is_asked_in_the_style_of_the_family(style, words):
    assert words in asked(style).splitlines()[-1]
    task, example, _ = asked("").partition("For example")
    assert example and asked(style).startswith(task + example), "the same task, with examples of its own"


def test_nothing_is_said_of_a_style_nobody_knows():
    assert wording_rule("") == ""
    assert "prompt style" not in asked("")
