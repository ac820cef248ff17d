"""Answers in short lines, for models that are held to no form: "1 yes", "2 no", "3 four". Pure.

A line is the number of a question and its answer. What was read is given on as the JSON object that a schema would have
asked for, so that everything behind reads one form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .json_answer import MAX_CHARACTERS, without_thoughts
from .number_words import NUMBERS
from .vision_model import AnswerUnusable

HOW = (
    "Answer with one short line for each question and nothing else: its number, a blank, and the answer, such as:\n"
    "1 yes\n2 no\n3 four"
)
_LINE = re.compile(r"\s*(?:\*\*|[-*]\s+)?[qQ]?0*(\d{1,3})\s*(?:[.):=\-\u2013]|\s)\s*(.*?)\s*(?:\*\*)?\s*")
LONGEST = 60
"""Letters of one answer; a longer one is prose."""


def read_lines(text: str, schema: Mapping[str, Any]) -> str:
    """The JSON object that the lines say; the text itself where it is JSON already.

    The n-th line answers the n-th property of the schema. A value that the schema's enum does not know is left as it
    is, for the reader to refuse. Raises AnswerUnusable for no line at all, and for two answers to one question.
    """
    if len(text) > MAX_CHARACTERS:
        raise AnswerUnusable("The model's answer is far too long.")
    text = without_thoughts(text).strip()
    if text.startswith(("{", "```")):
        return text
    keys = list(schema["properties"])
    said: dict[str, Any] = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        number = int(found[1]) if found else 0
        if not (found and 1 <= number <= len(keys) and found[2] and len(found[2]) <= LONGEST):
            continue
        key = keys[number - 1]
        value = _value(found[2], schema["properties"][key])
        if said.setdefault(key, value) != value:
            raise AnswerUnusable(f"The model gave two answers to question {number}.")
    if not said:
        raise AnswerUnusable("The model's answer has no line with a number and an answer.")
    return json.dumps(said, ensure_ascii=False)


def _value(said: str, form: Mapping[str, Any]) -> Any:
    bare = said.strip().strip("\"'`*").rstrip(".!").strip("\"'`* ")
    if form.get("type") == "integer":
        word = NUMBERS.get(bare.lower())
        return word if word is not None else int(bare) if bare.isascii() and bare.isdigit() else bare
    allowed = form.get("enum")
    return bare.lower() if allowed and bare.lower() in allowed else bare
