"""When in a clip something must be so, read in the words of a wish."""

from __future__ import annotations

import pytest
from pack.engine.judge.requirement_time import time_of


@pytest.mark.parametrize(
    ("text", "when", "rest"),
    [
        ("a red circle at the end", "end", "a red circle"),
        ("at the end of the clip, a red circle", "end", "a red circle"),
        ("finally a red circle", "end", "a red circle"),
        ("a red circle at the start", "start", "a red circle"),
        ("in the first frame a dog sits on a rug", "start", "a dog sits on a rug"),
        ("a red circle at some point", "sometime", "a red circle"),
        ("the sun is visible for a moment", "sometime", "the sun is visible"),
        ("rain throughout", "throughout", "rain"),
        ("a woman in red the whole time", "throughout", "a woman in red"),
        ("At the end", "end", ""),
    ],
)
def test_words_about_time_are_read_and_taken_out(text, when, rest):
    assert time_of(text) == (when, rest)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("the door opens", "change"),
        ("the door opens at the end", "change"),
        ("then it explodes", "change"),
        ("the circle turns blue", "change"),
        ("a flower starts to grow", "change"),
        ("she leaves the room", "change"),
        ("the sun sets behind the hills", "change"),
        ("the car turns left", "motion"),
        ("the camera moves left", "motion"),
        ("slow zoom in", "motion"),
        ("the camera slowly pans to the right", "motion"),
        ("a man walking through a forest", "motion"),
        ("a dog runs across the field", "motion"),
        ("birds flying over the lake", "motion"),
        ("she waves at the camera", "motion"),
        ("leaves drifting in the wind", "motion"),
    ],
)
def test_what_happens_is_asked_of_the_whole_clip_in_all_its_words(text, when):
    assert time_of(text) == (when, text)


@pytest.mark.parametrize(
    "text",
    [
        "two red circles",
        "autumn leaves on the ground",
        "high waves",
        "white sails",
        "a pair of running shoes",
        "opening hours on a sign",
        "an open door",
        "a red circle",
        "five rolls in a basket",
        "a smiling woman",
        "drum sets",
        "a camera on a tripod",
    ],
)
def test_other_words_say_nothing_about_time(text):
    assert time_of(text) == (None, text)
