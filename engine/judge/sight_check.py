"""Whether a model sees pictures at all, found out with one small picture: four coloured quarters.

For servers that do not say which of their models see: some drop a picture that their model cannot take, and the model
answers all the same. Guessing names the four colours right once in 256 times.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from functools import cache

from PIL import Image

from .json_answer import read_object
from .vision_model import AnswerUnusable, Question

SIDE = 256
_COLOURS = {"red": (214, 32, 32), "green": (24, 150, 48), "blue": (28, 60, 214), "yellow": (246, 214, 20)}
_PLACES = ("a_top_left", "b_top_right", "c_bottom_left", "d_bottom_right")
_ORDERS = (("blue", "yellow", "red", "green"), ("yellow", "green", "blue", "red"))
TRIES = len(_ORDERS)
_SYSTEM = "You inspect one picture. Answer with one JSON object and nothing else."


def sight_question(number: int) -> Question:
    """The question of one try. number: 0 .. TRIES - 1."""
    properties = {place: {"type": "string", "enum": list(_COLOURS)} for place in _PLACES}
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    keys = ", ".join(f'"{place}": "{"|".join(_COLOURS)}"' for place in _PLACES)
    text = (
        "<task>sight</task>\nThe picture has four quarters of one colour each. Which colour has each quarter?\n"
        f"The JSON object, with its keys in this order: {{{keys}}}"
    )
    lines = (
        "The picture has four quarters of one colour each: red, green, blue or yellow.\n"
        "1. Which colour is top left?\n2. Top right?\n3. Bottom left?\n4. Bottom right?\n"
        "Answer with four lines and nothing else, each a number and one word, such as: 1 red"
    )
    return Question(_SYSTEM, text, _picture(number), schema, seed=number, lines=lines)


async def is_blind(answer: Callable[[Question], Awaitable[str]]) -> bool:
    """Whether a model names the colours wrongly in every try. answer: the text with which it answers a question.

    Raises what answer raises, but for AnswerUnusable, which tells nothing.
    """
    wrong = 0
    for number in range(TRIES):
        try:
            if sees(await answer(sight_question(number)), number):
                return False
            wrong += 1
        except AnswerUnusable:
            continue
    return wrong == TRIES


def sees(text: str, number: int) -> bool:
    """Whether an answer names the colours. Raises AnswerUnusable for one that names none."""
    found = read_object(text)
    said = [str(found.get(place, "")).strip().lower() for place in _PLACES]
    if not any(word in _COLOURS for word in said):
        raise AnswerUnusable("The answer names no colour.")
    return said == list(_ORDERS[number])


@cache
def _picture(number: int) -> bytes:
    picture, half = Image.new("RGB", (SIDE, SIDE)), SIDE // 2
    for at, colour in enumerate(_ORDERS[number]):
        x, y = at % 2 * half, at // 2 * half
        picture.paste(_COLOURS[colour], (x, y, x + half, y + half))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=92)
    return stream.getvalue()
