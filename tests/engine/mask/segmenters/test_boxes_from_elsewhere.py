"""Boxes that other nodes give, and boxes that a vision model says."""

from __future__ import annotations

import asyncio
import json

import pytest
import torch
from pack.engine.judge.vision_model import ModelUnfit, ModelUnreachable, Reply
from pack.engine.mask.piece import Box
from pack.engine.mask.segmenters.given_boxes import GivenBoxes, is_unset
from pack.engine.mask.segmenters.vision_boxes import VisionBoxes

PICTURES = torch.rand(2, 60, 90, 3)
ONE = {"x": 10, "y": 20, "width": 30, "height": 20, "score": 0.8}


@pytest.mark.parametrize(
    ("boxes", "counts"),
    [
        ([[ONE], []], [1, 0]),
        ([[ONE, ONE]], [2, 2]),
        ([ONE], [1, 1]),
        (ONE, [1, 1]),
        ([], [0, 0]),
        (((ONE,), ()), [1, 0]),
    ],
)
def test_given_boxes_in_every_form(boxes, counts):
    found = GivenBoxes(boxes, 2).detect(PICTURES, ("cat", "dog"), 0.4)
    assert [len(detection.boxes) for detection in found] == counts
    assert all(box.phrase == "cat" for detection in found for box in detection.boxes)


def test_what_the_page_sends_for_an_unlinked_input_is_no_box():
    default = {"x": 0, "y": 0, "width": 512, "height": 512}
    assert is_unset(None)
    assert is_unset(default)
    assert not is_unset([default]), "as another node gives it"
    assert not is_unset({**default, "x": 1})
    assert not is_unset({**default, "score": 0.9})


def test_given_boxes_are_clipped_and_scored():
    outside, unsure = {**ONE, "x": -10}, {**ONE, "score": 0.2}
    (detection,) = GivenBoxes([[outside, unsure, {**ONE, "x": 500}]], 1).detect(PICTURES[:1], ("cat",), 0.4)
    assert [(box.box, box.score) for box in detection.boxes] == [(Box(0, 20, 20, 20), 0.8)]


@pytest.mark.parametrize("boxes", ["box", 5, [[ONE]] * 3, [[5]], [{"x": 1}], [[{**ONE, "x": "left"}]], [None]])
def test_what_is_no_box_is_said(boxes):
    with pytest.raises(ValueError, match="box"):
        GivenBoxes(boxes, 2)


class Model:
    """Answers from a list; the last one for ever."""

    def __init__(self, *answers, name="qwen3-vl:8b-instruct"):
        self.name, self.answers, self.asked = name, list(answers), []

    async def ask(self, question):
        self.asked.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return Reply(answer)


def said(*corners, label="cat", score=90):
    return json.dumps({"boxes": [{"bbox_2d": list(one), "label": label, "score": score} for one in corners]})


def nothing(_finished):
    return None


def test_a_vision_models_boxes_are_pixels_of_our_picture():
    model = Model(said((100, 200, 400, 600)), '{"boxes": []}')
    finished = []
    found = VisionBoxes(model, finished.append).detect(PICTURES, ("cat",), 0.4)
    (one,) = found[0].boxes
    assert (one.box.x, one.box.y, one.box.width, one.box.height) == pytest.approx((9, 12, 27, 24))
    assert found[1].boxes == ()
    assert finished == [0, 1, 1]
    assert all(question.jpeg for question in model.asked)


def test_an_unusable_answer_is_asked_for_once_more():
    model = Model("what?", said((100, 200, 400, 600)))
    (detection,) = VisionBoxes(model, nothing).detect(PICTURES[:1], ("cat",), 0.4)
    assert len(detection.boxes) == 1
    assert [question.seed for question in model.asked] == [0, 1]


def test_a_picture_without_a_usable_answer_says_so_and_the_next_is_looked_at():
    model = Model("what?", "what?", said((100, 200, 400, 600)))
    first, second = VisionBoxes(model, nothing).detect(PICTURES, ("cat",), 0.4)
    assert first.boxes == ()
    assert "could not be used" in first.notes[0]
    assert len(second.boxes) == 1


def test_a_server_that_is_down_is_an_error():
    with pytest.raises(ModelUnreachable, match="down"):
        VisionBoxes(Model(ModelUnreachable("down")), nothing).detect(PICTURES, ("cat",), 0.4)


def test_a_model_whose_boxes_are_not_to_be_trusted_is_refused_before_it_is_asked():
    with pytest.raises(ModelUnfit, match="llava"):
        VisionBoxes(Model("", name="llava:7b"), nothing)


def test_it_runs_in_a_thread_beside_a_loop():
    """As the node uses it: ComfyUI's worker has a running event loop, which must stay free."""

    async def node():
        finder = VisionBoxes(Model(said((100, 200, 400, 600))), nothing)
        return await asyncio.to_thread(finder.detect, PICTURES, ("cat",), 0.4)

    assert len(asyncio.run(node())) == 2


def test_an_interrupt_comes_through():
    class Interrupt(BaseException):
        """As ComfyUI's own is since 0.20."""

    with pytest.raises(Interrupt):
        VisionBoxes(Model(Interrupt()), nothing).detect(PICTURES, ("cat",), 0.4)
