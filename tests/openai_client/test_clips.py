"""The frames of a clip in OpenAI's dialect: parts of one message, or their sheet where a model takes one picture."""

from __future__ import annotations

import base64
from dataclasses import replace

from pack.engine.judge.vision_model import PICTURE_TOKENS, TOKENS_EACH, Question
from pack.openai_client.chat import Form, request_of

SCHEMA = {"type": "object", "properties": {"q01f1": {}, "q01f2": {}}}
QUESTION = Question("Judge.", "What is it?", b"sheet", SCHEMA, frames=(b"one", b"two"))


def pictures_in(form):
    parts = request_of(QUESTION, "a-model", form, "vllm")["messages"][1]["content"]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [base64.b64decode(url.partition(",")[2]) for url in urls]


def test_frames_are_parts_in_order():
    assert pictures_in(Form()) == [b"one", b"two"]


def test_a_model_that_takes_one_picture_gets_the_sheet_and_nothing_else_is_given_up():
    simpler = Form().simpler(400, "At most 1 image(s) may be provided in one prompt.")
    assert simpler == replace(Form(), several=False)
    assert pictures_in(simpler) == [b"sheet"]


def test_an_answer_about_every_frame_may_be_as_long_as_it_needs():
    many = {f"q{number:02}f{frame}": {} for number in range(30) for frame in range(9)}
    assert QUESTION.answer_tokens == PICTURE_TOKENS
    long = replace(QUESTION, schema={"type": "object", "properties": many})
    assert request_of(long, "a-model", Form(), "other")["max_tokens"] == TOKENS_EACH * 270
