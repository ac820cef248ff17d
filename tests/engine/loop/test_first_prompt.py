"""The prompt that is made from a goal alone: subject, action, context, style, and nothing that must not be there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.loop.first_prompt import prompt_of_goal

PARTS = {
    "a red fox": 0,
    "two black ducks": 0,
    'the sign "in the light"': 0,
    "running to the left": 1,
    "is jumping over a log": 1,
    "in deep snow": 2,
    "soft morning light": 2,
    "on a white background": 2,
    "watercolor painting": 3,
    "35mm photo": 3,
}


@pytest.mark.parametrize(
    ("goal", "prompt"),
    [
        ("a red fox in deep snow", "a red fox in deep snow"),
        (
            "Cinematic photo of a red fox, soft morning light, leaping over a log, in deep snow",
            "Cinematic photo of a red fox, leaping over a log, soft morning light, in deep snow",
        ),
        (
            "a fox, watercolor, in snow, running. Its tail is white",
            "a fox, Its tail is white, running, in snow, watercolor",
        ),
        ("Please show me a picture of three cats, no dogs", "three cats"),
        ("The video must show the fox turning its head; snow falls", "the fox turning its head, snow falls"),
        ('a shop, sunset, the sign "OPEN, all night"', 'a shop, the sign "OPEN, all night", sunset'),
        ("a king, wedding rings, painting on the wall", "a king, wedding rings, painting on the wall"),
        ("a street without cars, fog", "a street, fog"),
        ("make it rain", "make it rain"),
        ("no people", ""),
        (" ,. ", ""),
        ("", ""),
    ],
)
def test_examples(goal, prompt):
    assert prompt_of_goal(goal) == prompt


@given(st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=8, unique=True))
def test_the_subject_leads_and_the_rest_is_in_order(parts):
    made = prompt_of_goal(", ".join(parts))
    given_back = re.split(r", ", made)
    assert given_back[0] == parts[0]
    assert sorted(given_back) == sorted(parts)
    places = [PARTS[part] for part in given_back[1:]]
    assert places == sorted(places)
    for place in set(places):
        assert [p for p in given_back[1:] if PARTS[p] == place] == [p for p in parts[1:] if PARTS[p] == place]


@given(st.text(max_size=300))
def test_it_adds_no_words_and_is_one_line(goal):
    once = prompt_of_goal(goal)
    assert set(re.findall(r"\w+", once)) <= set(re.findall(r"\w+", goal))
    assert "\n" not in once
