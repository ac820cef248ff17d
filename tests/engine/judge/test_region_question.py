"""Where the judge points: whatever a model writes, boxes lie in the picture and words are safe for a prompt."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.region_question import LARGEST_SHARE, SCALE, ask_region, read_box, read_region
from pack.engine.judge.vision_model import AnswerUnusable, Reply

GOAL = 'a bakery with a sign that says "OPEN 24/7"'
WHOLE = {
    "box": [100, 200, 400, 500],
    "instruction": "Repaint the sign",
    "prompt": "a wooden sign",
    "region": "the sign",
}


def read(**fields):
    return read_region(Reply(json.dumps({**WHOLE, **fields})), GOAL, "r1", fields.get("wrong", "a sign"))


def test_a_whole_answer():
    hint = read()
    assert (hint.requirement, hint.region, hint.prompt) == ("r1", "the sign", "a wooden sign")
    assert hint.box == (100, 200, 400, 500) and hint.instruction == "Repaint the sign"


@given(st.lists(st.one_of(st.integers(-50, 1050), st.floats(-1, 1100), st.none(), st.booleans()), max_size=6))
def test_any_box_lies_in_the_picture_or_is_none(corners):
    box = read_box(corners)
    if box is not None:
        left, top, right, bottom = box
        assert 0 <= left < right <= SCALE and 0 <= top < bottom <= SCALE
        assert (right - left) * (bottom - top) <= LARGEST_SHARE * SCALE**2


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_words_are_safe_for_a_prompt(region, prompt):
    hint = read(region=region, prompt=prompt)
    for text in (hint.region, hint.prompt):
        assert not set(text) & set("<>{}[]|\\`") and "\n" not in text
    assert "," not in hint.region and not hint.region.startswith("-")


def test_swapped_corners_are_sorted_and_slips_are_none():
    assert read(box=[400, 500, 100, 200]).box == (100, 200, 400, 500)
    for box in ([0, 0, 0, 0], [0, 0, 1000, 1000], [1, 2, 3], "here", [0, 0, 2000, 10], None):
        assert read(box=box).box is None


def test_what_denies_never_reaches_the_prompt():
    assert read(prompt="a wall without a sign").prompt == ""
    assert read(prompt="no people").prompt == ""


def test_words_to_be_written_are_in_the_prompt_whatever_the_model_leaves_out():
    assert "OPEN 24/7" in read(wrong='a sign that says "OPEN 24/7"', prompt="a wooden sign").prompt


def test_neither_box_nor_region_is_no_answer():
    with pytest.raises(AnswerUnusable):
        read(box=None, region="")


def test_the_model_is_asked_again_where_its_answer_is_none():
    class Twice:
        name, asked = "m", []

        async def check(self):
            pass

        async def ask(self, question):
            self.asked.append(question)
            return Reply("so so" if len(self.asked) == 1 else json.dumps(WHOLE))

    model = Twice()
    hint = asyncio.run(ask_region(model, b"jpeg", GOAL, "r1", "a <sign> that is wrong", "thing", 2**40))
    assert hint.box == (100, 200, 400, 500) and len(model.asked) == 2
    assert "<sign>" not in model.asked[0].text and model.asked[0].seed < 2**31
