"""The engines' arithmetic on answers made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from pack.engine.mask.piece import Box
from pack.engine.mask.segmenters import florence2, sam3
from pack.engine.mask.segmenters.detecting import DetectedBoxes, FoundBox
from pack.engine.mask.segmenters.grounding_dino import Text, boxes_of, texts_of
from pack.engine.mask.segmenters.sam import SamOutliner

TEXT = Text((2, 10, 5, 11, 12, 5, 3), (("cat", 1, 2), ("red dog", 3, 5)))


def scores(*rows):
    """Rows of scores for: [CLS] cat . red dog . [SEP]."""
    return torch.tensor(rows)


def test_a_box_answers_the_phrase_of_its_surest_token():
    found = boxes_of(
        scores([0.9, 0.6, 0.9, 0.1, 0.2, 0.9, 0.9], [0.0, 0.3, 0.0, 0.1, 0.7, 0.0, 0.0]),
        torch.tensor([[0.5, 0.5, 0.2, 0.4], [0.25, 0.5, 0.5, 1.0]]),
        TEXT,
        0.4,
        100,
        200,
    )
    assert [(box.phrase, round(box.score, 3)) for box in found] == [("red dog", 0.7), ("cat", 0.6)]
    cat = found[1].box
    assert (cat.x, cat.y, cat.width, cat.height) == pytest.approx((80, 30, 40, 40))


def test_boxes_are_clipped_and_repetitions_left_out():
    row = [0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0]
    other = [0.0, 0.0, 0.0, 0.7, 0.0, 0.0, 0.0]
    boxes = torch.tensor([[0.0, 0.5, 0.4, 0.4], [0.001, 0.5, 0.4, 0.4], [0.0, 0.5, 0.4, 0.4], [2.0, 2.0, 0.1, 0.1]])
    found = boxes_of(scores(row, row, other, row), boxes, TEXT, 0.4, 100, 100)
    assert [box.phrase for box in found] == ["cat", "red dog"], "one cat, and a dog in the same place"
    assert (found[0].box.x, found[0].box.width) == pytest.approx((0, 20))


class Letters:
    """A tokenizer with one token a letter."""

    cls_token_id, sep_token_id = 101, 102

    def __call__(self, text, add_special_tokens):
        assert not add_special_tokens
        return {"input_ids": [1012 if letter == "." else ord(letter) for letter in text]}


def test_phrases_know_their_tokens():
    (text,) = texts_of(["Ab", "c"], Letters(), 20)
    assert text.ids == (101, ord("a"), ord("b"), 1012, ord("c"), 1012, 102)
    assert text.spans == (("Ab", 1, 3), ("c", 4, 5))


def test_more_phrases_than_fit_are_asked_in_several_texts():
    texts = texts_of(["aaaa", "bbbb", "c" * 50], Letters(), 12)
    assert [[span[0] for span in text.spans] for text in texts] == [["aaaa", "bbbb"], ["c" * 50]]
    assert all(len(text.ids) <= 12 for text in texts)


def test_sam3_scores_count_presence_and_only_sure_things_are_outlined():
    mask = torch.full((3, 4, 4), -9.0)
    mask[0, :2, :2] = 9
    mask[1] = 9
    answer = SimpleNamespace(
        pred_logits=torch.tensor([[2.0, -2.0, 3.0]]),
        presence_logits=torch.tensor([[1.0]]),
        pred_masks=mask[None],
        pred_boxes=torch.tensor([[[0.0, 0.0, 0.5, 0.5], [0, 0, 1, 1], [0, 0, 1, 1]]]),
    )
    (piece,) = sam3.pieces_of_answer(answer, 0, "cat", 0.4, 20, 40)
    assert piece.score == pytest.approx(torch.tensor(2.0).sigmoid().item() * torch.tensor(1.0).sigmoid().item())
    assert (piece.box.width, piece.box.height) == (20, 10)
    assert (piece.top, piece.left, piece.crop.shape) == (0, 0, (10, 20))
    answer.presence_logits = torch.tensor([[-9.0]])
    assert sam3.pieces_of_answer(answer, 0, "cat", 0.4, 20, 40) == []


def test_florence_polygons_are_filled():
    square = "<loc_0><loc_0><loc_499><loc_0><loc_499><loc_499><loc_0><loc_499>"
    other = "<loc_800><loc_800><loc_999><loc_800><loc_999><loc_999>"
    (piece,) = florence2.pieces_of_answer(f"</s><s>cat{square}</s>", "cat", 100, 200)
    assert (piece.top, piece.left, piece.score) == (0, 0, 1.0)
    assert piece.area == pytest.approx(50 * 100, rel=0.03)
    (both,) = florence2.pieces_of_answer(f"cat{square}<sep>{other}", "cat", 100, 200)
    assert both.area > piece.area
    assert len(florence2.pieces_of_answer(f"cat<poly>{square}</poly><poly>{other}</poly>", "cat", 100, 200)) == 2


@pytest.mark.parametrize(
    "answer", ["", "there is no cat", "<loc_1>", "<loc_1><loc_2><loc_3><loc_4>", "<loc_99999>" * 5, "</poly></poly>"]
)
def test_florence_answers_without_an_outline(answer):
    assert florence2.pieces_of_answer(answer, "cat", 30, 40) == []


def test_florence_reads_pictures_once_and_answers_as_the_library_does(memory, tiny, pictures, monkeypatch):
    if "florence2" not in tiny:
        pytest.skip("this transformers has no Florence-2")
    monkeypatch.setattr(florence2, "LONGEST", 12)
    loaded = memory.ready(tiny["florence2"], 0)
    with torch.inference_mode():
        seen = florence2._picture_embeddings(loaded, pictures[:2])
        ours = florence2._answers(loaded, seen, "cat")
        words = loaded.tokenizer("Locate cat in the image with mask", add_special_tokens=False)["input_ids"]
        mark = loaded.model.config.image_token_id
        ids = torch.tensor([[mark] * seen.shape[1] + [0, *words, 2]] * 2)
        pixels = florence2.stretched(pictures[:2], loaded.rules, 64, 64)
        theirs = loaded.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=pixels, max_new_tokens=12, do_sample=False
        )
    assert ours == loaded.tokenizer.batch_decode(theirs, skip_special_tokens=False)


def test_sam_is_not_shown_pictures_without_boxes(memory, tiny, pictures, monkeypatch):
    model = memory.ready(tiny["sam"], 0).model
    shown = []
    original = model.get_image_embeddings
    monkeypatch.setattr(model, "get_image_embeddings", lambda x: shown.append(len(x)) or original(x))
    box = FoundBox("cat", 0.9, Box(10, 10, 40, 30))
    detections = [DetectedBoxes((box,)), DetectedBoxes((), ("note",)), DetectedBoxes((box, box))]
    outlined = SamOutliner(memory, tiny["sam"]).outline(pictures[:3], detections)
    assert shown == [2]
    assert outlined[1].pieces == ()
    assert outlined[1].notes == ("note",)
    assert all(piece.score == 0.9 for sighting in outlined for piece in sighting.pieces)
    shown.clear()
    assert SamOutliner(memory, tiny["sam"]).outline(pictures[:1], [DetectedBoxes(())])[0].pieces == ()
    assert shown == []


@pytest.mark.parametrize("name", ["sam", "sam2"])
def test_boxes_reach_sam_in_its_own_pixels_and_masks_come_back_in_ours(memory, tiny, pictures, monkeypatch, name):
    """The mask decoder is replaced by one that fills the box it is given."""
    if name not in tiny:
        pytest.skip(f"this transformers has no {name}")
    model = memory.ready(tiny[name], 0).model
    side = model.config.prompt_encoder_config.image_size

    def filled(image_embeddings, input_boxes, multimask_output):
        masks = torch.full((1, input_boxes.shape[1], 1, 256, 256), -9.0)
        for index, corners in enumerate((input_boxes[0] * 256 / side).round().int().tolist()):
            masks[0, index, 0, corners[1] : corners[3], corners[0] : corners[2]] = 9.0
        return SimpleNamespace(pred_masks=masks)

    monkeypatch.setattr(model, "forward", filled)
    box = Box(20, 12, 50, 30)
    (sighting,) = SamOutliner(memory, tiny[name]).outline(pictures[:1], [DetectedBoxes((FoundBox("cat", 0.9, box),))])
    (piece,) = sighting.pieces
    found = (piece.left, piece.top, piece.crop.shape[1], piece.crop.shape[0])
    assert found == pytest.approx((20, 12, 50, 30), abs=2)
