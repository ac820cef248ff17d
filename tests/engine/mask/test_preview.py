"""The overlay shows mask and boxes and nothing else."""

from __future__ import annotations

import pytest
import torch
from pack.engine.mask.preview import overlay

from .scenes import COLOURS, canvas, disc

BOXES = [{"x": 20.0, "y": 10.0, "width": 40.0, "height": 40.0, "score": 0.9}]


def test_mask_edge_and_box_are_seen():
    picture = canvas(80, 120)
    mask = disc(picture, 40, 30, 15, "green")
    (shown,) = overlay(picture[None], mask[None].float(), [BOXES])
    assert shown.shape == (80, 120, 3)
    assert shown[30, 40, 0] > COLOURS["green"][0] + 0.2
    assert shown[70, 110].tolist() == pytest.approx([0.6 * c for c in picture[70, 110].tolist()])
    assert shown[10, 40].tolist() == pytest.approx([1.0, 0.95, 0.2])
    assert (shown.sum(-1) == 3).any()
    assert 0 <= shown.min() <= shown.max() <= 1


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("boxes", [[], BOXES, [{**BOXES[0], "x": -400.0}], [{**BOXES[0], "width": 0.1}]])
def test_any_picture_and_any_box(channels, boxes):
    pictures = torch.rand(2, 7, 33, channels)
    pictures[0, 0, 0] = float("nan")
    shown = overlay(pictures, torch.rand(2, 7, 33), [boxes, []])
    assert shown.shape == (2, 7, 33, 3)
    assert torch.isfinite(shown).all()


def test_the_pictures_are_left_alone():
    picture = canvas(20, 20)[None]
    before = picture.clone()
    overlay(picture, torch.ones(1, 20, 20), [BOXES])
    assert torch.equal(picture, before)
