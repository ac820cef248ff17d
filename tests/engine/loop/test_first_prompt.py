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


@pytest.mark.parametrize(
    ("goal", "prompt"),
    [
        ("a street at night with no cars", "a street at night"),
        ('a jar labelled "no sugar"', 'a jar labelled "no sugar"'),
        ("a dog without a collar on a beach, no people", "a dog on a beach"),
        ("Ein Hund ohne Halsband, keine Menschen", "Ein Hund"),
        ("\u4e00\u6761\u6ca1\u6709\u9879\u5708\u7684\u72d7\uff0c\u96ea", "\u4e00\u6761\u72d7, \u96ea"),
        ("um gato no telhado", "um gato no telhado"),
        ("a park, a 2.5 meter wall. Dr. Smith", "a park, a 2.5 meter wall, Dr. Smith"),
        ("a machine to make the bread", "a machine to make the bread"),
        ("a sign \u00abOPEN 24/7: 5% OFF!\u00bb", "a sign \u00abOPEN 24/7: 5% OFF!\u00bb"),
        ("- a red fox\n- deep snow", "a red fox, deep snow"),
        ("the sky isn't blue", "the sky"),
    ],
)
def test_what_must_not_be_there_is_left_out_and_nothing_else(goal, prompt):
    assert prompt_of_goal(goal) == prompt


@pytest.mark.parametrize(
    ("goal", "prompt"),
    [
        (
            "a red fox, the fox turns its head, deep snow, the camera moves in",
            "the fox turns its head, the camera moves in",
        ),
        ("the door opens at the end", "the door opens at the end"),
        ("a red fox in deep snow", "a red fox in deep snow"),
    ],
)
def test_of_a_picture_that_begins_to_move_only_the_motion_is_asked_for(goal, prompt):
    assert prompt_of_goal(goal, moves_picture=True) == prompt
