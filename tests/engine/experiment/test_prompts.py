"""The shipped prompts: enough of each kind, readable by the checklist's own rules, never denying what they ask for."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from pack.engine.experiment.prompts import OwnPrompt, draw_prompts, own_prompts, shipped_prompts
from pack.engine.judge.absence import absent_thing
from pack.engine.judge.counts import counted
from pack.engine.judge.quotations import quoted

KINDS = {"count": "count", "relation": {"relation", "object"}, "writing": "text", "absence": "absence"}


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def test_there_are_120_of_which_24_are_held_out():
    prompts = shipped_prompts()
    assert len(prompts) == len({one.prompt for one in prompts}) == 120
    assert [one.id for one in prompts] == [f"p{n:03d}" for n in range(1, 121)]
    assert sum(one.held_out for one in prompts) == 24
    assert all(3 <= len(one.requirements) <= 8 for one in prompts)


def test_every_kind_is_asked_for_often_enough_also_in_those_held_out():
    for held_out, least in ((False, 14), (True, 4)):
        asked = Counter(r.about for one in shipped_prompts() if one.held_out == held_out for r in one.requirements)
        assert set(asked) == {"count", "colour", "relation", "writing", "absence", "material", "scene", "style"}
        assert min(asked.values()) >= least, asked


@pytest.mark.parametrize("prompt", shipped_prompts(), ids=lambda one: one.id)
def test_each_is_asked_as_it_is_meant(prompt):
    checklist = prompt.checklist
    assert [r.text for r in checklist.requirements] == prompt.lines
    for requirement, asked in zip(prompt.requirements, checklist.requirements, strict=True):
        expected = KINDS.get(requirement.about, "object")
        assert asked.kind in (expected if isinstance(expected, set) else {expected}), requirement
        assert asked.question != asked.alt_question
    assert sum(r.about == "writing" for r in prompt.requirements) <= 1, "which word is written would be ambiguous"


@pytest.mark.parametrize("prompt", shipped_prompts(), ids=lambda one: one.id)
def test_nothing_is_asked_that_the_prompt_does_not_say_or_denies(prompt):
    said = words(prompt.prompt)
    for requirement in prompt.requirements:
        text = requirement.text
        if requirement.about == "writing":
            assert quoted(text) in prompt.prompt
        elif requirement.about == "absence":
            assert words(absent_thing(text)) <= said | {"people"}, text
            others = [one.text for one in prompt.requirements if one is not requirement]
            assert not any(words(absent_thing(text)) <= words(other) for other in others), text
        elif requirement.about == "count":
            number = counted(text)
            assert number is not None, text
        else:
            # Enough of its words are the prompt's own.
            own = [w for w in words(text) - {"picture", "that", "made"} if len(w) > 3]
            assert sum(any(w[:4] == s[:4] for s in said) for w in own) >= len(own) * 0.45, (text, own)


def test_a_draw_is_the_same_for_a_seed_and_never_takes_what_is_held_out():
    assert draw_prompts(12, 3) == draw_prompts(60, 3)[:12]
    assert draw_prompts(12, 3) != draw_prompts(12, 4)
    assert not any(one.held_out for one in draw_prompts(120, 1))
    assert len(draw_prompts(120, 1)) == 96
    assert all(one.held_out for one in draw_prompts(120, 1, held_out=True))


def test_own_prompts_say_what_they_are_about_where_rules_can_tell():
    (made,) = own_prompts(
        [OwnPrompt(prompt="two foxes left of a sign", checklist=["two foxes", 'the word "HI"', "snow"])]
    )
    assert [one.about for one in made.requirements] == ["count", "writing", "other"]
    assert made.id == "p001"
    with pytest.raises(ValueError, match="prompt 2"):
        own_prompts([OwnPrompt(prompt="a", checklist=["a"]), OwnPrompt(prompt="b", checklist=["  "])])
